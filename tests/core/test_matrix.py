"""The golden matrix: every command in every state, as docs/model.md shows it; the odd cells are named (ADR 5)."""

from functools import cache
from typing import get_args

import msgspec
import pytest

from tenure.core.business import commands as c
from tenure.core.business.decide import Accepted, decide
from tenure.core.refusals import TABLE, RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.terms import CodeRef
from tenure.core.timeline import Phase, PhaseCause
from tools.model import PAGE, Cell, course, main, matrix, page
from tools.scenes import FAMILIES, STATES, TERMS, State, build


@cache
def _rows() -> dict[tuple[str, str], dict[str, Cell]]:
    """Made by the first test that asks, not when tests are collected: every worker collects all of them."""
    return {(state.name, state.kind.value): row for state, row in matrix()}


@cache
def _text() -> str:
    return page(matrix())


def cell(state: str, command: str, kind: str = "limited") -> str:
    return _rows()[state, kind][command].text


def test_the_page_shows_what_the_code_does() -> None:
    assert PAGE.read_text(encoding="utf-8") == _text(), "run `python tools/model.py`, and look at what changed"


def test_checked_by_hand_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0
    assert capsys.readouterr().out == "docs/model.md is up to date\n"


@pytest.mark.parametrize("state", STATES, ids=lambda state: f"{state.name} {state.kind}")
def test_every_row_is_in_the_state_it_names(state: State) -> None:
    scene = build(state)
    assert (scene.span().phase, scene.span().why, scene.sub().kind) == (state.phase, state.why, state.kind)


def test_every_phase_and_cause_the_contract_knows_has_a_row() -> None:
    shown = {(state.phase, state.why) for state in STATES}
    assert {phase for phase, _ in shown} == set(Phase)
    of_one_site = {PhaseCause.SYNC_OVERDUE, PhaseCause.SEAT_CONFLICT}
    assert {why for _, why in shown} == set(PhaseCause) - of_one_site


def test_every_row_has_its_own_name() -> None:
    assert len(_rows()) == len(STATES)


def test_every_command_has_a_column() -> None:
    asked: set[type] = set()
    for attempt in (attempt for family in FAMILIES.values() for attempt in family.values()):
        scene = build(STATES[0])
        scene.asked.clear()
        attempt(scene)
        asked |= {type(command) for command in scene.asked}
    assert asked == set(get_args(c.Command))


def test_every_refusal_in_the_matrix_has_a_row_in_the_table() -> None:
    refused = {
        found.text.strip("`") for row in _rows().values() for found in row.values() if found.text.startswith("`")
    }
    assert refused
    assert {RefusalCode(code) for code in refused} <= set(TABLE)


def test_no_cell_is_empty() -> None:
    assert all(isinstance(found, Cell) and found.text for row in _rows().values() for found in row.values())


def test_time_alone_leads_to_an_end_that_lasts() -> None:
    for state in STATES:
        last = course(state)[-1]
        assert last.until is None
        assert last.phase in {Phase.ENDED, Phase.PENDING, Phase.PAUSED}


def test_the_page_names_every_fact_and_every_refusal() -> None:
    assert all(f"| `{kind.__name__}` |" in _text() for kind in get_args(f.Fact))
    assert all(f"| `{code}` |" in _text() for code in RefusalCode)


