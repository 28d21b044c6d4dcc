"""The prepaid ledger: nothing appears, nothing vanishes, nobody spends what is not there."""

import csv
import io
import os
from collections.abc import Iterable
from functools import reduce

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tenure.core.business.ledger import (
    MOVES,
    Balances,
    Entry,
    LedgerAccount,
    Posting,
    PostingKind,
    available_amount,
    capture,
    charge,
    csv_cell,
    csv_row,
    is_affordable,
    make_posting,
    missing_amount,
    refund,
    release,
    reserve,
    statement_lines,
    top_up,
)

AMOUNTS = st.integers(1, 10_000)


def paid_in(amount: int, reference: str = "bank-1") -> Posting:
    return top_up(amount, at=0, recorded_at=0, reference=reference)


def balances_after(postings: Iterable[Posting]) -> Balances:
    """What postings amount to, one after the other."""
    return reduce(Balances.after, postings, Balances())


def test_m06_a_renewal_is_reserved_and_captured_from_what_was_prepaid() -> None:
    history = [
        paid_in(5_000),
        reserve(1_200, at=10, recorded_at=11, subscription="sub_a", period=20),
        capture(1_200, at=20, recorded_at=21, subscription="sub_a", period=20),
    ]
    assert balances_after(history[:2]) == Balances(3_800, 1_200)
    assert balances_after(history) == Balances(3_800, 0)
    assert history[2].moved_on(LedgerAccount.REVENUE) == 1_200


