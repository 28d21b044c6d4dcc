"""Subscriptions, and the spans they have held, out of their facts, without going through a long history each time.

What a long history amounts to is remembered under the hash of its last fact, which no other history has: no transaction
that is rolled back, no other database and no edit can make a remembered one wrong. A long history that is not
remembered is gone through in slices before the request that needs it (`unfold_histories`).
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import NamedTuple

from tenure.core.subscription import facts as f
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.fold import SiteState, Subscription, evolve, fold
from tenure.core.subscription.past_timeline import as_it_held, gone_on
from tenure.core.timeline import Timeline
from tenure.store import facts, subscriptions
from tenure.store.chain import ChainPosition
from tenure.store.engine import Connection, Database

LONG = 64
"""Facts from which on a history is remembered where its end is not at hand; to look for that costs more than to go
through a shorter one."""
REMEMBERED = 2_000
"""Histories; the one not asked for longest is forgotten first, and read again when it is asked for."""
SLICE = 200
"""Facts that are gone through without a gap, some 10 ms: others are answered between two slices."""

_known: dict[str, tuple[ChainPosition, Subscription]] = {}


class HeldSpans(NamedTuple):
    """The spans that a subscription has held up to one fact."""

    at: ChainPosition
    sub: Subscription
    spans: Timeline


_held: dict[str, HeldSpans] = {}
_drawn: dict[tuple[int, int], tuple[Subscription, SiteState, Timeline]] = {}
"""By the identity of the values, which stand beside it: as long as they do, no other value has it."""


def held_timeline(conn: Connection, provider: str, name: str) -> Timeline:
    """Every span that the provider's subscription has held, as it held (`past_timeline`); none where it is not his."""
    sub = next(subscriptions_of(conn, provider, [name]), None)
    head = facts.heads_of(conn, provider, [name]).get(name)
    if sub is None or head is None:
        return ()
    known = _held.get(name)
    if known is None or not _leads_to(conn, name, known.at, head):
        spans = as_it_held(f.decode_fact(each.body) for each in facts.load_after(conn, provider, name, 0))
    else:
        later = facts.load_after(conn, provider, name, known.at.seq) if known.at != head else []
        spans = gone_on(known.spans, known.sub, [f.decode_fact(each.body) for each in later])
    if head.seq >= LONG:
        _cache_spans(name, HeldSpans(head, sub, spans))
    return spans


def _cache_spans(name: str, spans: HeldSpans) -> None:
    _held.pop(name, None)
    _held[name] = spans
    if len(_held) > REMEMBERED:
        del _held[next(iter(_held))]


def subscription_at(conn: Connection, provider: str, name: str, head: ChainPosition) -> Subscription | None:
    """The provider's subscription as the facts up to `head` say, which the caller has read of that provider as the end
    of its history; None where it has grown since."""
    known = _known.get(name)
    if known is not None and known[0] == head:
        return known[1]
    sub = next(subscriptions_of(conn, provider, [name], {name: head}), None)
    return sub if sub is not None and sub.revision == head.seq else None


def drawn_timeline(sub: Subscription, site: SiteState) -> Timeline:
    """`contract.timeline`, drawn once for the very values, which never change."""
    key = id(sub), id(site)
    known = _drawn.get(key)
    if known is not None and known[0] is sub and known[1] is site:
        return known[2]
    spans = timeline(sub, site)
    _drawn[key] = sub, site, spans
    if len(_drawn) > REMEMBERED:
        del _drawn[next(iter(_drawn))]
    return spans


def _leads_to(conn: Connection, name: str, at: ChainPosition, head: ChainPosition) -> bool:
    """Whether the history that ends at `head` is the one that was at `at`, gone on."""
    return at == head or (at.seq < head.seq and facts.hash_at(conn, name, at.seq) == at.hash)


def subscriptions_of(
    conn: Connection, provider: str, names: Sequence[str], ends: Mapping[str, ChainPosition] | None = None
) -> Iterator[Subscription]:
    """Each of the provider's subscriptions of these names, as all its facts say, in the order of the names.

    `ends`: where the provider's histories of these names end, where the caller has read that.
    """
    if not names:
        return
    known = [name for name in names if name in _known]
    heads = facts.heads_of(conn, provider, known) if known and ends is None else ends or {}
    found = {
        name: sub
        for name, head in heads.items()
        if name in _known and (sub := _cached_fold(conn, provider, name, head)) is not None
    }
    wanted = [name for name in names if name not in found]
    histories = facts.load_many(conn, provider, wanted) if wanted else {}
    for name, history in histories.items():
        found[name] = fold(tuple(f.decode_fact(each.body) for each in history))
    if ends is None:
        long = [name for name, history in histories.items() if len(history) >= LONG]
        ends = facts.heads_of(conn, provider, long) if long else {}
    for name in histories:
        # A history that has grown meanwhile is not kept under its earlier end.
        if name in ends and ends[name].seq == found[name].revision:
            _cache_fold(name, ends[name], found[name])
    yield from (found[name] for name in names if name in found)


