"""`allowed_actions` (B3, M11): every action of a role, tried as a dry run would now, with reason, date and price."""

from collections.abc import Iterable
from typing import Any

import msgspec

from tenure.core.business import commands as c
from tenure.core.business.account import Account, AccountSubscription
from tenure.core.business.command_table import FORMS
from tenure.core.business.command_table.row import CommandField, CommandForm, CommandRow, FieldKind
from tenure.core.business.execute import execute_settled
from tenure.core.business.ledger import LedgerAccount
from tenure.core.business.settle import settle
from tenure.core.policy.rules import Action, Role
from tenure.core.refusals import Refused
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.renewal import can_resume
from tenure.core.subscription.terms import CodeRef, RenewalIntent
from tenure.core.timeline import Instant


class Allowed(msgspec.Struct, frozen=True, kw_only=True):
    """Whether one action is possible now; if not, the refusal says why and from when."""

    action: Action
    refused: Refused | None = None
    price: int = 0
    """What it would take from the balance now (minor units); negative when money would come back."""


def allowed_actions(
    account: Account,
    items: Iterable[AccountSubscription],
    subject: str,
    role: Role,
    seen: c.DecisionContext,
    now: Instant,
) -> tuple[Allowed, ...]:
    """One entry for each action on the subscription `subject` of the account, by `execute` as a dry run is.

    `account`, `items`, `subject` and `seen` are those of `execute`; the account has no subscription but these.
    """
    before = settle(account, items, now)
    sub = next(item.sub for item in before.items if item.sub.id == subject)

    def attempt(action: Action, command: c.Command) -> Allowed:
        outcome = execute_settled(before, subject, command, seen, now)
        if isinstance(outcome, Refused):
            return Allowed(action=action, refused=outcome)
        moved = sum(posting.moved_on(LedgerAccount.BALANCE) for posting in outcome.postings)
        return Allowed(action=action, price=-moved)

    def judge(action: Action, samples: tuple[c.Command, ...]) -> Allowed:
        tried: list[Allowed] = []
        for command in samples:
            tried.append(attempt(action, command))
            if tried[-1].refused is None:
                return tried[-1]
        return tried[0]

    return tuple(judge(action, samples) for action, samples in sample_commands(sub, role, now))


def sample_commands(sub: Subscription, role: Role, now: Instant) -> tuple[tuple[Action, tuple[c.Command, ...]], ...]:
    """The plainest forms of each action: the action is possible when one of them is, and refused as the first is.

    One more device or one fewer for any other number (who cannot pay for more may order fewer), another name for any
    other plan.
    """
    judged = {form.action: (row, form) for row, form in FORMS if form.action is not None}
    return tuple((action, _sample_commands(*judged[action], sub, role, now)) for action in Action if action in judged)


def _sample_commands(
    row: CommandRow, form: CommandForm, sub: Subscription, role: Role, now: Instant
) -> tuple[c.Command, ...]:
    given = dict(form.preset)
    for field in row.fields:
        if field.required and field.name not in given:
            given |= _sample_value(field, sub, now)
    if row.name == "reissue_code":
        given["code"] = CodeRef(id="preview", last_group="00000")
    first: c.Command = c.COMMAND_TYPES[row.name](by="preview", role=role, **given)
    if isinstance(first, c.ChangeDevices):
        agreed = min(sub.terms_at(now).devices, sub.changes[-1].terms.devices)
        return first, msgspec.structs.replace(first, devices=agreed - 1)
    return (first,)


def _sample_site(sub: Subscription) -> str:
    """A site of which most can be asked: one that uses the subscription, else one at which it waits, else any that is
    not gone for good."""
    known = [sub.find_site(site.id) or site for site in sub.sites if not site.lost]
    order = (
        next((site.id for site in known if site.is_active), ""),
        next((site.id for site in known if site.is_staged), ""),
        next((site.id for site in known), ""),
    )
    return next(filter(None, order), "")


def _sample_value(field: CommandField, sub: Subscription, now: Instant) -> dict[str, Any]:
    """Something for a field that must be given; of a choice the one that would change something."""
    terms = sub.terms_at(now)
    match field.kind:
        case FieldKind.DEVICES:
            return {field.name: terms.devices + 1}
        case FieldKind.OFFER:
            return {"terms": msgspec.structs.replace(terms, plan="preview")}
        case FieldKind.DAYS:
            return {field.name: field.least}
        case FieldKind.SITE:
            return {field.name: _sample_site(sub)}
        case FieldKind.CHOICE if field.enum is RenewalIntent:
            running = sub.intent is RenewalIntent.AUTO and not can_resume(sub, now)
            return {field.name: RenewalIntent.MANUAL if running else RenewalIntent.AUTO}
        case _:
            return {field.name: "preview"}
