"""One command on one account, whole: settle what is due, decide, and try again what the outcome may have made payable.

The shell loads what this takes and stores what this returns; a dry run is the same without storing (B4).
"""

import hashlib
from collections.abc import Iterable

import msgspec

from tenure.core.business import commands as c
from tenure.core.business.account import Account, AccountSubscription, PolicyHistory, after_postings
from tenure.core.business.decide import Accepted, decide
from tenure.core.business.ledger import Posting
from tenure.core.business.settle import Settled, catch_up, settle
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.fold import Subscription, evolve, fold
from tenure.core.subscription.renewal import late_start, total_cost
from tenure.core.timeline import Instant
from tenure.core.whole_numbers import read_whole_number

OUTCOME_HASH_LIFE = 15 * 60
"""Seconds for which the hash of a previewed plan can be applied [spec: dry-run]."""
_DRAWN: dict[type, frozenset[str]] = {
    c.Order: frozenset({"subscription", "code"}),
    c.ReissueCode: frozenset({"code"}),
}
"""Fields that are drawn again each time a command is asked: new ids and codes."""


class CommandOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a command does to an account, its own consequences included; `before` is what was due anyway."""

    before: Settled
    decision: Accepted
    after: Settled
    subject: str
    """Id of the subscription the command was about."""

    @property
    def subscription(self) -> Subscription:
        """The subscription as it is afterwards."""
        return next(item.sub for item in self.after.items if item.sub.id == self.subject)

    @property
    def facts(self) -> tuple[tuple[str, f.Fact], ...]:
        """Facts of the command and its consequences, by subscription, in order; without those of `before`."""
        own = tuple((self.subject, fact) for fact in self.decision.facts)
        return own + self.after.facts

    @property
    def postings(self) -> tuple[Posting, ...]:
        """Money moved by the command and its consequences."""
        return self.decision.postings + self.after.postings


def execute(
    account: Account,
    items: Iterable[AccountSubscription],
    subject: str,
    command: c.Command,
    seen: c.DecisionContext,
    now: Instant,
) -> tuple[Settled, CommandOutcome | Refused]:
    """Settle up to `now`, then `decide`; the settlement stands whatever the answer to the command is.

    `seen` needs only what lies outside the account (actions, use, trial, a present subscription elsewhere); balance,
    rules, floor and words are taken from the account and the item, settled.
    """
    before = settle(account, items, now)
    return before, execute_settled(before, subject, command, seen, now)


def execute_settled(
    before: Settled, subject: str, command: c.Command, seen: c.DecisionContext, now: Instant
) -> CommandOutcome | Refused:
    """`execute` on what is settled up to `now` already: for who tries several commands on one account."""
    item = next((one for one in before.items if one.sub.id == subject), None)
    if item is not None:
        rules, floor = item.book.at(_rules_at_start(item.sub, command, now))
        seen = msgspec.structs.replace(seen, rules=rules, floor=floor, words=item.words)
    present = next((one.sub for one in before.items if seen.present and one.sub.id == seen.present.id), seen.present)
    seen = msgspec.structs.replace(seen, available=before.account.available, present=present)
    decision = decide(item.sub if item else None, command, seen, now)
    if isinstance(decision, Refused):
        return decision
    changed = _apply_decision(before, item, decision, seen)
    after = catch_up(after_postings(before.account, decision.postings), changed, now)
    return CommandOutcome(before=before, decision=decision, after=after, subject=subject)


def _rules_at_start(sub: Subscription, command: c.Command, now: Instant) -> Instant:
    """A period uses the version at its start [spec: policy-version], also when it is bought afterwards, as in grace."""
    late = command.late if isinstance(command, c.Renew) else None
    buys = isinstance(command, c.Renew | c.ConfirmPayment) and sub.paid_periods and sub.stopped is None
    return min(now, late_start(sub, now, late)) if buys else now


def _apply_decision(
    before: Settled, item: AccountSubscription | None, decision: Accepted, seen: c.DecisionContext
) -> tuple[AccountSubscription, ...]:
    if item is None:
        sub = fold(decision.facts)
        return (*before.items, AccountSubscription(sub, PolicyHistory(((sub.ordered_at, seen.rules, seen.floor),))))
    changed = [(item.sub.id, fact) for fact in decision.facts] + list(decision.others)
    return tuple(_evolve_item(one, changed) for one in before.items)


def _evolve_item(item: AccountSubscription, changed: Iterable[tuple[str, f.Fact]]) -> AccountSubscription:
    sub = item.sub
    for name, fact in changed:
        sub = evolve(sub, fact) if name == sub.id else sub
    return item if sub is item.sub else msgspec.structs.replace(item, sub=sub)


def credit_account(
    account: Account, items: Iterable[AccountSubscription], posting: Posting, now: Instant
) -> tuple[Settled, Settled]:
    """Money comes in at `now`: what was due before is settled without it, then everything open is tried with it."""
    before = settle(account, items, now)
    return before, catch_up(after_postings(before.account, (posting,)), before.items, now)


def make_outcome_hash(outcome: CommandOutcome, command: c.Command, previewed_at: Instant) -> str:
    """The name of a previewed plan: same subscription, revision, command, resulting terms and money [spec: dry-run].

    Instants of recording are left out, so that confirming a minute later is still the same plan. The hash carries
    its own time in clear, `<unix seconds>.<64 hex>`, because it is good for 15 minutes only.
    """
    sub = outcome.subscription
    known = [(one.sub.id, one.sub.revision) for one in outcome.before.items if one.sub.id == outcome.subject]
    drawn = _DRAWN.get(type(command), frozenset())
    asked = {name: value for name, value in msgspec.to_builtins(command).items() if name not in drawn}
    parts = (
        known,
        asked,
        [(change.effective if change.scheduled else 0, change.field, change.terms) for change in sub.changes],
        [(period.devices, total_cost(period)) for period in sub.paid_periods],
        [[(entry.account, entry.amount) for entry in posting.entries] for posting in outcome.postings],
        [type(fact).__name__ for _, fact in outcome.facts],
    )
    digest = hashlib.sha256(
        b"tenure-outcome" + previewed_at.to_bytes(8, "big") + msgspec.json.encode(parts, order="sorted")
    )
    return f"{previewed_at}.{digest.hexdigest()}"


def check_outcome_hash(claimed: str, outcome: CommandOutcome, command: c.Command, now: Instant) -> Refused | None:
    """None when `claimed` names exactly this outcome and is young enough, else `outcome_changed_meanwhile`."""
    at = read_whole_number(claimed.partition(".")[0], 12)
    if at is not None and 0 <= now - at <= OUTCOME_HASH_LIFE and make_outcome_hash(outcome, command, at) == claimed:
        return None
    return Refused(RefusalCode.OUTCOME_CHANGED_MEANWHILE, field="outcome_hash")
