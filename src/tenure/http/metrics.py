"""Prometheus metrics of the API: how many requests, how long, how many at work; programs add their own."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from tenure.http.auth import AccessRule
from tenure.http.certificates import ServedCertificate
from tenure.http.logs import ServedRequest
from tenure.http.operations import Operation, make_operation
from tenure.http.responses import ApiResponse

TEXT = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class HttpMetrics:
    """An observer of requests (see `edge.MiddlewareParts.observers`); one registry for each application, not the global
    one."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._requests = Counter(
            "tenure_http_requests", "Requests answered.", ("method", "route", "status"), registry=registry
        )
        self._seconds = Histogram(
            "tenure_http_request_seconds", "Time to the answer.", ("route",), buckets=_SECONDS, registry=registry
        )
        # Looking a child up by its labels costs three times as much as counting; routes are few, so they are kept.
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def __call__(self, served: ServedRequest) -> None:
        """Count one request."""
        key = (served.method, served.route, served.status)
        children = self._children.get(key)
        if children is None:
            counter = self._requests.labels(served.method, served.route, str(served.status))
            children = self._children[key] = (counter, self._seconds.labels(served.route))
        children[0].inc()
        children[1].observe(served.milliseconds / 1000)

    def watch_in_flight(self, in_flight: Callable[[], float]) -> None:
        """Show how many requests are at work, asked for only when the metrics are read."""
        Gauge("tenure_http_in_flight", "Requests at work.", registry=self.registry).set_function(in_flight)


def watch_certificate(certificate: ServedCertificate, registry: CollectorRegistry) -> None:
    """Show when the certificate ends (seconds since 1970), and whether new files of it are not taken (1)."""
    ends = Gauge(
        "tenure_tls_certificate_ends_seconds", "When the certificate served expires, seconds since 1970.",
        registry=registry,
    )  # fmt: skip
    ends.set_function(lambda: certificate.loaded.ends)
    refused = Gauge(
        "tenure_tls_certificate_refused", "1 while the files hold a certificate that is not used.", registry=registry
    )
    refused.set_function(lambda: certificate.refused is not None)


def metrics_operation(
    registry: CollectorRegistry, rule: AccessRule, render: Callable[[CollectorRegistry], bytes] = generate_latest
) -> Operation:
    """`GET /metrics` in Prometheus' text format, open to whom `rule` names; `render` may add what siblings counted."""

    async def read_metrics() -> ApiResponse[bytes]:
        """Counters and gauges in the text format of Prometheus."""
        return ApiResponse(body=render(registry), media_type=TEXT)

    return make_operation("GET", "/metrics", rule, read_metrics, media_type=TEXT)
