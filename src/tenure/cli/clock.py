"""`tenure clock`: the time of a sandbox, which moves forwards only (B5)."""

import re
from typing import Annotated, Any

from cyclopts import App, Parameter

from tenure.cli.api import Sending
from tenure.cli.desk import Desk
from tenure.cli.kinds import begin
from tenure.cli.options import CHANGING, READING
from tenure.cli.problems import Failed, failed, invalid
from tenure.cli.show import Column, Screen
from tenure.cli.verbs import SANDBOX, Ended, noun, verb
from tenure.core.periods import LAST_INSTANT, format_instant, parse_instant
from tenure.core.plurals import format_count
from tenure.core.refusals import Refused

CLOCK = (Column("Now", "now", "moment"), Column("Runs", "pace"), Column("Sandbox", "sandbox", "yes"))
_WHERE = "/v1/sandbox/clock"
_STEP = re.compile(r"\+([0-9]{1,7})(s|min|h|d|w)")
_SECONDS = {"s": 1, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}

_APP = noun("clock", "The sandbox's clock: show, set.", SANDBOX)


def add(app: App) -> None:
    """Add `tenure clock`."""
    app.command(_APP)


@verb(_APP, "show", READING, example="tenure clock show")
def show_clock(desk: Desk) -> Ended:
    """Show what time it is for the provider."""
    return desk.shown(_WHERE, _clock)


@verb(_APP, "set", CHANGING, example="tenure clock set +30d --rate 0")
def set_clock(
    desk: Desk,
    to: Annotated[
        str, Parameter(help="An instant, a date for its midnight UTC, or a step: +90s +5min +2h +30d +1w.")
    ] = "",
    *,
    rate: Annotated[int | None, Parameter(help="How fast it runs: 0 frozen, 1 real, n times as fast.")] = None,
) -> Ended:
    """Move a sandbox's clock forwards, or change how fast it runs."""
    if not to and rate is None:
        return invalid("Say where the clock shall stand, or how fast it shall run.", "to")
    body: dict[str, Any] = {} if rate is None else {"rate": rate}
    if to:
        moment = _target(desk, to)
        if isinstance(moment, Failed):
            return moment
        body["now"] = moment
    return desk.write(Sending(method="PUT", path=_WHERE, body=body), _clock)


def _target(desk: Desk, text: str) -> str | Failed:
    step = _STEP.fullmatch(text)
    if step is None:
        return begin(text, "to")
    answer = desk.get(_WHERE)
    told = answer if isinstance(answer, Failed) else answer.member("now")
    if isinstance(told, Failed):
        return told
    now = parse_instant(told, "now")
    if isinstance(now, Refused):
        return failed(now)
    later = now + int(step[1]) * _SECONDS[step[2]]
    return format_instant(later) if later <= LAST_INSTANT else invalid("No calendar reaches that far.", "to")


def _clock(screen: Screen, value: Any) -> None:
    rate = value["rate"]
    pace = {0: "frozen", 1: "as fast as real time"}.get(rate, f"{format_count(rate, 'time')} as fast as real time")
    screen.card(value | {"pace": pace}, CLOCK)
