"""What `tenure` alone shows: the commands by what one wants to do, on one screen; `tenure help all` has every one."""

from tenure.cli.screen import CommandScreen
from tenure.core.business.command_table import verbs_of
from tenure.core.business.command_table.row import CommandTopic

WORDS = ((), ("--help",), ("-h",), ("help",))
"""What is typed to be shown the way; with more words one command explains itself."""
HEAD = "Subscription licensing: orders, renewals and prepaid accounts, and the server behind them."
WIDTH = 36
"""Columns of the names."""
USAGE = "Usage: tenure COMMAND [ARGUMENTS] [OPTIONS]"

GROUPS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "First steps",
        (
            ("demo", "start everything with data to play with; nothing is kept"),
            ("story", "watch the main job done by the real programs"),
            ("server init, server run", "begin for good; docs/first-steps.md leads on from here"),
            ("portal run", "run the website for providers and customers"),
            ("login, profiles, logout", "keep a server's address and a token for the commands below"),
        ),
    ),
    (
        "Sell",
        (
            ("products, plans, policy-bounds", "as the vendor: what there is, and what providers may decide"),
            ("providers, offers, policy", "who sells it, for how much, with how much grace"),
            ("customers, order, order-requests", "who buys it, and what; the activation code is shown once"),
            ("import, batch", "many customers, orders or writes at once"),
        ),
    ),
    (
        "Look after subscriptions",
        (
            ("board, subscriptions, events", "due dates, current state with its reason, history"),
            (verbs_of(CommandTopic.RENEWAL), "the next period, or none"),
            (verbs_of(CommandTopic.TERMS), "another size or plan"),
            (verbs_of(CommandTopic.COURSE), "pauses, goodwill, another customer or day"),
            (verbs_of(CommandTopic.CODES), "the activation code"),
            (f"installations, {verbs_of(CommandTopic.SITES)}", "where it runs"),
        ),
    ),
    (
        "Money",
        (
            ("account, statement, runway", "balance, movements, and how long the balance lasts"),
            (
                f"top-up, payments, {verbs_of(CommandTopic.PAYMENT)}, credit-limit",
                "incoming payments and credit limit",
            ),
        ),
    ),
    (
        "At a customer",
        (
            ("site init, site run", "the administration server of a network"),
            ("activate, licenses, status, explain", "apply a code; the current state, and why"),
            ("devices, groups, agent", "the computers that are licensed"),
            ("sync, offline, dns, doctor", "the way to the activation server, also without a network"),
            ("deactivate", "give back the license of an application on its own"),
        ),
    ),
    (
        "Run the server",
        (
            ("users, invitations, tokens, audit", "who may do what, and who did"),
            ("emails, webhooks", "messages to users and to other programs"),
            ("database", "its schema, and what to say after PostgreSQL was restored"),
            ("keys, checkpoint, verify-history", "signing keys, and histories that prove themselves"),
            ("backup, restore, rebuild, clock", "the database, and a sandbox's clock"),
        ),
    ),
    (
        "Help",
        (
            ("help COMMAND", "one command with its options; help all: every command"),
            ("refusals, completion", "every refusal with its remedy; completion for your shell"),
        ),
    ),
)
"""Headings, and under each commands with what they are for."""


def show_overview(screen: CommandScreen) -> None:
    """Print the overview: the names alone in a column, or above what they are for where they are many."""
    screen.line(USAGE)
    screen.line(HEAD)
    for title, rows in GROUPS:
        screen.heading(title)
        for names, purpose in rows:
            screen.line(f"  {names:<{WIDTH}}  {purpose}" if len(names) <= WIDTH else f"  {names}: {purpose}")
