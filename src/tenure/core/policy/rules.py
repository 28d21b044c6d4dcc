"""What a provider allows: the rules a period runs under, and the actions of each role.

The vendor's bounds on both are in `bounds`. A period is pinned to the `Rules` in force at its start; `Policy.actions`
applies as published now [spec: policy-version, policy].
"""

from enum import StrEnum

import msgspec


class Role(StrEnum):
    """Who acts, as far as permissions are concerned."""

    VENDOR = "vendor"
    PROVIDER = "provider"
    CUSTOMER = "customer"
    SITE = "site"


class Action(StrEnum):
    """What a provider can allow or forbid to a role [spec: actions]."""

    ORDER = "order"
    RENEW = "renew"
    AUTO_RENEW = "auto_renew"
    CANCEL_AT_END = "cancel_at_end"
    CANCEL_NOW = "cancel_now"
    UNDO_CANCEL = "undo_cancel"
    CHANGE_DEVICES = "change_devices"
    CHANGE_PLAN = "change_plan"
    PAUSE = "pause"
    RESUME = "resume"
    REISSUE_CODE = "reissue_code"
    EXTEND_GRACE = "extend_grace"
    TRANSFER = "transfer"
    RELEASE_SITE = "release_site"
    REQUEST_PAYMENT = "request_payment"
    TOP_UP = "top_up"


class LateRenewal(StrEnum):
    """Where a period bought after the end begins [spec: late-renewal]."""

    CHARGE_GRACE = "charge_grace"
    FROM_NOW = "from_now"
    FROM_END = "from_end"


class RefundRule(StrEnum):
    """What a cancellation at once gives back, always by the rule *Giving back*."""

    NONE = "none"
    UNUSED_DAYS = "unused_days"


class RenewalOrder(StrEnum):
    """In which order items are paid when money is short; each that can be paid whole is paid [spec: payment-order]."""

    OLDEST_DUE = "oldest_due"
    CHEAPEST = "cheapest"
    MOST_EXPENSIVE = "most_expensive"


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """The figures a period runs under, pinned at its start. Days are whole days of 86,400 seconds.

    Evolution: fields are only appended, with a default that keeps the old behavior; a default never changes,
    because rules are stored whole in facts.
    """

    grace_days: int = 14
    cancel_grace_days: int = 0
    trial_grace_days: int = 0
    renew_window_days: int = 90
    reinstate_days: int = 365
    resume_days: int = 30
    late_renewal: LateRenewal = LateRenewal.CHARGE_GRACE
    refund: RefundRule = RefundRule.NONE
    stop_clock: bool = False
    tolerance_percent: int = 10
    seat_conflict_days: int = 30
    idle_release_days: int = 60
    block_grace_days: int = 8
    reminders: tuple[int, ...] = (60, 30, 14, 7, 3, 1, 0)
    sync_interval: int = 86_400
    """Seconds between synchronizations."""
    lease_days: int = 30
    after_end_sync_days: int = 90
    """Days of daily synchronization after the end, then weekly; 0 stops at the end as the original does (M14)."""
    air_gap_lease_days: int = 90
    """Life of a lease that is carried by hand to a site without a network [spec: offline-exchange]."""
    ephemeral_hours: int = 24
    """Life of the lease of an ephemeral application, such as one in a container; its place is free at the end."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """One published version of a provider's policy; figures may be overridden per plan by partial layers (`bounds`)."""

    rules: Rules = Rules()
    customer_actions: frozenset[Action] = frozenset(
        {
            Action.ORDER,
            Action.RENEW,
            Action.AUTO_RENEW,
            Action.CANCEL_AT_END,
            Action.UNDO_CANCEL,
            Action.CHANGE_DEVICES,
            Action.REISSUE_CODE,
            Action.REQUEST_PAYMENT,
        }
    )
    provider_actions: frozenset[Action] = frozenset(Action)
    renewal_order: RenewalOrder = RenewalOrder.OLDEST_DUE

    def permitted_actions(self, role: Role) -> frozenset[Action]:
        """The actions of `role`; a site's administrator acts with the customer's permissions (M11)."""
        if role is Role.VENDOR:
            return frozenset(Action)
        return self.provider_actions if role is Role.PROVIDER else self.customer_actions
