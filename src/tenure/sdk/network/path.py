"""What is told about a way to the server: each step tried, the way used, the answer or why there is none.

Values only, so that consoles, logs, the synchronization request and `tenure doctor` show the same words.
The walking is done in `connect`.
"""

from enum import StrEnum

import msgspec

from tenure.core.refusals import RefusalCode, Refused

Headers = tuple[tuple[str, str], ...]
"""Names and values, in order."""


class SourceKind(StrEnum):
    """Where an address came from [spec: name-resolution]."""

    ADDRESS = "address"
    """The server was configured by IP address; nothing is resolved."""
    SYSTEM = "system"
    LAST_GOOD = "last_good"
    PUBLIC = "public"
    PROXY = "proxy"
    """An HTTP proxy; it resolves the name, and nothing else is tried."""


class StepOutcome(StrEnum):
    """How one step ended. Stable words: they are logged, counted and sent with the next synchronization."""

    FOUND = "found"
    NO_SUCH_NAME = "no_such_name"
    NO_ADDRESS = "no_address"
    SERVER_FAILURE = "server_failure"
    NOT_DNS = "not_dns"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    NO_ROUTE = "no_route"
    CERTIFICATE = "certificate"
    DATES = "certificate_dates"
    """Chain and name are right; its dates do not fit what this computer's clock shows."""
    TLS = "tls"
    NOT_LOOPBACK = "not_loopback"
    PROXY_REFUSED = "proxy_refused"
    REACHED = "reached"
    CUT_OFF = "cut_off"
    NOT_HTTP = "not_http"
    TOO_LARGE = "too_large"
    ENCODED = "encoded"
    REDIRECT = "redirect"


TOLD: dict[StepOutcome, str] = {
    StepOutcome.FOUND: "gave addresses",
    StepOutcome.NO_SUCH_NAME: "says the name does not exist",
    StepOutcome.NO_ADDRESS: "knows no address for the name",
    StepOutcome.SERVER_FAILURE: "could not resolve the name",
    StepOutcome.NOT_DNS: "did not answer like a DNS server",
    StepOutcome.TIMEOUT: "did not answer in time",
    StepOutcome.REFUSED: "refused the connection",
    StepOutcome.NO_ROUTE: "cannot be reached from here",
    StepOutcome.CERTIFICATE: "has no valid certificate for the name",
    StepOutcome.DATES: "has a certificate that is not valid at the time that this computer's clock shows",
    StepOutcome.TLS: "does not speak TLS as expected",
    StepOutcome.NOT_LOOPBACK: "is not this computer, and plain HTTP goes no further",
    StepOutcome.PROXY_REFUSED: "did not let the connection through",
    StepOutcome.REACHED: "was reached",
    StepOutcome.CUT_OFF: "closed the connection before its answer was complete",
    StepOutcome.NOT_HTTP: "did not answer in HTTP",
    StepOutcome.TOO_LARGE: "sent more than is ever needed",
    StepOutcome.ENCODED: "sent a compressed answer, which was never asked for",
    StepOutcome.REDIRECT: "wanted to redirect elsewhere, which is never followed",
}


class StepFault(msgspec.Struct, frozen=True):
    """Why one step led nowhere."""

    outcome: StepOutcome
    detail: str = ""
    """What the operating system or the library said, for people."""


class PathStep(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing tried: a lookup (`address` empty) or a connection (`address` given)."""

    kind: SourceKind
    outcome: StepOutcome
    resolver: str = ""
    """Who was asked, in the text form of a resolver or proxy; empty for the operating system's own."""
    address: str = ""
    """IP address and port of a connection; with a proxy as `resolver`, the host and port it was asked for."""
    detail: str = ""
    seconds: float = 0.0

    def describe_step(self) -> str:
        """The step as one clause, for people."""
        names = {
            SourceKind.SYSTEM: "the system's DNS",
            SourceKind.LAST_GOOD: "the list of addresses that worked",
            SourceKind.PUBLIC: "public DNS",
        }
        if self.kind is SourceKind.ADDRESS and self.outcome is StepOutcome.FOUND:
            return "the fixed address is used"
        who = self.address or f"{names.get(self.kind, self.kind.value)} {self.resolver}".rstrip()
        if self.kind is SourceKind.PROXY:
            through = f"{self.address} through {self.resolver}"
            who = through if self.address and self.resolver else f"the proxy {self.address or self.resolver}"
        return f"{who} {TOLD[self.outcome]}" + (f" ({self.detail})" if self.detail else "")


class PathUsed(msgspec.Struct, frozen=True, omit_defaults=True):
    """The way by which an answer came (B10: logged, shown and counted)."""

    kind: SourceKind
    address: str
    resolver: str = ""
    tried: tuple[PathStep, ...] = ()
    """Every step in the order taken, the successful one last."""

    def describe_path(self) -> str:
        """The way in a few words: `system DNS, 203.0.113.5:443`."""
        names = {
            SourceKind.ADDRESS: "fixed address",
            SourceKind.SYSTEM: "system DNS",
            SourceKind.LAST_GOOD: "address that worked before",
        }
        via = names.get(self.kind) or f"{self.kind.value} {self.resolver}".strip()
        if self.kind is SourceKind.SYSTEM and self.resolver:
            via = f"{via} {self.resolver}"
        return via if self.kind is SourceKind.PROXY else f"{via}, {self.address}"


class HttpExchange(msgspec.Struct, frozen=True):
    """An HTTP answer from the holder of a valid certificate for the configured name.

    Any status counts, 5xx included: whether it says anything is decided by its signature [spec: signed-responses], not
    here.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    """Names in lower case, in the order received."""
    body: bytes
    path: PathUsed
    elapsed: float
    """Seconds from the call to the last byte."""

    def first_header(self, name: str) -> str | None:
        """The first header of this name (`retry-after`), or None."""
        return next((value for key, value in self.headers if key == name.lower()), None)


class ServerUnreached(Refused, frozen=True):
    """No answer, as a refusal of code `unreachable`: never conclusive, whatever was seen on the way."""

    tried: tuple[PathStep, ...] = ()

    @property
    def by_dates(self) -> bool:
        """Whether a server proved its name, and was turned away for the dates of its certificate alone."""
        return any(step.outcome is StepOutcome.DATES for step in self.tried)


def refuse_unreached(host: str, tried: tuple[PathStep, ...], because: str = "") -> ServerUnreached:
    """The refusal that tells what was tried for `host`: the first ways and the last, for the middle a number."""
    clauses = [step.describe_step() for step in tried if step.outcome not in (StepOutcome.FOUND, StepOutcome.REACHED)]
    middle = len(clauses) - 5
    if middle > 1:
        clauses = [*clauses[:3], f"{middle} more ways failed", *clauses[-2:]]
    shown = [*clauses, because] if because else clauses
    return ServerUnreached(
        RefusalCode.UNREACHABLE, f"{host}: " + ("; ".join(shown) or "nothing could be tried") + ".", tried=tried
    )
