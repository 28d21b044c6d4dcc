"""Every command that can be given to a subscription, declared once: API, command line, portal and docs read it here.

What a row means is in `row`; the rows are in the modules beside it, by topic. What is not here is asked in another way:
an order makes a subscription, and activation, staging and leaving are a site's own requests.
"""

from collections.abc import Mapping

from tenure.core.business.command_table import (
    code_commands,
    course_commands,
    renewal_commands,
    site_commands,
    terms_commands,
)
from tenure.core.business.command_table.row import CommandForm, CommandRow, CommandTopic

__all__ = ["COMMANDS", "FORMS", "ROWS", "verbs_of"]

COMMANDS: tuple[CommandRow, ...] = (
    *renewal_commands.ROWS,
    *course_commands.ROWS,
    *terms_commands.ROWS,
    *code_commands.ROWS,
    *site_commands.ROWS,
)
ROWS: Mapping[str, CommandRow] = {row.name: row for row in COMMANDS}
FORMS: tuple[tuple[CommandRow, CommandForm], ...] = tuple((row, form) for row in COMMANDS for form in row.forms)


def verbs_of(topic: CommandTopic) -> str:
    """The commands of a topic as they are typed, with commas between."""
    return ", ".join(row.verb for row in COMMANDS if row.topic is topic)
