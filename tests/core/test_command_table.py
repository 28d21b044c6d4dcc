"""The table of commands against the commands themselves: names, fields, permissions, and the facts they really make."""

from typing import Any, get_args

import pytest

from tenure.core.business import commands as c
from tenure.core.business.command_table import COMMANDS, FORMS, ROWS
from tenure.core.business.command_table.row import CommandRow, FieldKind
from tenure.core.business.execute import CommandOutcome
from tenure.core.policy.rules import Action, Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.facts import Fact
from tenure.core.subscription.terms import CodeRef
from tools.scenes import FAMILIES, STATES, Scene, build, sample

ASKED_OTHERWISE = {"order", "activate", "stage_successor", "drop_successor", "leave_site"}
"""An order has no subscription yet; the others a site asks itself, signed with its key."""
DRAWN = {"reissue_code": {"code"}}
"""Fields that the server draws."""

rows = pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.name)


def test_each_command_has_a_row_or_is_asked_otherwise() -> None:
    assert len(ROWS) == len(COMMANDS)
    assert set(ROWS) == set(c.COMMAND_TYPES) - ASKED_OTHERWISE


@rows
def test_the_fields_of_a_row_are_those_of_its_command(row: CommandRow) -> None:
    kind = c.COMMAND_TYPES[row.name]
    own = set(kind.__struct_fields__) - set(c.CommandHeader.__struct_fields__)
    asked = {field.name for field in row.fields}
    if any(field.kind is FieldKind.OFFER for field in row.fields):
        assert own == {"terms", "devices_as_agreed"}, "what is offered, for so many devices"
        return
    assert asked | DRAWN.get(row.name, set()) == own
    defaults = dict(zip(kind.__struct_fields__[::-1], kind.__struct_defaults__[::-1], strict=False))
    for field in row.fields:
        assert field.required or field.name in defaults, f"{field.name} can be left out"


@rows
def test_a_row_says_all_that_a_surface_needs(row: CommandRow) -> None:
    assert row.effect.endswith(".") and row.help.endswith(".")
    for field in row.fields:
        assert field.explanation.endswith(".") and field.title
        assert field.kind is not FieldKind.CHOICE or field.values
    for form in row.forms:
        assert all((form.title, form.button, form.text.endswith("."), form.done.endswith(".")))
        assert set(form.preset) <= {field.name for field in row.fields}


def test_each_action_on_a_subscription_has_one_button() -> None:
    judged = [form.action for _, form in FORMS if form.action is not None]
    assert sorted(judged) == sorted(set(Action) - {Action.ORDER, Action.REQUEST_PAYMENT, Action.TOP_UP})


class Listening(Scene):
    """A scene that writes down what each command did by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.made: dict[str, set[str]] = {}

    def ask(self, command: c.Command, *more: Any, **named: Any) -> CommandOutcome | Refused:
        outcome = super().ask(command, *more, **named)
        if isinstance(outcome, CommandOutcome):
            kinds = {type(fact).__name__ for fact in outcome.decision.facts}
            self.made.setdefault(str(type(command).__struct_config__.tag), set()).update(kinds)
        return outcome


@pytest.fixture(scope="module")
def made() -> dict[str, set[str]]:
    """What each command recorded, over every state and every try of docs/model.md."""
    found: dict[str, set[str]] = {}
    for state in STATES:
        for family in FAMILIES.values():
            for attempt in family.values():
                scene = Listening()
                scene.__dict__ |= {**build(state).__dict__, "made": {}}
                attempt(scene)
                for name, kinds in scene.made.items():
                    found.setdefault(name, set()).update(kinds)
    return found


@rows
def test_a_row_names_the_facts_that_its_command_makes(row: CommandRow, made: dict[str, set[str]]) -> None:
    """Those of the scenes, of which none has a fork or a lower limit (`tests/server/test_actions.py` has them)."""
    assert set(row.makes) <= {kind.__name__ for kind in get_args(Fact)}
    assert made.get(row.name, set()) <= set(row.makes)
    if row.name not in {"resolve_fork", "edit_seat_conflict"}:
        assert made[row.name] == set(row.makes)


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.SITE])
@rows
def test_what_only_providers_do_is_refused_to_the_customers_side(row: CommandRow, role: Role) -> None:
    scene = build(next(state for state in STATES if state.name == "far from its end"))
    drawn: dict[str, dict[str, Any]] = {
        "reissue_code": {"code": CodeRef(id="new", last_group="1")},
        "change_plan": {"terms": scene.sub().terms_at(scene.now)},
    }
    outcome = scene.ask(sample(row, role=role, **drawn.get(row.name, {})))
    forbidden = isinstance(outcome, Refused) and outcome.code is RefusalCode.ACTION_NOT_PERMITTED
    assert forbidden is row.providers_only, "the scene's policy allows every action"
