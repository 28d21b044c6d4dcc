"""References of payments made outside: one reference, one effect, within a provider. What the effect is, is not known
here; the table alone says who came first, under races too.
"""

import unicodedata

import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused
from tenure.store.dialects import insert_or_ignore
from tenure.store.engine import Connection, WriteConflict
from tenure.store.schema import payment_references

_CLAIM = insert_or_ignore(payment_references, "provider", "reference")
_FIGURES = sa.select(payment_references.c.figures).where(
    payment_references.c.provider == sa.bindparam("tenant"), payment_references.c.reference == sa.bindparam("of")
)


def normalize_reference(reference: str) -> str | Refused:
    """`reference` as it is kept: what looks the same is the same, such as one pasted with a blank too many.

    Blanks of every kind at both ends are left out and any between words are one; invisible characters are left out,
    and letters with accents are written in one way (NFC). Capitals stay: other ones are another reference. Refuses
    `field_invalid` when nothing is left.
    """
    seen = "".join(char for char in unicodedata.normalize("NFC", reference) if unicodedata.category(char) != "Cf")
    kept = " ".join(seen.split())
    return kept or Refused(
        RefusalCode.FIELD_INVALID, "A reference has at least one character that can be seen.", "reference"
    )


def claim_reference(conn: Connection, provider: str, reference: str, figures: str) -> bool | Refused:
    """True when the reference is new and now stands for `figures`; False when it already did.

    Refuses `duplicate_reference` when it stands for anything else. Raises `WriteConflict` when another transaction has
    just claimed it and its row cannot be seen yet.
    """
    row = {"provider": provider, "reference": reference, "figures": figures}
    if conn.execute(_CLAIM[conn.dialect.name], row).rowcount == 1:
        return True
    known = conn.scalar(_FIGURES, {"tenant": provider, "of": reference})
    if known is None:
        raise WriteConflict(f"the reference {reference} was claimed meanwhile")
    if known == figures:
        return False
    detail = (
        f"The payment {reference} was recorded before, for {_describe_figures(known)}. Each payment has "
        "a reference of its own."
    )
    return Refused(RefusalCode.DUPLICATE_REFERENCE, detail, "reference")


def of_top_up(customer: str, amount: int) -> str:
    """The figures of money that went to a balance (minor units)."""
    return f"top_up {customer} {amount}"


def of_line(subscription: str, covers: str, devices: int) -> str:
    """The figures of what a payment confirmed on one subscription."""
    return f"{covers} {subscription} {devices}" if covers == "raise" else f"{covers} {subscription}"


def _describe_figures(figures: str) -> str:
    """What a reference stands for, in words."""
    lines = [line.split(" ") for line in figures.split("\n")]
    what = {"top_up": "a top-up of", "order": "the order", "renewal": "a renewal of", "raise": "more devices on"}
    return ", ".join(f"{what.get(kind, 'something else,')} {' '.join(rest[:1])}".rstrip(", ") for kind, *rest in lines)