def _cached_fold(conn: Connection, provider: str, name: str, head: ChainPosition) -> Subscription | None:
    known = _known.get(name)
    if known is None:
        return None
    at, sub = known
    if not _leads_to(conn, name, at, head):
        del _known[name]
        return None
    if at != head:
        for each in facts.load_after(conn, provider, name, at.seq):
            sub = evolve(sub, f.decode_fact(each.body))
    if sub.revision == head.seq:
        _cache_fold(name, head, sub)
    return sub


def _cache_fold(name: str, head: ChainPosition, sub: Subscription) -> None:
    _known.pop(name, None)
    _known[name] = (head, sub)
    if len(_known) > REMEMBERED:
        del _known[next(iter(_known))]


async def unfold_histories(db: Database, provider: str, subscription: str, customer: str) -> None:
    """Go through what a request is about to need in slices: all long histories of a customer, since one account pays.

    The customer is that of `subscription`, or else `customer`; nothing happens where the provider has neither. What a
    slice comes to is remembered as any other history is, so a request that comes first goes through the rest itself.
    """
    for name in await db.read(_unfolded_names, provider, subscription, customer):
        for slice_of in (_fold_slice, _span_slice) if name == subscription else (_fold_slice,):
            more = True
            while more:
                more = await db.read(slice_of, provider, name)
                await asyncio.sleep(0)  # whatever else is ready has its turn


def _unfolded_names(conn: Connection, provider: str, subscription: str, customer: str) -> list[str]:
    found = subscriptions.get_subscription(conn, provider, subscription) if subscription else None
    owner = customer if found is None else found.customer
    long = subscriptions.long_histories(conn, provider, owner, SLICE) if owner else {}
    return [
        name
        for name, facts_ in long.items()
        if facts_ - _position_of(_known.get(name)).seq > SLICE
        or (name == subscription and facts_ - _position_of(_held.get(name)).seq > SLICE)
    ]


def _position_of(remembered: "tuple[ChainPosition, Subscription] | HeldSpans | None") -> ChainPosition:
    return ChainPosition() if remembered is None else remembered[0]


def _fold_slice(conn: Connection, provider: str, name: str) -> bool:
    """Go on with what is remembered of a history; whether more than another slice is left."""
    known = _known.get(name)
    if known is not None and not _is_at(conn, name, known[0]):
        known = None
    links = facts.links_after(conn, provider, name, _position_of(known).seq, SLICE)
    new = [f.decode_fact(each.fact.body) for each in links]
    if not new:
        return False
    sub = fold(tuple(new)) if known is None else _evolve_all(known[1], new)
    _cache_fold(name, ChainPosition(links[-1].seq, links[-1].hash), sub)
    return len(links) == SLICE


def _span_slice(conn: Connection, provider: str, name: str) -> bool:
    """As `_fold_slice`, of the spans that the subscription has held."""
    known = _held.get(name)
    if known is not None and not _is_at(conn, name, known.at):
        known = None
    links = facts.links_after(conn, provider, name, _position_of(known).seq, SLICE)
    new = [f.decode_fact(each.fact.body) for each in links]
    if not new:
        return False
    at = ChainPosition(links[-1].seq, links[-1].hash)
    if known is None:
        _cache_spans(name, HeldSpans(at, fold(tuple(new)), as_it_held(new)))
    else:
        _cache_spans(name, HeldSpans(at, _evolve_all(known.sub, new), gone_on(known.spans, known.sub, new)))
    return len(links) == SLICE


def _evolve_all(sub: Subscription, new: Iterable[f.Fact]) -> Subscription:
    """`sub` as the facts that follow make it."""
    return reduce(evolve, new, sub)


def _is_at(conn: Connection, name: str, at: ChainPosition) -> bool:
    """Whether the history has, at that number, the fact of that hash."""
    return facts.hash_at(conn, name, at.seq) == at.hash
