"""How far a customer's balance may go below zero: the command that sets it, the fact it leaves, what it pays at once.

A credit limit is money [spec: credit-limit]. Raising it counts as a credit; lowering it below what is used stops new
charges and takes nothing back.
"""

from collections.abc import Iterable

import msgspec

from tenure.core.business.account import Account, AccountSubscription
from tenure.core.business.settle import Settled, catch_up, settle
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant


class SetCreditLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The balance of `customer` may go down to minus `limit` (minor units, not negative)."""

    customer: str
    limit: int
    by: str
    why: str = ""


class CreditLimitSet(msgspec.Struct, frozen=True, kw_only=True):
    """The credit limit is `limit` from `at` on; it was `before` (minor units)."""

    customer: str
    limit: int
    before: int
    at: Instant
    recorded_at: Instant
    by: str
    why: str = ""


class LimitOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What setting a limit does: `before` was due anyway, `after` is what could be paid once the limit was raised."""

    before: Settled
    fact: CreditLimitSet
    after: Settled


def set_credit_limit(
    account: Account, items: Iterable[AccountSubscription], command: SetCreditLimit, now: Instant
) -> LimitOutcome | Refused:
    """Settle up to `now` under the present limit, set the new one, and try what is due if it was raised.

    Refuses `nothing_to_change` when the limit is that already. Worked example: balance -80.00, limit 100.00. Lowered to
    50.00 the balance stays, and nothing can be charged before 30.00 and the price have come in. Raised to 200.00 a
    renewal of 110.00 in grace is paid at once: 120.00 are free.
    """
    if command.limit == account.credit_limit:
        return Refused(RefusalCode.NOTHING_TO_CHANGE, "The credit limit is that already.", "credit_limit")
    before = settle(account, items, now)
    fact = CreditLimitSet(
        customer=command.customer,
        limit=command.limit,
        before=account.credit_limit,
        at=now,
        recorded_at=now,
        by=command.by,
        why=command.why,
    )
    limited = msgspec.structs.replace(before.account, credit_limit=command.limit)
    return LimitOutcome(before=before, fact=fact, after=catch_up(limited, before.items, now))
