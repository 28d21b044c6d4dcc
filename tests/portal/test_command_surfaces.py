"""Each command of the table is on every surface, and so is one invented here: no surface has a list of its own."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from cyclopts import App

import tenure
from tenure.cli import actions
from tenure.core.business import command_table
from tenure.core.business.command_table import COMMANDS
from tenure.core.business.command_table.row import (
    CommandField,
    CommandForm,
    CommandRow,
    CommandTopic,
    FieldChoice,
    FieldKind,
)
from tenure.portal.pages import subscription_actions
from tenure.portal.pages.subscription_actions import BUTTONS, SubscriptionAction
from tenure.server.api import subscriptions
from tenure.server.api.subscriptions import SubscriptionOperations
from tests.portal.stage import Stage
from tests.web.browser import Tab

SOURCE = Path(tenure.__file__).parent
EVERYDAY = {"release", "hold", "cancel", "renew"}
"""Words that are not only names of commands."""
INVENTED = CommandRow(
    name="paint_it",
    topic=CommandTopic.COURSE,
    effect="Paints it.",
    help="Paint it.",
    fields=(
        CommandField(name="site", kind=FieldKind.SITE),
        CommandField(
            name="tone",
            kind=FieldKind.CHOICE,
            meaning="Which tone.",
            choices=(FieldChoice("warm", "Warm"), FieldChoice("cold", "Cold")),
        ),
        CommandField(name="days", kind=FieldKind.DAYS, meaning="How long.", required=False, most=12),
    ),
    forms=(CommandForm(title="Paint", button="Paint it", text="It is painted.", done="Done.", final="Paint stays."),),
)


def controls(tab: Tab) -> set[str]:
    """Names of everything on the page that a form can send, boxes not ticked included."""
    return set(re.findall(r'<(?:input|select)[^>]* name="([a-z_]+)"', tab.answer.text))


def test_an_invented_command_is_on_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "COMMANDS", (*COMMANDS, INVENTED))
    app = App()
    actions.add(app)
    named = {each.name: each for each in app["paint-it"].assemble_argument_collection()}
    assert {"--site", "--tone", "--days", "--why", "--dry-run"} <= named.keys()
    assert named["--site"].required and not named["--days"].required
    assert "cold" in str(named["--tone"].hint)
    assert {row.verb for row in COMMANDS} <= {name for name in app if not name.startswith("-")}


async def test_an_invented_command_is_in_the_api(at_the_portal: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "COMMANDS", (*COMMANDS, INVENTED))
    found = {one.path: one for one in SubscriptionOperations(at_the_portal.office.context).operations()}
    made = found["/v1/subscriptions/{subscription}/paint-it"]
    body = next(each for each in made.inputs if each.name == "body").type
    assert body.__name__ == "PaintItBody"
    assert set(body.__struct_fields__) == {"site", "tone", "days", "why", "outcome_hash"}
    served = {one.path for one in at_the_portal.office.api.operations}
    assert {f"/v1/subscriptions/{{subscription}}/{row.verb}" for row in COMMANDS} <= served


async def test_an_invented_command_has_its_form(at_the_portal: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    button = SubscriptionAction(INVENTED, INVENTED.forms[0])
    monkeypatch.setitem(subscription_actions.BY_NAME, button.name, button)
    name, _ = await at_the_portal.office.order()
    tab = await at_the_portal.staff()
    await tab.open(f"/subscriptions/{name}/do/paint_it")
    assert "Paint" in tab.text and "It is painted." in tab.text
    assert {"site", "tone", "days", "why"} <= controls(tab)


@pytest.mark.parametrize("button", BUTTONS, ids=lambda each: each.name)
async def test_each_button_asks_for_the_fields_of_its_command(at_the_portal: Stage, button: Any) -> None:
    """Or shows at once what would happen, or why it cannot."""
    name, _ = await at_the_portal.office.order()
    await at_the_portal.office.staff.post("/v1/customers", {"name": "Another"})
    tab = await at_the_portal.staff()
    await tab.open(f"/subscriptions/{name}/do/{button.name}")
    assert button.form.title in tab.text
    if not button.fields:
        return
    asked = {each.name for each in button.fields if each.kind is not FieldKind.SITES}
    assert asked <= controls(tab)


def test_no_other_module_lists_the_commands() -> None:
    """A table of most commands by name, route or class would have to be kept in step with the one there is."""
    own = {SOURCE / "core/business/commands.py", SOURCE / "core/business/decide/__init__.py"}
    own |= set(Path(command_table.__file__).parent.glob("*.py"))
    names = {word for row in COMMANDS for word in (row.name, row.verb)}
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text())
        said = {each.value for each in ast.walk(tree) if isinstance(each, ast.Constant) and each.value in names}
        # `release`, `hold`, `cancel` and `renew` are everyday words.
        said = {each.replace("-", "_") for each in said if isinstance(each, str)} - {
            "release",
            "hold",
            "cancel",
            "renew",
        }
        assert path in own or len(said) < len(COMMANDS) // 2, f"{path} names {sorted(said)}"
