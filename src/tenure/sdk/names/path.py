"""What is told about a way to the server: each step tried, the way used, the answer or why there is none.

Values only, so that consoles, logs, the synchronisation request and `tenure doctor` show the same words.
The walking is done in `walk`.
"""

from enum import StrEnum

import msgspec

from tenure.core.refusals import Code, Refused


class Kind(StrEnum):
    """Where an address came from [spec: name-resolution]."""

    ADDRESS = "address"
    """The server was configured by IP address; nothing is resolved."""
    SYSTEM = "system"
    LAST_GOOD = "last_good"
    PUBLIC = "public"
    PROXY = "proxy"
    """An HTTP proxy; it resolves the name, and nothing else is tried."""


class Outcome(StrEnum):
    """How one step ended. Stable words: they are logged, counted and sent with the next synchronisation."""

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


TOLD: dict[Outcome, str] = {
    Outcome.FOUND: "gave addresses",
    Outcome.NO_SUCH_NAME: "says the name does not exist",
    Outcome.NO_ADDRESS: "knows no address for the name",
    Outcome.SERVER_FAILURE: "could not resolve the name",
    Outcome.NOT_DNS: "did not answer like a DNS server",
    Outcome.TIMEOUT: "did not answer in time",
    Outcome.REFUSED: "refused the connection",
    Outcome.NO_ROUTE: "cannot be reached from here",
    Outcome.CERTIFICATE: "has no valid certificate for the name",
    Outcome.DATES: "has a certificate that is not valid at the time that this computer's clock shows",
    Outcome.TLS: "does not speak TLS as expected",
    Outcome.NOT_LOOPBACK: "is not this computer, and plain HTTP goes no further",
    Outcome.PROXY_REFUSED: "did not let the connection through",
    Outcome.REACHED: "was reached",
    Outcome.CUT_OFF: "closed the connection before its answer was complete",
    Outcome.NOT_HTTP: "did not answer in HTTP",
    Outcome.TOO_LARGE: "sent more than is ever needed",
    Outcome.ENCODED: "sent a compressed answer, which was never asked for",
    Outcome.REDIRECT: "wanted to redirect elsewhere, which is never followed",
}


class Fault(msgspec.Struct, frozen=True):
    """Why one step led nowhere."""

    outcome: Outcome
    detail: str = ""
    """What the operating system or the library said, for people."""


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing tried: a lookup (`address` empty) or a connection (`address` given)."""

    kind: Kind
    outcome: Outcome
    resolver: str = ""
    """Who was asked, in the text form of a resolver or proxy; empty for the operating system's own."""
    address: str = ""
    """IP address and port of a connection; with a proxy as `resolver`, the host and port it was asked for."""
    detail: str = ""
    seconds: float = 0.0

    def told(self) -> str:
        """The step as one clause, for people."""
        names = {
            Kind.SYSTEM: "the system's DNS",
            Kind.LAST_GOOD: "the list of addresses that worked",
            Kind.PUBLIC: "public DNS",
        }
        who = self.address or f"{names.get(self.kind, self.kind.value)} {self.resolver}".rstrip()
        if self.kind is Kind.PROXY:
            through = f"{self.address} through {self.resolver}"
            who = through if self.address and self.resolver else f"the proxy {self.address or self.resolver}"
        return f"{who} {TOLD[self.outcome]}" + (f" ({self.detail})" if self.detail else "")


class PathUsed(msgspec.Struct, frozen=True, omit_defaults=True):
    """The way by which an answer came (B10: logged, shown and counted)."""

    kind: Kind
    address: str
    resolver: str = ""
    tried: tuple[Step, ...] = ()
    """Every step in the order taken, the successful one last."""

    def told(self) -> str:
        """The way in a few words: `system DNS, 203.0.113.5:443`."""
        names = {Kind.ADDRESS: "fixed address", Kind.SYSTEM: "system DNS", Kind.LAST_GOOD: "address that worked before"}
        via = names.get(self.kind) or f"{self.kind.value} {self.resolver}".strip()
        if self.kind is Kind.SYSTEM and self.resolver:
            via = f"{via} {self.resolver}"
        return via if self.kind is Kind.PROXY else f"{via}, {self.address}"


class Exchange(msgspec.Struct, frozen=True):
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

    def header(self, name: str) -> str | None:
        """The first header of this name (`retry-after`), or None."""
        return next((value for key, value in self.headers if key == name.lower()), None)


class Unreached(Refused, frozen=True):
    """No answer, as a refusal of code `unreachable`: never conclusive, whatever was seen on the way."""

    tried: tuple[Step, ...] = ()

    @property
    def by_dates(self) -> bool:
        """Whether a server proved its name, and was turned away for the dates of its certificate alone."""
        return any(step.outcome is Outcome.DATES for step in self.tried)


def unreached(host: str, tried: tuple[Step, ...], because: str = "") -> Unreached:
    """The refusal that tells what was tried for `host`: the first ways and the last, for the middle a number."""
    clauses = [step.told() for step in tried if step.outcome not in (Outcome.FOUND, Outcome.REACHED)]
    middle = len(clauses) - 5
    if middle > 1:
        clauses = [*clauses[:3], f"{middle} more ways failed", *clauses[-2:]]
    shown = [*clauses, because] if because else clauses
    return Unreached(Code.UNREACHABLE, f"{host}: " + ("; ".join(shown) or "nothing could be tried") + ".", tried=tried)
