"""A customer's prepaid account with its provider: double entry, append-only, integer minor units [spec: ledger].

What something costs is `pricing`'s, when it is due and how far the money reaches `settle`'s; the store keeps postings
and their uniqueness.
"""

from collections.abc import Iterable
from enum import StrEnum
from functools import partial

import msgspec

from tenure.core.timeline import Instant


class LedgerAccount(StrEnum):
    """The four accounts: two of the customer, two of the provider."""

    BALANCE = "balance"
    RESERVE = "reserve"
    REVENUE = "revenue"
    CLEARING = "clearing"
    """What the provider received outside; it goes down as balances go up."""


class PostingKind(StrEnum):
    """Every way in which money moves."""

    TOP_UP = "top_up"
    RESERVE = "reserve"
    RELEASE = "release"
    CAPTURE = "capture"
    CHARGE = "charge"
    REFUND = "refund"


MOVES: dict[PostingKind, tuple[LedgerAccount, LedgerAccount]] = {
    PostingKind.TOP_UP: (LedgerAccount.CLEARING, LedgerAccount.BALANCE),
    PostingKind.RESERVE: (LedgerAccount.BALANCE, LedgerAccount.RESERVE),
    PostingKind.RELEASE: (LedgerAccount.RESERVE, LedgerAccount.BALANCE),
    PostingKind.CAPTURE: (LedgerAccount.RESERVE, LedgerAccount.REVENUE),
    PostingKind.CHARGE: (LedgerAccount.BALANCE, LedgerAccount.REVENUE),
    PostingKind.REFUND: (LedgerAccount.REVENUE, LedgerAccount.BALANCE),
}
"""From which account to which each kind moves."""


class Entry(msgspec.Struct, frozen=True):
    """One side of a posting: what is added to the account, minor units, negative when taken away."""

    account: LedgerAccount
    amount: int


class Posting(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One movement of money; its entries sum to zero.

    Unique per customer: (kind, reference) of a top-up, (kind, subscription, period, reference) of anything else. A
    renewal leaves the reference empty, so that each (subscription, period) is paid once.
    """

    kind: PostingKind
    at: Instant
    """When it took effect: for what falls due, the due instant, however late it is booked."""
    recorded_at: Instant
    """From when the money counts."""
    entries: tuple[Entry, ...]
    reference: str = ""
    subscription: str = ""
    period: Instant | None = None
    """Start of the period concerned."""
    note: str = ""

    def __post_init__(self) -> None:
        if sum(entry.amount for entry in self.entries) != 0:
            raise ValueError("the entries of a posting sum to zero")

    def moved_on(self, account: LedgerAccount) -> int:
        """What this posting adds to `account`, negative when it takes away."""
        return sum(entry.amount for entry in self.entries if entry.account is account)


def make_posting(
    kind: PostingKind,
    amount: int,
    *,
    at: Instant,
    recorded_at: Instant,
    reference: str = "",
    subscription: str = "",
    period: Instant | None = None,
    note: str = "",
) -> Posting:
    """Move `amount` (minor units, above 0) as `kind` does.

    Raises ValueError, a mistake of the program: for an amount of nothing or less, a top-up without the provider's
    reference, anything else without its subscription.
    """
    if amount <= 0:
        raise ValueError("a posting moves a positive amount")
    if not (reference if kind is PostingKind.TOP_UP else subscription):
        raise ValueError("a top-up names its reference, anything else its subscription")
    source, target = MOVES[kind]
    return Posting(
        kind=kind,
        at=at,
        recorded_at=recorded_at,
        entries=(Entry(source, -amount), Entry(target, amount)),
        reference=reference,
        subscription=subscription,
        period=period,
        note=note,
    )


top_up = partial(make_posting, PostingKind.TOP_UP)
reserve = partial(make_posting, PostingKind.RESERVE)
release = partial(make_posting, PostingKind.RELEASE)
capture = partial(make_posting, PostingKind.CAPTURE)
charge = partial(make_posting, PostingKind.CHARGE)
refund = partial(make_posting, PostingKind.REFUND)


class Balances(msgspec.Struct, frozen=True):
    """A customer's two accounts, minor units."""

    balance: int = 0
    reserve: int = 0

    def after(self, posting: Posting) -> "Balances":
        """The balances once `posting` is booked."""
        return Balances(
            self.balance + posting.moved_on(LedgerAccount.BALANCE),
            self.reserve + posting.moved_on(LedgerAccount.RESERVE),
        )


def available_amount(balances: Balances, credit_limit: int = 0) -> int:
    """What may be spent now: the balance and the credit limit (not negative); reserved money is spent already."""
    return balances.balance + credit_limit


def missing_amount(balances: Balances, amount: int, credit_limit: int = 0) -> int:
    """What must be topped up before `amount` can be paid; 0 when it can."""
    return max(0, amount - available_amount(balances, credit_limit))


def is_affordable(balances: Balances, amount: int, credit_limit: int = 0) -> bool:
    """Whether paying `amount` leaves the balance at or above minus the credit limit (P5)."""
    return missing_amount(balances, amount, credit_limit) == 0


class StatementLine(msgspec.Struct, frozen=True):
    """A row of the statement: a posting and both accounts after it."""

    posting: Posting
    change: int
    """What the posting did to the balance; 0 for a capture, which moves reserved money."""
    balance: int
    reserve: int


def statement_lines(postings: Iterable[Posting], start: Balances = Balances()) -> tuple[StatementLine, ...]:  # noqa: B008 - frozen
    """The postings in the order given, each with the running balance; `start` is what was there before the first."""
    lines: list[StatementLine] = []
    balances = start
    for posting in postings:
        balances = balances.after(posting)
        lines.append(
            StatementLine(posting, posting.moved_on(LedgerAccount.BALANCE), balances.balance, balances.reserve)
        )
    return tuple(lines)


# Spreadsheets read a cell that begins so as a formula; the wide forms are folded to the plain ones by some.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_cell(text: str) -> str:
    """`text` as one quoted CSV cell (RFC 4180) that no spreadsheet takes for a formula: such a cell gets a leading `'`.

    Every cell is quoted, so that a reader that splits at semicolons cannot cut a formula out of the middle either.
    """
    safe = "'" + text if text.startswith(_FORMULA) else text
    return '"' + safe.replace('"', '""') + '"'


def csv_row(cells: Iterable[str]) -> str:
    """One line of CSV with its CR LF."""
    return ",".join(map(csv_cell, cells)) + "\r\n"
