"""What the flows of accounts need of a program: its users, sessions and counters, and the keys that hide secrets.

Which tables there are, what a role permits and how events are told is each program's; one contract suite holds both
stores to what is said here (`tests/contract/test_account_stores.py`).
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.http.accounts.login_backoff import BackoffPolicy, FailedTries

T = TypeVar("T")


class AccountUser(Protocol):
    """A user with an account, as the store holds it now."""

    @property
    def id(self) -> str:
        """Of the account."""

    @property
    def password(self) -> str:
        """Its hash."""

    @property
    def factor(self) -> bytes | None:
        """The second factor's secret, sealed; None where there is none."""

    @property
    def step(self) -> int:
        """The last step of the second factor that was used."""


P = TypeVar("P", bound=AccountUser)


class FailureCounter(msgspec.Struct, frozen=True):
    """One name whose failures are counted, and how patient we are with it."""

    key: str
    policy: BackoffPolicy
    wider: tuple["FailureCounter", ...] = ()
    """The networks around it, which one hand may hold as well."""

    @property
    def with_outer(self) -> tuple["FailureCounter", ...]:
        """It and those around it."""
        return (self, *self.wider)


class OpenSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that has not ended."""

    id: str
    created: Instant
    expires: Instant
    last_use: Instant | None = None
    """None where it is not noted."""
    address: str = ""
    browser: str = ""


class AccountStore(Protocol[P]):
    """Users and what speaks for them. `conn` is a transaction of the program's own store; `now` is real time."""

    async def read(self, work: Callable[[Any, Instant], T]) -> T:
        """What `work` finds, all of it as of one moment."""

    async def write(self, work: Callable[[Any, Instant], T | Refused]) -> T | Refused:
        """What `work` answers, once it is durable; a `Refused` leaves nothing behind."""

    def find_user(self, conn: Any, user: str, /, *, lock: bool = False) -> P | None:
        """The account of that id; with `lock`, no other transaction changes it before this one ends."""

    def set_password(self, conn: Any, user: str, hashed: str, /) -> None:
        """Another hash from now on; sessions stay."""

    def offer_factor(self, conn: Any, user: str, sealed: bytes, /) -> None:
        """A second factor that counts once it is confirmed; a later offer replaces it."""

    def offered_factor(self, conn: Any, user: str, /) -> bytes | None:
        """What was offered; None where nothing was, or it was confirmed."""

    def set_factor(self, conn: Any, user: str, sealed: bytes | None, step: int, recovery: Sequence[bytes], /) -> None:
        """The second factor from now on, last used at `step`, with these recovery codes alone; None: there is none."""

    def use_step(self, conn: Any, user: str, step: int, /) -> bool:
        """Note the step of a code; False when it, or a later one, was used before."""

    def use_recovery(self, conn: Any, user: str, digest: bytes, /) -> bool:
        """Use a recovery code up; False when it is none of the user's, or was used."""

    def find_ticket(self, conn: Any, digest: bytes, now: Instant, /) -> tuple[str, str] | None:
        """(its id, whose) of a sign-in that waits for the second factor; None when there is none, or it has ended."""

    def end_session(self, conn: Any, session: str, /) -> Any:
        """A session or a ticket is over at once."""

    def end_sessions(self, conn: Any, user: str, /, *, but: str = "") -> int:
        """Everything that speaks for the user ends, except the session `but`; how many."""

    def end_others(self, conn: Any, user: str, /, *, but: str) -> Any:
        """Every session of the user but `but` ends, and every sign-in that is half done; sent links stay good."""

    def open_sessions(self, conn: Any, user: str, now: Instant, /) -> Sequence[OpenSession]:
        """The user's sessions that have not ended, last used first."""

    def failed_tries(self, conn: Any, key: str, now: Instant, /) -> FailedTries:
        """What is counted under a key."""

    def add_try(self, conn: Any, key: str, now: Instant, /) -> None:
        """Count one more, at `now`."""

    def take_back(self, conn: Any, key: str, now: Instant, /) -> None:
        """The last try was a good one: count one less."""

    def reset_tries(self, conn: Any, key: str, /) -> None:
        """Forget what was counted under that key."""

    def note(self, conn: Any, user: P | None, what: str, detail: str, address: str, now: Instant, /) -> None:
        """Record it where the program records such events; `user` None: the name that was typed has no account."""


class AccountSecrets(Protocol):
    """The keys of a program, as far as accounts go."""

    def draw(self, size: int, /) -> bytes:
        """Random bytes."""

    def secret_digest(self, secret: str) -> bytes:
        """The keyed digest under which a secret is kept."""

    def recovery_digest(self, user: str, code: str) -> bytes:
        """The keyed digest under which a recovery code of that user is kept."""

    def seal_factor(self, user: str, secret: str) -> bytes:
        """A second factor's secret as kept; of no use for another user."""

    def open_factor(self, user: str, sealed: bytes | None) -> str:
        """A second factor's secret as it was sealed; empty when there is none, or it is another's."""

    def counter_key(self, kind: str, name: str) -> str:
        """Where tries of that name are counted: never the name itself, which may be a password typed astray."""

    def network_counters(self, address: str) -> tuple[FailureCounter, ...]:
        """The networks whose failures are counted for a request from there; none where it is not counted."""
