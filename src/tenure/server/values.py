"""What is stored as bodies of the catalog and of tenants: products, plans, offers, providers, customers, policies.

Evolution: fields are appended only, each with a default that keeps the old meaning.
"""

import msgspec

from tenure.core.lease.claims import Brand
from tenure.core.periods import Duration
from tenure.core.policy.rules import Action, Policy, RenewalOrder
from tenure.core.pricing import Band
from tenure.core.subscription.terms import Settlement, SubscriptionKind, Terms, TermStart
from tenure.core.timeline import Instant
from tenure.http.views import copy_fields

Layer = dict[str, int | str | bool | list[int]]
"""Some fields of `core.policy.Rules`, by name: what one layer of the policy says."""


class ProductValue(msgspec.Struct, frozen=True, kw_only=True):
    """What the vendor makes."""

    id: str
    name: str


class MinVersion(msgspec.Struct, frozen=True):
    """The lowest version that may activate, from an instant on (M13)."""

    since: Instant
    version: str


class PlanValue(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which a product is licensed."""

    id: str
    product: str
    name: str
    kind: SubscriptionKind
    period: Duration
    features: tuple[str, ...]
    base_features: tuple[str, ...] = ()
    floors: tuple[MinVersion, ...] = ()
    """Oldest first; the last one is in force now."""
    min_devices: int = 1
    max_devices: int = 1_000_000
    max_sites: int = 5
    start: TermStart = TermStart.AT_ORDER
    trial: Duration | None = None
    """How long the plan may be tried; None: not at all."""

    @property
    def min_version_at(self) -> str:
        """The lowest version in force now; empty for none."""
        return self.floors[-1].version if self.floors else ""


class OfferValue(msgspec.Struct, frozen=True, kw_only=True):
    """What one provider sells: a plan, its price per device and period, and how it is paid."""

    id: str
    provider: str
    plan: str
    currency: str
    bands: tuple[Band, ...]
    settlement: Settlement = Settlement.PREPAID
    name: str = ""
    code_in_mail: bool = False
    """Whether the mail about the activation code holds the code itself; else a link that shows it once."""


class ProviderValue(msgspec.Struct, frozen=True, kw_only=True):
    """A service provider: a tenant of the server."""

    id: str
    name: str
    currency: str
    sandbox: bool = False
    brand: Brand = Brand()


class CustomerValue(msgspec.Struct, frozen=True, kw_only=True):
    """A customer of one provider."""

    id: str
    provider: str
    name: str
    reference: str = ""
    email: str = ""


class PolicyBody(msgspec.Struct, frozen=True, kw_only=True):
    """A provider's policy as published: figures as layers, permissions, the order of payment."""

    rules: Layer = {}
    plans: dict[str, Layer] = {}
    """What differs for single plans."""
    customer_actions: frozenset[Action] = Policy().customer_actions
    provider_actions: frozenset[Action] = Policy().provider_actions
    renewal_order: RenewalOrder = RenewalOrder.OLDEST_DUE
    apply_now: bool = False
    """Whether a longer grace reaches the periods that were running when it was published."""


def terms_of(plan: PlanValue, offer: OfferValue, devices: int) -> Terms:
    """What a customer agrees to when buying `devices` of `plan` under `offer`."""
    return copy_fields(
        Terms,
        plan,
        plan=plan.id,
        devices=devices,
        min_version=plan.min_version_at,
        settlement=offer.settlement,
        currency=offer.currency,
        bands=offer.bands,
    )
