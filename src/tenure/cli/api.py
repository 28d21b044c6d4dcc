"""The API as commands ask it: the connection that a profile names, and faults told as refusals in a command's words.

The command reaches state in no other way. What is sent and what came is read by `http.client`.
"""

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

import msgspec

from tenure import __version__
from tenure.cli.environment import CommandEnvironment
from tenure.cli.problems import CommandError, accept, fail_with, invalid_field, reword_refusal, unnamed_provider
from tenure.cli.profiles import RequestTarget
from tenure.core.refusals import RefusalCode, Refused
from tenure.http.client.api_exchange import (
    ApiAnswer,
    ApiCaller,
    ApiRefusal,
    ApiRequest,
    FaultPlace,
    NoAnswer,
    Query,
    Steps,
    exchange,
    list_items,
)

if TYPE_CHECKING:
    import ssl

    import httpx2

CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 30.0
TRIES = 4
T = TypeVar("T")


class CliRequest(ApiRequest, frozen=True, kw_only=True):
    """One request of a command, and how a person is asked about it first."""

    takes_outcome_hash: bool = False
    """The operation applies exactly a previewed plan when it is told its name."""
    grave: bool = False
    """It moves money or cannot be undone: on a terminal it is asked about first, as whatever is planned is."""


def text_member(answer: ApiAnswer, name: str) -> str:
    """A text in the answer's object; `unreachable` where no Tenure server would have left it out."""
    found = answer.value.get(name) if isinstance(answer.value, dict) else None
    if isinstance(found, str):
        return found
    raise fail_with(Refused(RefusalCode.UNREACHABLE, f"The server: its answer says nothing of `{name}`."))


class ApiClient:
    """One server as `target` names it; a context manager that lets its connections go."""

    def __init__(self, target: RequestTarget, world: CommandEnvironment) -> None:
        self._target, self._world = target, world
        self._caller = ApiCaller(token=target.token, provider=target.provider)
        self._made: httpx2.Client | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._made is not None:
            self._made.close()

    @property
    def url(self) -> str:
        """The server's address."""
        return self._target.url

    @property
    def provider(self) -> str:
        """Whose data is meant; empty where the token says it."""
        return self._target.provider

    def get(self, path: str, query: Query | None = None, *, tenant: bool = True) -> ApiAnswer:
        """What is at `path`."""
        return self.send(ApiRequest(method="GET", path=path, query=query or {}, tenant=tenant))

    def get_pages(
        self,
        path: str,
        query: Query,
        *,
        limit: int | None = None,
        tenant: bool = True,
        progress: Callable[[int], None] = lambda _: None,
    ) -> list[msgspec.Raw]:
        """Every item of a list, page by page, at most `limit`; `progress` hears how many there are after each page."""
        asked = ApiRequest(method="GET", path=path, query=query, tenant=tenant)
        return self._run(asked, list_items(asked, self._caller, TRIES, limit=limit, progress=progress))

    def send(self, sending: ApiRequest) -> ApiAnswer:
        """The answer to one request, repeated while the server asks for a short wait; every POST carries its key."""
        return self._run(sending, exchange(sending, self._caller, TRIES))

    def _run(self, sending: ApiRequest, steps: Steps[T | ApiRefusal | NoAnswer]) -> T:
        from tenure.http.client.transports import SyncTransport

        client = self._http_client()
        outcome = SyncTransport(client, self._world.sleep).run(steps)
        if isinstance(outcome, NoAnswer):
            raise self._explain_fault(sending, outcome)
        if not isinstance(outcome, ApiRefusal):
            return outcome
        found = CommandError(outcome.problem, outcome.raw)
        asks_for_provider = found.problem.code == RefusalCode.FIELD_INVALID and found.problem.field == "provider"
        raise unnamed_provider() if asks_for_provider and sending.tenant and not self.provider else found

    def _explain_fault(self, sending: ApiRequest, fault: NoAnswer) -> CommandError:
        """A fault of what was typed, or of this computer, is not told as the server's."""
        if fault.place is FaultPlace.REQUEST:
            return invalid_field(f"{fault.why}.")
        if fault.place is FaultPlace.COMPUTER:
            return reword_refusal(
                fail_with(Refused(RefusalCode.UNREACHABLE, f"{self.url}: {fault.why}. Nothing was sent.")),
                "This computer cannot open a connection.",
                "It has no free files, memory, ports, or network, or does not let this command use them.",
                "Mend that on this computer and give the command again; the server was not asked.",
            )
        if fault.place is FaultPlace.CERTIFICATE and not self._target.certificate:
            return self._untrusted_certificate(fault.why)
        return self.unreachable_problem(fault.why, sending)

    def _untrusted_certificate(self, why: str) -> CommandError:
        """`unreachable`: something answers, and this computer does not trust its certificate; nothing was sent."""
        return reword_refusal(
            fail_with(Refused(RefusalCode.UNREACHABLE, f"{self.url}: {why}. Nothing was sent.")),
            f"The certificate of the server at {self.url} is not trusted.",
            "No authority that this computer trusts has signed it, it is made out for another name, or it has expired.",
            "Set SSL_CERT_FILE to the file of your authority's certificate, and give the address by the name for which "
            "the certificate is made out.",
            "caller",
        )

    def unreachable_problem(self, why: str, sending: ApiRequest) -> CommandError:
        """`unreachable`, in words for a user of the API: what was tried where, and whether it may be sent again."""
        detail = f"{self.url}: {why}."
        if sending.key:
            detail += (
                f" Whether it was done is not known; the same command with --idempotency-key {sending.key} is safe."
            )
        return reword_refusal(
            fail_with(Refused(RefusalCode.UNREACHABLE, detail)),
            f"There is no answer of a Tenure server at {self.url}.",
            "The address is another one, the server does not run, or a network, proxy or certificate is in the way.",
            "Check the address (--url, TENURE_URL, `tenure profiles list`), then whether the server runs.",
            "caller",
        )

    def _http_client(self) -> "httpx2.Client":
        if self._made is None:
            import httpx2

            from tenure.sdk.network.environment import read_surroundings

            # Plain HTTP goes to this machine only (`profiles.check_url`): no proxy, and no certificates to load.
            alone = self.url.startswith("http://") or bool(self._target.certificate)
            around = accept(None if alone else read_surroundings(self.url, self._world.env))
            proxy = None
            if around is not None and around.proxy:
                secret = {"Proxy-Authorization": around.authorization} if around.authorization else {}
                proxy = httpx2.Proxy(around.proxy, headers=secret)
            own = _pinned_context(self._target.certificate) if self._target.certificate else False
            self._made = httpx2.Client(
                base_url=self.url,
                headers={"User-Agent": f"tenure-cli/{__version__}"},
                timeout=httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
                follow_redirects=False,
                trust_env=False,
                proxy=proxy,
                verify=own if around is None else around.trusted,
            )
        return self._made


def _pinned_context(certificate: str) -> "ssl.SSLContext":
    """Trusts one certificate and no authority; its name is not compared, because it was named as a whole."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=certificate)
    return context
