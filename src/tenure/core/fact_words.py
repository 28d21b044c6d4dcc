"""Names and phrases of which facts make their sentences: amounts, counts, days, and what people call things.

Instants stand in RFC 3339 and amounts as `12.50 EUR`, for the surfaces to write as their readers do.
"""

from collections.abc import Mapping

import msgspec

from tenure.core.periods import format_instant
from tenure.core.plurals import format_count
from tenure.core.pricing import format_money
from tenure.core.subscription.terms import Period, Terms, TermsField


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """How people call what facts name by ids; what is not here is not called by its id."""

    currency: str
    sites: Mapping[str, str] = {}
    codes: Mapping[str, str] = {}
    """Id of a code to its last group."""
    plans: Mapping[str, str] = {}
    customers: Mapping[str, str] = {}

    def money(self, minor: int) -> str:
        """`12.50 EUR`."""
        return format_money(minor, self.currency)

    def site(self, name: str) -> str:
        """An installation by its name."""
        return self.sites.get(name) or "an installation"

    def code(self, name: str) -> str:
        """A code by its end."""
        last = self.codes.get(name)
        return f"the code …{last}" if last else "a code"

    def plan(self, name: str) -> str:
        """A plan by its name; its id is what the vendor chose to be read."""
        return self.plans.get(name) or name


def name_terms(terms: Terms, names: Names, field: TermsField | None = None) -> str:
    """`plan Standard, 10 devices`, or only the part that `field` says."""
    devices, plan = format_count(terms.devices, "device"), f"plan {names.plan(terms.plan)}"
    if field is TermsField.DEVICES:
        return devices
    return plan if field is TermsField.PLAN else f"{plan}, {devices}"


def name_raise(amount: int, names: Names) -> str:
    """What was paid on top, with a semicolon before it; nothing for 0."""
    return f"; {names.money(amount)} paid on top" if amount else ""


def name_period(period: Period | None) -> str:
    """`paid from … until …`; nothing for None."""
    if period is None:
        return ""
    trial = "trial" if period.trial else "paid"
    return f"{trial} from {format_instant(period.since)} until {format_instant(period.until)}"


def name_arrival(name: str, version: str, allotment: int, code: str) -> str:
    """An installation that came, by which code."""
    share = f", {format_count(allotment, 'device')}" if allotment else ""
    return f"{name or 'An installation'}, version {version or 'not told'}{share}, by {code}"
