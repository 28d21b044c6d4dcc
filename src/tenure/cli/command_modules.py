"""Which module brings which command, written down so that a command loads its own module and none of the others.

Building them all takes longer than most commands do. Nothing is imported here; a test compares with the modules.
"""

from collections.abc import Mapping
from typing import Final

SUBSCRIPTION_COMMANDS: Final = "actions"
"""The module whose words are the rows of `core.business.command_table`, and are not written down a second time."""

COMMAND_MODULES: Final[Mapping[str, tuple[str, ...]]] = {
    "board": ("board",),
    "orders": ("order",),
    "order_requests": ("order-requests",),
    "subscriptions": ("subscriptions",),
    SUBSCRIPTION_COMMANDS: (),
    "customers": ("customers",),
    "money": ("top-up", "credit-limit", "account", "statement", "runway"),
    "payments": ("payments",),
    "imports": ("import",),
    "sites": ("installations",),
    "events": ("events",),
    "catalog": ("products", "plans"),
    "offers": ("offers",),
    "policy": ("policy",),
    "bounds": ("policy-bounds",),
    "batch": ("batch",),
    "providers": ("providers", "tokens"),
    "team": ("users", "invitations", "audit"),
    "webhooks": ("webhooks",),
    "emails": ("emails",),
    "login": ("login", "logout", "profiles"),
    "refusals": ("refusals",),
    "clock": ("clock",),
    "demo_commands": ("demo", "story"),
    "server": ("server",),
    "portal": ("portal",),
    "keys": ("keys",),
    "history": ("verify-history", "checkpoint"),
    "database": ("database",),
    "maintenance": ("rebuild", "backup", "restore"),
    "site": ("site",),
    "site_licenses": ("activate", "status", "licenses", "sync", "explain", "doctor"),
    "offline": ("offline",),
    "deactivation": ("deactivate",),
    "site_devices": ("devices",),
    "site_groups": ("groups",),
    "site_dns": ("dns",),
    "site_agent": ("agent",),
    "help_commands": ("help", "completion"),
}
"""Modules of `tenure.cli` that add commands, in the order in which help shows them, with the first words they bring."""
OF_THE_WHOLE: Final = frozenset({"help", "completion"})
"""Commands that speak of every other one."""
