"""Forwardings as the local API takes and shows them: secrets only ever go in."""

from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from tenure.http.auth import Principal
from tenure.http.body_types import RequestBody
from tenure.http.views import copy_fields
from tenure.site.api.views import optional_rfc3339
from tenure.site.forwarding.config import ForwardingConfig, MailTarget, Security, WebhookTarget, read_config
from tenure.site.forwarding.remedies import advice_for
from tenure.site.forwarding.sending import place_of
from tenure.site.roles import RULE
from tenure.site.store import events
from tenure.site.store.events import Severity
from tenure.site.store.forwardings import TOLD_PARTLY, ForwardingDelivery, ForwardingRow
from tenure.site.store.writer import Connection

RECIPIENTS_MOST = 20
COUNTED_MOST = 1_000
"""Events that wait are counted to here."""

_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$(?!\n)"
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=_LINE)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=254, pattern=_LINE)]
Kind = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[a-z_]+$(?!\n)")]
Url = Annotated[str, msgspec.Meta(min_length=1, max_length=512, pattern=_LINE)]
# SMTP signs in with ASCII alone.
Ascii = Annotated[str, msgspec.Meta(max_length=256, pattern=r"^[ -~]*$(?!\n)")]
Pem = Annotated[str, msgspec.Meta(max_length=32_768, pattern=r"^[ -~\r\n\t]*$")]


class MailBody(RequestBody, frozen=True, kw_only=True):
    """By e-mail."""

    host: Text
    """Name or address of the mail server."""
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 587
    security: Security = "starttls"
    """`none` only to this computer itself."""
    user: Ascii = ""
    """Empty: without signing in."""
    password: Ascii | None = None
    """Never shown again. Left out: the one kept, as long as server and user are the same."""
    sender: Text
    recipients: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1, max_length=RECIPIENTS_MOST)]
    authorities: Pem = ""
    """Further certificate authorities that are believed, as PEM."""

    def without_password(self) -> MailTarget:
        """Without the password."""
        return copy_fields(MailTarget, self)


class WebhookBody(RequestBody, frozen=True, kw_only=True):
    """By webhook."""

    url: Url
    """https; http within this computer alone."""
    authorities: Pem = ""


class ForwardingBody(RequestBody, frozen=True, kw_only=True):
    """What is forwarded, and where to: by `mail` or by `webhook`."""

    name: Name
    severity: Severity = "warning"
    """The lowest that is forwarded."""
    kinds: Annotated[tuple[Kind, ...], msgspec.Meta(max_length=64)] = ()
    """Kinds of events (`GET /v1/event-kinds`); none: every kind."""
    active: bool = True
    """Not active: what happens waits."""
    mail: MailBody | None = None
    webhook: WebhookBody | None = None

    def to_config(self) -> ForwardingConfig:
        """How it is kept."""
        webhook = self.webhook and WebhookTarget(url=self.webhook.url, authorities=self.webhook.authorities)
        mail = self.mail and self.mail.without_password()
        return copy_fields(ForwardingConfig, self, name=self.name.strip(), mail=mail or None, webhook=webhook or None)


class MailTargetView(msgspec.Struct, frozen=True, kw_only=True):
    """By e-mail."""

    host: str
    port: int
    security: str
    user: str
    password_set: bool
    sender: str
    recipients: tuple[str, ...]
    authorities: str


class WebhookTargetView(msgspec.Struct, frozen=True, kw_only=True):
    """By webhook; users who are no administrators see only scheme and host of the address: the rest may be a secret."""

    url: str
    authorities: str


class ForwardingView(msgspec.Struct, frozen=True, kw_only=True):
    """One forwarding."""

    id: str
    name: str
    severity: str
    kinds: tuple[str, ...]
    active: bool
    mail: MailTargetView | None
    webhook: WebhookTargetView | None
    created: str
    state: str
    """`new`, `working`, `partly` (not everybody gets it), `failing` (tried on), `stopped` (given up) or `off`."""
    since: str | None
    """Since when it fails, or has been given up."""
    cause: str
    what: str
    """What is wrong, in a sentence; empty when nothing is."""
    remedy: str
    said: str
    """What the other side or the network answered, in their words."""
    tries: int
    next_try: str | None
    last_taken: str | None
    waiting: int
    """Events that wait to be forwarded, counted to 1,000."""


class WithSecret(msgspec.Struct, frozen=True, kw_only=True):
    """A forwarding, and the secret of a webhook, shown once; empty for a mail and in a dry run."""

    forwarding: ForwardingView
    secret: str


class TestView(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a test."""

    taken: bool
    what: str
    remedy: str
    cause: str
    said: str
    status: int | None
    answer: str
    """The beginning of what a receiver answered."""
    refused: tuple[str, ...]
    """Mailboxes that did not get it though others did."""


class ForwardingDeliveryView(msgspec.Struct, frozen=True, kw_only=True):
    """One try."""

    number: int
    at: str
    message: str
    first: int | None
    """Number of the first event in it; null for a test."""
    last: int | None
    count: int
    taken: bool
    status: int | None
    cause: str
    said: str
    answer: str


class KindView(msgspec.Struct, frozen=True):
    """A kind of events."""

    kind: str
    family: str
    text: str


def forwarding_view(conn: Connection, row: ForwardingRow, caller: Principal, *, password: bool) -> ForwardingView:
    """One forwarding as `caller` may see it; `password`: whether one is kept."""
    config = read_config(row.body)
    host, port = place_of(config)
    told = advice_for(row.cause, config, host, port)
    state = state_of(row, config)
    return copy_fields(
        ForwardingView,
        row,
        name=config.name,
        severity=config.severity,
        kinds=config.kinds,
        active=config.active,
        mail=None if config.mail is None else _mail_view(config.mail, password=password),
        webhook=None if config.webhook is None else _webhook_view(config.webhook, caller),
        state=state,
        since=optional_rfc3339(row.stopped or row.failing_since or None),
        what=told.what,
        remedy=told.remedy,
        said=row.fault,
        next_try=optional_rfc3339(row.next or None) if row.tries and state not in ("off", "stopped") else None,
        last_taken=optional_rfc3339(row.well or None),
        waiting=events.count_following(conn, config.wanted_events(row.id), row.cursor, COUNTED_MOST),
    )


def state_of(row: ForwardingRow, config: ForwardingConfig) -> str:
    """See `ForwardingView.state`."""
    if row.stopped:
        return "stopped"
    if not config.active:
        return "off"
    if row.failing_since:
        return "failing"
    if row.told == TOLD_PARTLY or row.cause:
        return "partly"
    return "working" if row.well else "new"


def delivery_view(one: ForwardingDelivery) -> ForwardingDeliveryView:
    """One try."""
    return copy_fields(
        ForwardingDeliveryView,
        one,
        first=one.first or None,
        last=one.last or None,
        count=one.count if one.first else 0,
        taken=bool(one.taken),
        status=one.status or None,
        said=one.fault,
    )


def _mail_view(mail: MailTarget, *, password: bool) -> MailTargetView:
    return copy_fields(MailTargetView, mail, password_set=password)


def _webhook_view(webhook: WebhookTarget, caller: Principal) -> WebhookTargetView:
    parts = urlsplit(webhook.url)
    shown = webhook.url if RULE in caller.scopes else f"{parts.scheme}://{parts.netloc}/…"
    return WebhookTargetView(url=shown, authorities=webhook.authorities)
