"""The sentence about each kind of fact: what it changed, by how much, for whom; never an id."""

import re
from typing import Any, get_args

import pytest

from tenure.core.fact_words import Names
from tenure.core.policy.rules import Rules
from tenure.core.subscription import facts as f
from tenure.core.subscription.terms import CodeRef, Hold, Period, RenewalIntent, TermsField
from tenure.core.timeline import DAY
from tests.core.samples import sample_of
from tests.core.world import day, terms

NOW = day("2026-01-01")
SITE, HEIR, CODE, CUSTOMER = "site_" + "a" * 26, "site_" + "b" * 26, "cod_" + "c" * 26, "cus_" + "d" * 26
NAMES = Names(
    currency="EUR",
    sites={SITE: "Berlin", HEIR: "Paris"},
    codes={CODE: "9XK2"},
    plans={"standard": "Suite, yearly"},
    customers={CUSTOMER: "ACME"},
)
STRANGERS = Names(currency="EUR")
WHEN: dict[str, Any] = {"at": NOW, "recorded_at": NOW, "by": "usr_" + "e" * 26}
PERIOD = Period(since=NOW, until=day("2027-01-01"), devices=10, price=12_000, rules=Rules())
PAID = "aid from 2026-01-01T00:00:00Z until 2027-01-01T00:00:00Z"
ORDER: dict[str, Any] = {
    "subscription": "sub_1", "provider": "prv_1", "customer": CUSTOMER, "terms": terms(), "rules": Rules(),
    "code": CodeRef(CODE, "9XK2"), "intent": RenewalIntent.AUTO, "price": 12_000, "activate_by": NOW + DAY,
}  # fmt: skip
TOLD: list[tuple[f.Fact, str]] = [
    (
        f.Ordered(**WHEN, **ORDER),
        "Plan Suite, yearly, 10 devices, 120.00 EUR; to be activated by 2026-01-02T00:00:00Z; code …9XK2;"
        " it renews by itself.",
    ),
    (
        f.Ordered(**WHEN, **ORDER | {"awaiting_payment": True, "intent": RenewalIntent.MANUAL, "period": PERIOD}),
        f"Plan Suite, yearly, 10 devices, 120.00 EUR, not paid yet; p{PAID}; code …9XK2; it is renewed by hand.",
    ),
    (
        f.PaymentConfirmed(**WHEN, reference="bank 7", amount=4_500, covers="raise"),
        "45.00 EUR for more devices, reference bank 7.",
    ),
    (f.Activated(**WHEN, period=PERIOD), f"P{PAID}."),
    (
        f.SiteActivated(**WHEN, site=SITE, key="k", code=CODE, name="Berlin", version="12.0", allotment=5),
        "Berlin, version 12.0, 5 devices, by the code …9XK2.",
    ),
    (f.SiteReplaced(**WHEN, site=SITE, replacement=HEIR, excess_until=NOW), "Paris has the place of Berlin."),
    (
        f.SiteReleaseOrdered(**WHEN, site=SITE, until=NOW, another_code=True),
        "Berlin is told to give its place up, at the latest 2026-01-01T00:00:00Z; it may take another code.",
    ),
    (f.SiteLeft(**WHEN, site=SITE, freed=True), "Berlin, its place is free at once."),
    (
        f.EphemeralCounted(**WHEN, day=NOW, came=1_200, went=7, digest="x"),
        "1,200 came and 7 went on the day that began 2026-01-01T00:00:00Z.",
    ),
    (
        f.SuccessorStaged(**WHEN, site=SITE, key="k", code=CODE, name="Berlin", version="12.0", present="sub_2"),
        "Berlin, version 12.0, by the code …9XK2.",
    ),
    (f.SuccessorDropped(**WHEN, site=SITE), "Berlin."),
    (f.SuccessorStarted(**WHEN, site=SITE, period=PERIOD), f"Berlin; p{PAID}."),
    (f.RenewalReserved(**WHEN, period=PERIOD), f"120.00 EUR set aside for 10 devices, p{PAID}."),
    (f.ReserveReleased(**WHEN, amount=12_000), "120.00 EUR back on the balance."),
    (f.Renewed(**WHEN, period=PERIOD, paid_by="balance"), f"P{PAID}, 10 devices: 120.00 EUR from the balance."),
    (f.Renewed(**WHEN, period=PERIOD, paid_by="nothing"), f"P{PAID}, 10 devices: free of charge."),
    (f.Reanchored(**WHEN, anchor=NOW), "Periods count from 2026-01-01T00:00:00Z."),
    (f.SiteDeclaredLost(**WHEN, site=SITE, recipient=HEIR, allotment=1), "Berlin; 1 device go to Paris."),
    (f.PaymentFailed(**WHEN, price=12_000, missing=2_000), "20.00 EUR missing of 120.00 EUR."),
    (f.Refunded(**WHEN, amount=1_000, since=NOW), "10.00 EUR for days from 2026-01-01T00:00:00Z on."),
    (f.RenewalIntentSet(**WHEN, intent=RenewalIntent.MANUAL), "It is renewed by hand."),
    (
        f.TermsChanged(**WHEN, terms=terms(devices=20), raises=((NOW, 4_500),), field=TermsField.DEVICES),
        "20 devices; 45.00 EUR paid on top.",
    ),
    (
        f.ChangeScheduled(**WHEN, effective=NOW, terms=terms(), field=TermsField.PLAN),
        "Plan Suite, yearly from 2026-01-01T00:00:00Z on.",
    ),
    (
        f.ChangeDropped(**WHEN, effective=NOW, field=TermsField.DEVICES),
        "The number of devices that was to change at 2026-01-01T00:00:00Z.",
    ),
    (
        f.HoldPlaced(**WHEN, hold=Hold(owner="provider", reason="unpaid", since=NOW, until=NOW, stop_clock=True)),
        "By the provider: unpaid, until 2026-01-01T00:00:00Z; the clock of paid days stops.",
    ),
    (
        f.HoldReleased(**WHEN, owner="customer", shift_days=3),
        "The pause by the customer; 3 paid days added at the end.",
    ),
    (
        f.Canceled(**WHEN, effective=NOW, grace_days=14),
        "Service ends at 2026-01-01T00:00:00Z, then 14 days of grace.",
    ),
    (f.CancellationUndone(**WHEN), "The earlier way of renewing holds again."),
    (f.CodeReissued(**WHEN, code=CodeRef(CODE, "9XK2")), "The new code ends in …9XK2."),
    (f.CodeBlocked(**WHEN, code=CODE, ends=NOW), "The code …9XK2; service ends at 2026-01-01T00:00:00Z."),
    (f.CodeUnblocked(**WHEN, code=CODE), "The code …9XK2."),
    (f.GraceExtended(**WHEN, days=1), "1 more day of grace at the end."),
    (
        f.SeatConflictListed(**WHEN, effective=NOW, out=(SITE,), back=(HEIR,), edited=True),
        "At 2026-01-01T00:00:00Z stop: Berlin; stay: Paris; chosen by a person.",
    ),
    (f.AllotmentFreed(**WHEN, site=SITE, allotment=5), "5 devices of Berlin go to the others."),
    (f.AllotmentSet(**WHEN, site=SITE, allotment=5), "Berlin: 5 devices."),
    (f.DevicesReleased(**WHEN, site=SITE, count=2), "2 devices by Berlin."),
    (f.ForkFound(**WHEN, site=SITE, evidence="x"), "Berlin."),
    (
        f.ForkResolved(**WHEN, site=SITE, resolution="retired", own=True),
        "Berlin: one is to go; said by the customer's side.",
    ),
    (f.Transferred(**WHEN, customer=CUSTOMER), "To ACME."),
    (
        f.Learned(**WHEN, site=SITE, key="k", serial=1_207, until=NOW),
        "Berlin showed lease 1,207, good until 2026-01-01T00:00:00Z.",
    ),
]


@pytest.mark.parametrize(("fact", "words"), TOLD, ids=[type(fact).__name__ for fact, _ in TOLD])
def test_a_fact_says_what_it_changed(fact: f.Fact, words: str) -> None:
    assert f.describe_fact(fact, NAMES) == words


KINDS: tuple[type[f.Fact], ...] = get_args(f.Fact)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_of_fact_says_something_and_calls_nothing_by_its_id(kind: type[f.Fact]) -> None:
    """A kind that was added since is made from its declaration; it may say more only in a row of its own above."""
    for fact in [each for each, _ in TOLD if type(each) is kind] or [sample_of(kind)]:
        told = f.describe_fact(fact, STRANGERS)
        assert told, fact
        assert not re.search(r"\b[a-z]{2,4}_[0-9a-z]{20}", told), told


def test_a_sample_has_every_field_of_its_kind() -> None:
    for kind in KINDS:
        fact = sample_of(kind)
        assert f.decode_fact(f.encode_fact(fact)) == fact
