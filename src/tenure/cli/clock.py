"""`tenure clock`: the time of a sandbox, which moves forwards only (B5)."""

import re
from typing import Annotated, Any

from cyclopts import Parameter

from tenure.cli.api import text_member
from tenure.cli.argument_types import parse_begin
from tenure.cli.command_session import CommandSession
from tenure.cli.options import CHANGING, READING
from tenure.cli.output import CommandOutput
from tenure.cli.problems import accept, invalid_field
from tenure.cli.registration import SANDBOX, add_noun, add_verb, add_words
from tenure.cli.screen import CommandScreen, TableColumn
from tenure.core.periods import LAST_INSTANT, format_instant, parse_instant
from tenure.core.plurals import format_count

CLOCK = (TableColumn("Now", "now", "moment"), TableColumn("Runs", "pace"), TableColumn("Sandbox", "sandbox", "yes"))
_WHERE = "/v1/sandbox/clock"
_STEP = re.compile(r"\+([0-9]{1,7})(s|min|h|d|w)")
_SECONDS = {"s": 1, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}

_APP = add_noun("clock", "The sandbox's clock: show, set.", SANDBOX)
add = add_words(_APP)


@add_verb(_APP, "show", READING, example="tenure clock show")
def show_clock(session: CommandSession) -> CommandOutput:
    """Show what time it is for the provider."""
    return session.get_shown(_WHERE, _print_clock)


@add_verb(_APP, "set", CHANGING, example="tenure clock set +30d --rate 0")
def set_clock(
    session: CommandSession,
    to: Annotated[
        str, Parameter(help="An instant, a date for its midnight UTC, or a step: +90s +5min +2h +30d +1w.")
    ] = "",
    *,
    rate: Annotated[int | None, Parameter(help="How fast it runs: 0 frozen, 1 real, n times as fast.")] = None,
) -> CommandOutput:
    """Move a sandbox's clock forwards, or change how fast it runs."""
    if not to and rate is None:
        raise invalid_field("Say where the clock shall stand, or how fast it shall run.", "to")
    body: dict[str, Any] = {} if rate is None else {"rate": rate}
    if to:
        body["now"] = _target_instant(session, to)
    return session.put(_WHERE, _print_clock, body)


def _target_instant(session: CommandSession, text: str) -> str:
    step = _STEP.fullmatch(text)
    if step is None:
        return parse_begin(text, "to")
    later = accept(parse_instant(text_member(session.get(_WHERE), "now"), "now")) + int(step[1]) * _SECONDS[step[2]]
    if later > LAST_INSTANT:
        raise invalid_field("No calendar reaches that far.", "to")
    return format_instant(later)


def _print_clock(screen: CommandScreen, value: Any) -> None:
    rate = value["rate"]
    pace = {0: "frozen", 1: "as fast as real time"}.get(rate, f"{format_count(rate, 'time')} as fast as real time")
    screen.card(value | {"pace": pace}, CLOCK)
