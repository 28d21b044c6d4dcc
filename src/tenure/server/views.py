"""What the API shows: frozen values made from the core's, instants as RFC 3339; subscriptions are
`subscription_views`'."""

import msgspec

from tenure.core import explain as explaining
from tenure.core.business.expected_renewals import ExpectedCourse
from tenure.core.business.ledger import Posting
from tenure.core.refusals import Refused
from tenure.core.timeline import Instant, Phase, Span, Timeline, cut_at, starting_at
from tenure.http.timestamps import format_rfc3339
from tenure.http.views import copy_fields


def optional_rfc3339(instant: Instant | None) -> str | None:
    """RFC 3339, or None for never."""
    return None if instant is None else format_rfc3339(instant)


class SpanView(msgspec.Struct, frozen=True, kw_only=True):
    """What holds from `since` up to, not including, `until` (absent: for ever)."""

    since: str
    until: str | None
    phase: str
    why: str
    features: tuple[str, ...]
    limit: int
    note: str = ""
    expected: bool = False
    """Not paid or reserved yet: it comes so because the subscription renews itself and its money is there."""


class RefusalView(msgspec.Struct, frozen=True, kw_only=True):
    """Why something is refused, and what helps."""

    code: str
    sentence: str
    detail: str
    remedy: str
    who: str
    possible_at: str | None


class RemedyView(msgspec.Struct, frozen=True):
    """One thing that can be done, and who can do it."""

    who: str
    how: str


class ExplainView(msgspec.Struct, frozen=True, kw_only=True):
    """The story of a standing (B2)."""

    phase: str
    why: str
    sentence: str
    rule: str
    since: str
    until: str | None
    renewal: str
    """What is known of the next renewal; empty where nothing renews itself."""
    follows: str
    remedies: tuple[RemedyView, ...]


class PostingView(msgspec.Struct, frozen=True, kw_only=True):
    """One movement of money; amounts in minor units."""

    kind: str
    at: str
    recorded_at: str
    amount: int
    """What it adds to the balance; negative when it takes away."""
    reserve: int
    reference: str
    subscription: str
    period: str | None
    note: str


def span_view(span: Span, *, expected: bool = False) -> SpanView:
    """See `SpanView`."""
    return copy_fields(SpanView, span, expected=expected)


def timeline_view(spans: Timeline, paid_until: Instant | None = None) -> tuple[SpanView, ...]:
    """Every span; service after `paid_until`, if it is given, is expected."""
    if paid_until is None:
        return tuple(map(span_view, spans))
    pieces = (*cut_at(spans, paid_until), *starting_at(spans, paid_until))
    return tuple(span_view(each, expected=each.since >= paid_until and each.phase is Phase.ACTIVE) for each in pieces)


def refusal_view(refused: Refused) -> RefusalView:
    """See `RefusalView`."""
    row = refused.row
    return RefusalView(
        code=refused.code,
        sentence=row.sentence,
        detail=refused.detail,
        remedy=row.remedy,
        who=row.who,
        possible_at=optional_rfc3339(refused.when),
    )


def explain_view(ahead: ExpectedCourse, remedies: tuple[explaining.Remedy, ...], now: Instant) -> ExplainView:
    """See `ExplainView`; `remedies`: what helps this subscription, with its sums (`core.remedies`)."""
    told = explaining.explain(ahead.timeline, now, ahead.outlook)
    shown = tuple(RemedyView(each.who, each.how) for each in remedies)
    return copy_fields(ExplainView, told, remedies=shown)


def posting_view(posting: Posting) -> PostingView:
    """See `PostingView`."""
    amounts = {entry.account.value: entry.amount for entry in posting.entries}
    return copy_fields(PostingView, posting, amount=amounts.get("balance", 0), reserve=amounts.get("reserve", 0))
