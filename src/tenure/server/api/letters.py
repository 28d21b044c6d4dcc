"""The log of mails: to whom, about what, whether they went out and if not why; never what they say."""

from typing import Any

import msgspec

from tenure.core.policy import Role
from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.http.answers import Answer, made
from tenure.http.auth import Principal, Rule
from tenure.http.fields import Body
from tenure.http.idempotency import Ticket
from tenure.http.inputs import Address
from tenure.http.instants import rfc3339
from tenure.http.operations import Operation, operation
from tenure.http.outgoing.mailing import is_mailbox
from tenure.http.paging import Page, Paging, cut_page
from tenure.server.api.accounts.places import note
from tenure.server.api.deliveries import READ, WRITE
from tenure.server.api.fields import Email, Id
from tenure.server.context import Context, tenant_of
from tenure.server.messages.postman import CLAIM
from tenure.server.views import shown
from tenure.store import letters
from tenure.store.engine import Connection
from tenure.store.letters import Letter
from tenure.store.persons import Place

VENDORS = Rule("server:write", frozenset({Role.VENDOR}))
UNMAILED = (
    "This licensing server sends no mail: its operator has not named a mail server. It goes out once there is one;"
    " an invitation's link can be handed over."
)
"""What a mail that waits says to a provider, who cannot change it."""
NO_SERVER = (
    'No mail server is set, so mails wait. Add "mail" with "host" and "sender" to server.json and start the server'
    " again; docs/messages.md shows how."
)


class LetterView(msgspec.Struct, frozen=True, kw_only=True):
    """A mail without what it says."""

    id: str
    to: str
    template: str
    state: str
    """`waiting`, `sent` or `given_up`."""
    created: str
    due: str | None
    """When it is tried next; null where it is not tried any more, and while there is no mail server."""
    tries: int
    sent: str | None
    fault: str
    """Why the last try failed."""


class MailView(msgspec.Struct, frozen=True, kw_only=True):
    """Whether mails go out, and what to do if they do not."""

    ready: bool
    server: str
    """Host and port; empty when none is set."""
    sender: str
    waiting: int
    given_up: int
    advice: str


class TestMail(Body, frozen=True, kw_only=True):
    """To whom a test mail goes."""

    to: Email


class Letters:
    """The operations on mails."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def list_letters(
        self, caller: Principal, paging: Paging, provider: Id | None = None, newest_first: bool = False
    ) -> Page[LetterView] | Refused:
        """Lists mails of the last 30 days, oldest first unless asked; for the vendor without a provider its own."""
        after = paging.after(str)
        if isinstance(after, Refused):
            return after

        def work(conn: Connection, real: Instant) -> list[LetterView] | Refused:
            owner = _owner(conn, caller, provider, real)
            if isinstance(owner, Refused):
                return owner
            if newest_first:
                found = letters.page_back(conn, owner, after or letters.LAST, paging.limit + 1)
            else:
                found = letters.page(conn, owner, after or "", paging.limit + 1)
            return [letter_view(each, mailed=self._context.post is not None) for each in found]

        found = await self._context.read(work)
        return found if isinstance(found, Refused) else cut_page(found, paging.limit, lambda each: each.id)

    async def resend_letter(
        self,
        caller: Principal,
        ticket: Ticket,
        letter: Id,
        address: Address,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> Answer[LetterView] | Refused:
        """Sends a mail once more that was given up; one that still waits is tried at once."""

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            owner = _owner(conn, caller, provider, real)
            if isinstance(owner, Refused):
                return owner
            known = letters.letter(conn, owner, letter)
            if known is None:
                return Refused(Code.NOT_FOUND, field="letter")
            if known.sent is not None:
                return Refused(Code.NOTHING_TO_CHANGE, "This mail went out; what it said is forgotten.", "letter")
            note(conn, Place(owner), caller, address, "mail_sent_again", known.id, real)
            if known.due is not None:
                return made(letter_view(letters.hurry(conn, known, real, CLAIM)), 201)
            beyond = too_many_mails(conn, owner, known.recipient, known.template, real)
            return beyond or made(letter_view(letters.copy(conn, known, real)), 201)

        answer: Answer[LetterView] | Refused = await self._context.once(ticket, dry_run, work)
        return answer

    async def read_mail(self, caller: Principal) -> MailView:
        """Whether mails go out, and what to do if they do not."""
        waiting, given_up = await self._context.read(lambda conn, now: letters.counted(conn))
        server = self._context.post
        return MailView(
            ready=server is not None,
            server=f"{server.host}:{server.port}" if server else "",
            sender=server.sender if server else "",
            waiting=waiting,
            given_up=given_up,
            advice="" if server else NO_SERVER,
        )

    async def send_test_mail(
        self, caller: Principal, ticket: Ticket, body: TestMail, address: Address, dry_run: bool = False
    ) -> Answer[LetterView] | Refused:
        """Puts a test mail in the queue; what came of it is in the list of mails a moment later."""

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            if not is_mailbox(body.to):
                return Refused(Code.FIELD_INVALID, "This is not an address that mail can be sent to.", "to")
            note(conn, Place(), caller, address, "test_mail_sent", body.to, real)
            beyond = too_many_mails(conn, None, body.to, "mail_test", real)
            if beyond is not None:
                return beyond
            values = {"server": self._context.issuer}
            return made(
                letter_view(letters.put(conn, self._context.safe, None, body.to, "mail_test", values, real)), 201
            )

        answer: Answer[LetterView] | Refused = await self._context.once(ticket, dry_run, work)
        return answer

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        return (
            operation("GET", "/v1/letters", READ, self.list_letters),
            operation(
                "POST", "/v1/letters/{letter}/resend", WRITE, self.resend_letter, status=201,
                refusals=[Code.NOTHING_TO_CHANGE],
            ),
            operation("GET", "/v1/mail", VENDORS, self.read_mail),
            operation("POST", "/v1/mail/test", VENDORS, self.send_test_mail, status=201),
        )  # fmt: skip


def too_many_mails(conn: Connection, provider: str | None, to: str, template: str, real: Instant) -> Refused | None:
    """`too_many_requests` with the instant from which it is possible, when that mail would be one too many today."""
    when = letters.possible_from(conn, provider, to, template, real)
    if when <= real:
        return None
    return Refused(
        Code.TOO_MANY_REQUESTS, "Too many mails went to this address, or out of this account, today.", when=when
    )


def _owner(conn: Connection, caller: Principal, named: str | None, real: Instant) -> str | Refused | None:
    """Whose mails are meant: the caller's provider's; the vendor's own (None) when he names none."""
    if not caller.provider and named is None:
        return None
    tenant = tenant_of(conn, caller, named, real)
    return tenant if isinstance(tenant, Refused) else tenant.id


def letter_view(letter: Letter, *, mailed: bool = True) -> LetterView:
    """A mail as shown; where none is `mailed` at all, one that waits says that."""
    waiting = "waiting" if letter.due is not None else "given_up"
    held = letter.due is not None and not mailed
    return LetterView(
        id=letter.id,
        to=letter.recipient,
        template=letter.template,
        state="sent" if letter.sent is not None else waiting,
        created=rfc3339(letter.created),
        due=None if held else shown(letter.due),
        tries=letter.tries,
        sent=shown(letter.sent),
        fault=UNMAILED if held else letter.fault,
    )
