"""Alive and ready, and the numbers."""

import asyncio

import httpx2
from prometheus_client import CollectorRegistry

from tenure.http.api import ApiParts, BuiltApi
from tenure.http.health import Check, health_operations
from tenure.http.logs import ServedRequest
from tenure.http.metrics import HttpMetrics
from tenure.http.openapi import ApiDescription
from tests.http.calls import caller, refused
from tests.http.sample import authenticate
from tests.http.test_edge import middleware


async def good() -> bool:
    return True


async def bad() -> bool:
    return False


async def broken() -> bool:
    raise OSError("secret")


async def slow() -> bool:
    await asyncio.sleep(60)
    return True


def with_checks(draining: bool = False, **checks: Check) -> BuiltApi:
    operations = health_operations(checks, lambda: draining, timeout_seconds=0.05)
    return BuiltApi(
        ApiParts(
            about=ApiDescription(title="x", version="1"),
            operations=operations,
            authenticate=authenticate,
            middleware=middleware(),
        )
    )


async def test_ready_means_that_every_part_works() -> None:
    async with caller(with_checks(store=good, keys=good), "") as client:
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok", "checks": ["store", "keys"]})


async def test_what_does_not_work_is_named_and_not_explained() -> None:
    async with caller(with_checks(store=broken, keys=good, mail=bad, disk=slow), "") as client:
        answer = await client.get("/readyz")
        assert refused(answer)["detail"] == "Not ready: store, mail, disk."
        assert "secret" not in answer.text
        assert (await client.get("/livez")).status_code == 200


async def test_a_server_being_stopped_wants_no_more_work() -> None:
    async with caller(with_checks(draining=True, store=good), "") as client:
        assert refused(await client.get("/readyz"))["detail"] == "The server is being stopped."
        assert (await client.get("/livez")).status_code == 200


async def test_metrics_count_what_was_answered(client: httpx2.AsyncClient) -> None:
    await client.get("/v1/things")
    await client.get("/v1/things/thing_000001")
    await client.get("/v1/things/thing_000002")
    await client.get("/" + "x" * 50)
    answer = await client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = answer.text.splitlines()
    assert 'tenure_http_requests_total{method="GET",route="/v1/things",status="200"} 1.0' in lines
    assert 'tenure_http_requests_total{method="GET",route="/v1/things/{thing}",status="404"} 2.0' in lines
    assert 'tenure_http_requests_total{method="GET",route="-",status="404"} 1.0' in lines
    assert 'tenure_http_request_seconds_count{route="/v1/things/{thing}"} 2.0' in lines
    assert "tenure_http_in_flight 1.0" in lines
    assert "xxx" not in answer.text


def test_two_applications_in_one_process_do_not_share_their_numbers() -> None:
    registries = CollectorRegistry(), CollectorRegistry()
    first, _ = HttpMetrics(registries[0]), HttpMetrics(registries[1])
    first(ServedRequest(method="GET", route="/x", status=200, milliseconds=1))
    labels = {"method": "GET", "route": "/x", "status": "200"}
    assert registries[0].get_sample_value("tenure_http_requests_total", labels) == 1
    assert registries[1].get_sample_value("tenure_http_requests_total", labels) is None