@pytest.mark.parametrize(
    ("posting", "source", "target"),
    [
        (paid_in(7), LedgerAccount.CLEARING, LedgerAccount.BALANCE),
        (reserve(7, at=0, recorded_at=0, subscription="s"), LedgerAccount.BALANCE, LedgerAccount.RESERVE),
        (release(7, at=0, recorded_at=0, subscription="s"), LedgerAccount.RESERVE, LedgerAccount.BALANCE),
        (capture(7, at=0, recorded_at=0, subscription="s"), LedgerAccount.RESERVE, LedgerAccount.REVENUE),
        (charge(7, at=0, recorded_at=0, subscription="s"), LedgerAccount.BALANCE, LedgerAccount.REVENUE),
        (refund(7, at=0, recorded_at=0, subscription="s"), LedgerAccount.REVENUE, LedgerAccount.BALANCE),
    ],
)
def test_each_kind_moves_between_its_two_accounts(
    posting: Posting, source: LedgerAccount, target: LedgerAccount
) -> None:
    assert {account: posting.moved_on(account) for account in LedgerAccount if posting.moved_on(account)} == {
        source: -7,
        target: 7,
    }
    assert MOVES[posting.kind] == (source, target)


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_or_less_cannot_be_posted(amount: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        paid_in(amount)


def test_a_posting_says_what_it_is_for() -> None:
    with pytest.raises(ValueError, match="reference"):
        top_up(1, at=0, recorded_at=0, subscription="sub_a")
    for kind in set(PostingKind) - {PostingKind.TOP_UP}:
        with pytest.raises(ValueError, match="subscription"):
            make_posting(kind, 1, at=0, recorded_at=0, reference="bank-1")


def test_a_posting_that_does_not_balance_can_neither_be_made_nor_read_back() -> None:
    with pytest.raises(ValueError, match="sum to zero"):
        Posting(kind=PostingKind.TOP_UP, at=0, recorded_at=0, entries=(Entry(LedgerAccount.BALANCE, 5),))
    bytes_ = msgspec.json.encode(paid_in(5))
    assert msgspec.json.decode(bytes_, type=Posting) == paid_in(5)
    with pytest.raises(msgspec.ValidationError, match="sum to zero"):
        msgspec.json.decode(bytes_.replace(b"-5", b"-4"), type=Posting)


@pytest.mark.parametrize(
    ("balance", "credit", "amount", "short"), [(100, 0, 100, 0), (100, 0, 101, 1), (0, 50, 50, 0), (-50, 50, 1, 1)]
)
def test_the_credit_limit_is_the_only_way_below_nothing(balance: int, credit: int, amount: int, short: int) -> None:
    held = Balances(balance, reserve=1_000)
    assert available_amount(held, credit) == balance + credit, "reserved money is not available"
    assert missing_amount(held, amount, credit) == short
    assert is_affordable(held, amount, credit) is (short == 0)


def test_without_a_credit_limit_only_what_is_there_can_be_spent() -> None:
    held = Balances(100)
    assert (available_amount(held), missing_amount(held, 100), missing_amount(held, 101)) == (100, 0, 1)
    assert is_affordable(held, 100)
    assert not is_affordable(held, 101)


def test_the_statement_runs_on_from_what_was_there() -> None:
    lines = statement_lines(
        [
            paid_in(500),
            reserve(200, at=1, recorded_at=1, subscription="s"),
            capture(200, at=2, recorded_at=2, subscription="s"),
        ],
        Balances(100),
    )
    assert [(line.change, line.balance, line.reserve) for line in lines] == [
        (500, 600, 0),
        (-200, 400, 200),
        (0, 400, 0),
    ]


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_no_cell_is_taken_for_a_formula(first: str) -> None:
    assert csv_cell(f"{first}cmd|'/C calc'!A0") == f"\"'{first}cmd|'/C calc'!A0\""


def test_other_cells_stay_as_they_are_and_quotes_are_doubled() -> None:
    assert csv_cell("") == '""'
    assert csv_cell("Acme = 5") == '"Acme = 5"'
    assert csv_cell('say "hi"') == '"say ""hi"""'
    assert csv_row(["a", "b,c", "=1"]) == '"a","b,c","\'=1"\r\n'


@given(st.lists(st.text(alphabet=st.characters(exclude_characters="\r\x00", codec="utf-8")), min_size=1, max_size=4))
def test_any_csv_reader_gets_the_cells_back(cells: list[str]) -> None:
    (row,) = csv.reader(io.StringIO(csv_row(cells), newline=""))
    assert [cell.removeprefix("'") for cell in row] == [cell.removeprefix("'") for cell in cells]


class Customer(RuleBasedStateMachine):
    """A customer's account under any sequence of movements that respects `is_affordable`."""

    def __init__(self) -> None:
        super().__init__()
        self.credit = 0
        self.cached = Balances()
        self.postings: list[Posting] = []
        self.held: list[int] = []
        self.earned = 0
        self.received = 0

    def book(self, kind: PostingKind, amount: int) -> None:
        moment = len(self.postings)
        posting = make_posting(
            kind, amount, at=moment, recorded_at=moment, reference=f"r{moment}", subscription="sub_a"
        )
        self.postings.append(posting)
        self.cached = self.cached.after(posting)

    @initialize(credit=st.sampled_from([0, 500]))
    def agree(self, credit: int) -> None:
        self.credit = credit

    @rule(amount=AMOUNTS)
    def pays_in(self, amount: int) -> None:
        self.received += amount
        self.book(PostingKind.TOP_UP, amount)

    @rule(amount=AMOUNTS)
    def reserves(self, amount: int) -> None:
        if is_affordable(self.cached, amount, self.credit):
            self.held.append(amount)
            self.book(PostingKind.RESERVE, amount)

    @rule(amount=AMOUNTS)
    def is_charged(self, amount: int) -> None:
        if is_affordable(self.cached, amount, self.credit):
            self.earned += amount
            self.book(PostingKind.CHARGE, amount)

    @precondition(lambda self: self.held)
    @rule(keep=st.booleans())
    def reserve_ends(self, keep: bool) -> None:
        amount = self.held.pop()
        self.earned += amount if keep else 0
        self.book(PostingKind.CAPTURE if keep else PostingKind.RELEASE, amount)

    @precondition(lambda self: self.earned > 0)
    @rule(data=st.data())
    def gets_back(self, data: st.DataObject) -> None:
        amount = data.draw(st.integers(1, self.earned))
        self.earned -= amount
        self.book(PostingKind.REFUND, amount)

    @invariant()
    def every_cent_is_somewhere(self) -> None:
        assert all(sum(entry.amount for entry in posting.entries) == 0 for posting in self.postings)
        assert self.cached == balances_after(self.postings)
        assert self.cached.reserve == sum(self.held)
        assert self.received == self.cached.balance + self.cached.reserve + self.earned

    @invariant()
    def nobody_spends_what_is_not_there(self) -> None:
        assert available_amount(self.cached, self.credit) >= 0


TestCustomer = Customer.TestCase
TestCustomer.settings = settings(
    max_examples=2_000 if os.environ.get("SOAK") else 40,  # 10^5 steps with `SOAK=1`
    stateful_step_count=50 if os.environ.get("SOAK") else 30,
    deadline=None,
)
