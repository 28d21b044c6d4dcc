"""`allowed_actions` (B3, M11): every action of a role, tried as a dry run would now, with reason, date and price."""

from collections.abc import Iterable

import msgspec

from tenure.core.business import commands as c
from tenure.core.business.account import Account, AccountSubscription
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

    return tuple(attempt(action, command) for action, command in sample_commands(sub, role, now))


def sample_commands(sub: Subscription, role: Role, now: Instant) -> tuple[tuple[Action, c.Command], ...]:
    """The plainest form of each action: one more device for any other number, another name for any other plan."""
    terms = sub.terms_at(now)
    one_more = terms.devices + 1 if terms.devices < terms.max_devices else terms.devices - 1
    switched = (
        RenewalIntent.MANUAL if sub.intent is RenewalIntent.AUTO and not can_resume(sub, now) else RenewalIntent.AUTO
    )
    return (
        (Action.RENEW, c.Renew(by="preview", role=role)),
        (Action.AUTO_RENEW, c.SetRenewalIntent(by="preview", role=role, intent=switched)),
        (Action.CANCEL_AT_END, c.Cancel(by="preview", role=role)),
        (Action.CANCEL_NOW, c.Cancel(by="preview", role=role, at_once=True)),
        (Action.UNDO_CANCEL, c.UndoCancellation(by="preview", role=role)),
        (Action.CHANGE_DEVICES, c.ChangeDevices(by="preview", role=role, devices=one_more)),
        (
            Action.CHANGE_PLAN,
            c.ChangePlan(by="preview", role=role, terms=msgspec.structs.replace(terms, plan="preview")),
        ),
        (Action.PAUSE, c.PlaceHold(by="preview", role=role, reason="preview")),
        (Action.RESUME, c.ReleaseHold(by="preview", role=role)),
        (Action.REISSUE_CODE, c.ReissueCode(by="preview", role=role, code=CodeRef(id="preview", last_group="00000"))),
        (Action.EXTEND_GRACE, c.ExtendGrace(by="preview", role=role, days=1)),
        (Action.TRANSFER, c.Transfer(by="preview", role=role, customer="preview")),
        (Action.RELEASE_SITE, c.ReleaseSite(by="preview", role=role, site=_some_site(sub))),
    )


def _some_site(sub: Subscription) -> str:
    return next((site.id for site in sub.sites_holding), "")
