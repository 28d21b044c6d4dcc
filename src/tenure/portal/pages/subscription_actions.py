"""What the table of commands is to the portal: each button with its form, and the request that becomes of it.

Whether it is allowed now, and what it costs, the API says (`allowed_actions`); the way from form to preview to done is
`action_flow`'s.
"""

from typing import Any

import msgspec

from tenure.core.business.command_table import FORMS
from tenure.core.business.command_table.row import CommandField, CommandForm, CommandRow, FieldKind
from tenure.core.policy.rules import Action
from tenure.portal.session import Portal

Body = dict[str, Any]


class SubscriptionAction(msgspec.Struct, frozen=True):
    """One button: a command of the table, and the form by which it is given."""

    row: CommandRow
    form: CommandForm

    @property
    def name(self) -> str:
        """Of its page: the action in `allowed_actions`, or of what is not listed there the command's."""
        return self.form.action or self.row.name

    @property
    def fields(self) -> tuple[CommandField, ...]:
        """Fields that its form has, those from a link included; none: the preview comes at once."""
        return tuple(each for each in self._own if each.choices or each.kind is not FieldKind.CHOICE)

    @property
    def linked(self) -> tuple[str, ...]:
        """Fields that a link may bring along."""
        return tuple(each.name for each in self._own if each.linked)

    @property
    def kinds(self) -> frozenset[FieldKind]:
        """What its form asks for."""
        return frozenset(each.kind for each in self.fields)

    @property
    def _own(self) -> tuple[CommandField, ...]:
        return tuple(each for each in self.row.fields if each.name not in self.form.preset)

    def request_body(self, visit: Portal, sub: dict[str, Any]) -> Body:
        """The request's body from the form and the subscription; leaves faults in the form."""
        if self.form.action is Action.AUTO_RENEW:
            running = sub["renewal_intent"] == "auto" and sub["renewal"]["state"] != "stopped"
            return {"intent": "manual" if running else "auto"}
        read = {each.name: _read_field(each, visit, sub) for each in self._own}
        return self.form.preset | {name: value for name, value in read.items() if value is not None}

    def is_linked_from(self, site: dict[str, Any]) -> bool:
        """Whether its link stands beside the installation, as the API shows it."""
        form = self.form
        needed = not form.site_needs or bool(site.get(form.site_needs))
        return bool(form.site_link) and needed and not any(site.get(bar) for bar in form.site_bars)

    def final(self, visit: Portal) -> str:
        """What cannot be undone about it as the form says it; empty where it can be."""
        chosen = [
            choice.final
            for each in self.fields
            for choice in each.choices
            if choice.value == visit.form.read_text(each.name)
        ]
        return self.form.final or "".join(chosen)


def _read_field(field: CommandField, visit: Portal, sub: dict[str, Any]) -> Any:
    """What the form says of a field; None where it need not be given and is not."""
    form = visit.form
    match field.kind:
        case FieldKind.FLAG:
            return form.read_flag(field.name)
        case FieldKind.SITES:
            return form.read_many(field.name)
        case _ if not (field.required or form.read_text(field.name)):
            return None
        case FieldKind.DAYS | FieldKind.DEVICES:
            count = form.read_whole(field.name, least=field.least, most=field.most)
            if not form.errors and field.initial == "{devices}" and count == sub["terms"]["devices"]:
                form.add_fault(field.name, f"It is {count:,} already.")
            return count
        case FieldKind.CHOICE if field.choices:
            return form.read_choice(field.name, field.values)
        case _:
            return form.read_required(field.name, most=field.most)


BUTTONS = tuple(SubscriptionAction(row, form) for row, form in FORMS)
BY_NAME = {button.name: button for button in BUTTONS}
LISTED = {button.name: button for button in BUTTONS if button.form.action and not button.row.names_one}
"""Those that stand on the subscription's page by themselves; the others are reached from what they are about."""