@pytest.mark.parametrize(
    ("state", "kind", "command", "expected"),
    [
        ("in grace", "limited", "fewer devices", "yes"),
        ("in grace", "limited", "cheaper plan", "yes"),
        ("in grace", "limited", "more expensive plan", "`subscription_ended`"),
        ("in grace", "limited", "more devices", "`subscription_ended`"),
        ("in grace", "limited", "cancel", "yes, then ended canceled"),
        ("in grace", "limited", "renew", "**→ active paid**"),
        ("in grace", "limited", "renew from now", "`renewal_ambiguous`"),
        ("in grace, no money", "unlimited", "renew", "`renewal_is_automatic`"),
        ("in grace, no money", "unlimited", "top up", "**→ active paid**"),
        ("in grace, canceled in it", "limited", "undo", "yes, then ended payment_ended"),
        ("in grace after a cancellation", "limited", "undo", "`nothing_to_undo`"),
        ("in grace after a cancellation", "limited", "renew", "`subscription_canceled`"),
        ("ended", "limited", "cancel", "`subscription_ended`"),
        ("ended", "limited", "activate a site", "`subscription_ended`"),
        ("ended", "limited", "automatic on", "**→ active paid**"),
        ("ended longer than a year ago", "limited", "renew", "`renewal_too_late`"),
        ("ended, no money", "unlimited", "cancel", "**→ ended canceled**"),
        ("ended, automatic payment stopped", "unlimited", "cancel", "`subscription_ended`"),
        ("ended, automatic payment stopped", "unlimited", "activate a site", "**→ active paid**"),
        ("canceled, runs to its end", "limited", "renew", "`subscription_canceled`"),
        ("canceled, runs to its end", "limited", "cancel now", "`already_canceled`"),
        ("canceled, runs to its end", "limited", "another code here (M10)", "yes"),
        (
            "canceled in the reserve window, a lease promises a week",
            "unlimited",
            "undo",
            "yes, then grace payment_ended",
        ),
        ("next period reserved", "limited", "renew", "`renewal_is_automatic`"),
        ("next period reserved", "unlimited", "transfer", "`renewal_is_automatic`"),
        ("held", "limited", "another code here (M10)", "`subscription_in_force`"),
        ("held, its clock stopped", "limited", "renew", "`subscription_paused`"),
        ("held, its clock stopped", "limited", "cancel now", "**→ ended canceled**"),
        ("code blocked, in its days", "limited", "another code here (M10)", "`subscription_in_force`"),
        ("code blocked for good", "limited", "another code here (M10)", "yes"),
        ("staged as successor", "limited", "drop successor", "yes, then ended never_activated"),
        ("far from its end", "limited", "stage as successor", "`successor_used`"),
        ("on trial", "limited", "automatic on", "`renewal_too_late`"),
        ("never activated", "limited", "activate a site", "`subscription_ended`"),
        ("never activated", "limited", "automatic on", "`subscription_ended`"),
    ],
)
def test_an_odd_cell_is_as_it_was_decided(state: str, kind: str, command: str, expected: str) -> None:
    assert cell(state, command, kind) == expected


NOBODY = CodeRef(id="", last_group="")
HUGE = (-(10**18), -1, 0, 1, 253_402_300_799, 10**15)
EXTREMES: list[c.Command] = [
    *(c.PlaceHold(by="", reason="", until=until) for until in HUGE),
    *(c.Reanchor(by="", anchor=anchor) for anchor in HUGE),
    *(c.DropChange(by="", effective=effective) for effective in HUGE),
    *(c.ExtendGrace(by="", days=days) for days in HUGE),
    *(c.ChangeDevices(by="", devices=devices, at_once=now) for devices in HUGE for now in (False, True)),
    *(c.ConfirmPayment(by="", reference="", covers="raise", devices=devices) for devices in HUGE),
    *(c.ChangePlan(by="", terms=msgspec.structs.replace(TERMS, devices=devices, bands=())) for devices in HUGE),
    *(c.Order(by="", subscription="", provider="", customer="", terms=TERMS, code=NOBODY, until=end) for end in HUGE),
    c.Activate(by="", site="", key="", code="", product="", version="", name=""),
    c.StageSuccessor(by="", site="", key="", code="", product="", version="", name=""),
    c.ResolveFork(by="", site="", resolution=""),
    c.DeclareSiteLost(by="", site="", recipient="site_1"),
    c.FreeAllotment(by="", site="site_1"),
    c.EditSeatConflict(by="", going=("site_1", "site_1", "")),
    c.BlockCode(by="", code=""),
    c.Transfer(by="", customer=""),
]


@pytest.mark.parametrize("state", STATES, ids=lambda state: f"{state.name} {state.kind}")
def test_whatever_is_asked_of_whatever_state_is_answered(state: State) -> None:
    """`decide` is total: nonsense is refused or harmless, and never raises, not even in the far future."""
    scene = build(state)
    for now in (scene.now, scene.now + 10**9, 253_402_300_799):
        for command in EXTREMES:
            for sub in (scene.sub(), None):
                answer = decide(sub, command, c.DecisionContext(available=-5, in_use=10**9), now)
                assert isinstance(answer, Accepted | Refused)
                assert not isinstance(answer, Accepted) or all(f.encode_fact(fact) for fact in answer.facts)
