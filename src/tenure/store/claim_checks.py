"""Compares the rows that let something happen once (a trial, a payment's reference) with the histories they repeat.

An edit with SQL that deletes such a row would give a customer a second trial, or two periods for one payment.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

import msgspec
import sqlalchemy as sa

from tenure.core.business.ledger import LedgerAccount, PostingKind
from tenure.core.subscription import facts as f
from tenure.core.subscription.state import Subscription
from tenure.store import ledger, provider_chain
from tenure.store.chain import ChainFault, ChainFinding
from tenure.store.engine import Connection
from tenure.store.schema import payment_references, postings, trials

Histories = Mapping[str, tuple[Subscription, tuple[f.Fact, ...]]]
_TRIED = sa.select(trials.c.provider, trials.c.customer, trials.c.product)
_CLAIMED = sa.select(payment_references.c.provider, payment_references.c.reference, payment_references.c.figures)
_TOP_UPS = sa.select(postings.c.provider, postings.c.customer, postings.c.body).where(
    postings.c.kind == PostingKind.TOP_UP
)


def verify_claims(conn: Connection, known: Histories) -> Iterator[ChainFinding]:
    """Every trial and every reference that the histories do not have, or that they have and no row says."""
    had = {key for sub, history in known.values() for key in _trials_of(sub, history)}
    noted = {(provider, customer, product) for provider, customer, product in conn.execute(_TRIED)}
    for provider, customer, product in sorted(had ^ noted):
        said = "is forgotten" if (provider, customer, product) in had else "never was"
        yield _difference(provider, f"the trial of {product} by {customer} {said}")
    paid, claimed = (
        _paid_by_reference(conn, known),
        {(a, b): set(map(_described_figures, c.split("\n"))) for a, b, c in conn.execute(_CLAIMED)},
    )
    for provider, reference in sorted({*paid, *claimed}):
        if paid.get((provider, reference)) != claimed.get((provider, reference)):
            yield _difference(
                provider, f"the payment reference {reference!a} stands for something else than was booked"
            )


def _trials_of(sub: Subscription, history: tuple[f.Fact, ...]) -> Iterator[tuple[str, str, str]]:
    """(provider, customer, product) of everybody who has had this subscription, if it is a trial."""
    if not sub.trial:
        return
    for fact in history:
        if isinstance(fact, f.Ordered | f.Transferred):
            yield sub.provider, fact.customer, sub.product


def _paid_by_reference(conn: Connection, known: Histories) -> dict[tuple[str, str], set[tuple[str, ...]]]:
    """What each reference paid, as postings and facts say."""
    found = defaultdict[tuple[str, str], set[tuple[str, ...]]](set)
    for sub, history in known.values():
        for fact in history:
            if isinstance(fact, f.PaymentConfirmed):
                found[sub.provider, fact.reference].add((fact.covers, sub.id))
    for provider, customer, body in conn.execute(_TOP_UPS):
        try:
            posting = msgspec.json.decode(body, type=ledger.PostingRecord).posting
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue  # altered, which the chain itself reports
        amount = sum(entry.amount for entry in posting.entries if entry.account is LedgerAccount.BALANCE)
        found[provider, posting.reference].add(("top_up", customer, str(amount)))
    return found


def _described_figures(line: str) -> tuple[str, ...]:
    """A line of the figures, as far as a fact says it: of devices it does not say how many were paid."""
    words = tuple(line.split(" "))
    return words if words[0] == "top_up" else words[:2]


def _difference(provider: str, detail: str) -> ChainFinding:
    return ChainFinding(provider_chain.name_of(provider, provider_chain.RECORDS), 0, ChainFault.DIFFERS, detail)
