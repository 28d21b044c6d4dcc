"""What a subscription lacks is what the booking function would lack: others that fall due before take their share."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.core.business.account import Account, AccountSubscription
from tenure.core.business.runway import lacking_money, runway
from tenure.core.business.settle import catch_up, settle
from tenure.core.subscription.renewal import due_at
from tenure.core.subscription.terms import RenewalIntent
from tests.core.situations import PRICE, limited
from tests.core.world import World, day

NOW = day("2026-12-27")


def account_of(world: World, *names: str, balance: int) -> tuple[Account, tuple[AccountSubscription, ...]]:
    """The world's one subscription, once for each name, automatic, on one balance."""
    (item,) = world.items.values() if isinstance(world.items, dict) else world.items
    subs = [msgspec.structs.replace(item.sub, id=name, intent=RenewalIntent.AUTO) for name in names]
    account = msgspec.structs.replace(world.account, balance=balance, settled_at=NOW)
    return account, tuple(msgspec.structs.replace(item, sub=sub) for sub in subs)


def paid(account: Account, items: tuple[AccountSubscription, ...], more: int) -> set[str]:
    """Which next periods are bought when `more` comes in now and nobody does anything else."""
    tried = catch_up(msgspec.structs.replace(account, balance=account.balance + more), items, NOW)
    after = settle(tried.account, tried.items, max(due_at(item.sub) for item in items))
    return {each.sub.id for each in after.items if len(each.sub.periods) > 1 or each.sub.reserved is not None}


def test_two_renewals_on_one_balance_lack_what_both_need() -> None:
    account, items = account_of(limited(PRICE), "sub_a", "sub_b", balance=PRICE // 2)
    assert lacking_money(account, items, "sub_a", NOW) == PRICE // 2
    assert lacking_money(account, items, "sub_b", NOW) == PRICE + PRICE // 2, "the first one takes its share before"
    assert paid(account, items, PRICE + PRICE // 2) == {"sub_a", "sub_b"}


def test_money_for_one_is_not_there_for_the_other() -> None:
    account, items = account_of(limited(PRICE), "sub_a", "sub_b", balance=PRICE)
    assert lacking_money(account, items, "sub_a", NOW) == 0
    assert lacking_money(account, items, "sub_b", NOW) == PRICE


def test_the_runway_names_the_sum_that_pays_for_all_of_them() -> None:
    account, items = account_of(limited(PRICE), "sub_a", "sub_b", balance=PRICE // 2)
    ahead = runway(account, items, NOW, NOW + 30 * 86_400)
    assert len(ahead.unpaid) == 2
    assert ahead.missing == PRICE + PRICE // 2
    assert not runway(*account_of(limited(PRICE), "sub_a", "sub_b", balance=2 * PRICE), NOW, NOW + 30 * 86_400).unpaid


@settings(max_examples=40, deadline=None)
@given(balance=st.integers(0, 4 * PRICE), count=st.integers(1, 4))
def test_what_is_lacking_pays_and_a_cent_less_does_not(balance: int, count: int) -> None:
    names = [f"sub_{number}" for number in range(count)]
    account, items = account_of(limited(PRICE), *names, balance=balance)
    for name in names:
        lacks = lacking_money(account, items, name, NOW)
        assert name in paid(account, items, lacks)
        assert not lacks or name not in paid(account, items, lacks - 1)
