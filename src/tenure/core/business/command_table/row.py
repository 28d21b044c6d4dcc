"""What the table of commands says of each: its name, its fields, its words, and the buttons it has.

A row says nothing of how a command is decided, which is `decide`'s, and nothing of how a surface looks: a surface reads
the kind of a field and makes of it a type, an option or a control.
"""

from enum import StrEnum
from typing import Any

import msgspec

from tenure.core.field_errors import field_label
from tenure.core.policy.rules import Action
from tenure.core.refusals import RefusalCode

OF_STATE = (
    RefusalCode.SUBSCRIPTION_ENDED, RefusalCode.SUBSCRIPTION_CANCELED, RefusalCode.NOT_ACTIVATED,
    RefusalCode.AWAITING_PAYMENT,
    RefusalCode.NOTHING_TO_CHANGE,
)  # fmt: skip
"""What the state of a subscription may forbid."""
OF_PAYING = (
    *OF_STATE, RefusalCode.INSUFFICIENT_BALANCE, RefusalCode.RENEWAL_TOO_EARLY, RefusalCode.RENEWAL_TOO_LATE,
    RefusalCode.RENEWAL_IS_AUTOMATIC,
    RefusalCode.RENEWAL_AMBIGUOUS, RefusalCode.SUBSCRIPTION_PAUSED,
)  # fmt: skip
"""What may forbid paying for a period."""


class FieldKind(StrEnum):
    """What a field holds, from which each surface knows how it is asked for and read."""

    TEXT = "text"
    """One line, shown to people."""
    DAYS = "days"
    DEVICES = "devices"
    FLAG = "flag"
    CHOICE = "choice"
    LAST_DAY = "last_day"
    """A day that is included, or an instant."""
    INSTANT = "instant"
    CODE = "code"
    """Id of an activation code of the subscription."""
    SITE = "site"
    """Id of an installation of the subscription."""
    SITES = "sites"
    CUSTOMER = "customer"
    OFFER = "offer"


ABOUT_ONE = frozenset({FieldKind.CODE, FieldKind.SITE, FieldKind.INSTANT})
"""Required, they come with the link from what they name: such a command has no button of its own."""
_MEANINGS = {
    FieldKind.CODE: "The code's id, `cod_…`; `tenure subscriptions show` names them.",
    FieldKind.SITE: "The site's id.",
}


class FieldChoice(msgspec.Struct, frozen=True):
    """One value of a choice, and what it is called."""

    value: str
    label: str
    hint: str = ""
    final: str = ""
    """What cannot be undone about this one."""


class CommandField(msgspec.Struct, frozen=True, kw_only=True):
    """One field: of the API's body, of the command line, and of the form."""

    name: str
    kind: FieldKind
    meaning: str = ""
    """What it means, for the command line; empty where the kind says it."""
    required: bool = True
    """Otherwise it is left out, false, or nothing is named."""
    least: int = 1
    most: int = 200
    """Of a number its range, of a text its length, of a list how many it may name."""
    enum: type[StrEnum] | None = None
    """Of a choice, where the core has a type for it; without `choices` a form does not ask for it."""
    choices: tuple[FieldChoice, ...] = ()
    label: str = ""
    """Above its control in a form; empty: as the field is called everywhere (`field_errors.LABELS`)."""
    hint: str = ""
    """Below its control; `{devices}` stands for the number in force."""
    initial: str = ""
    """What its control shows at first; `{devices}` as above, and then another number is wanted."""
    privileged: bool = False
    """Not shown to the customer's side."""

    @property
    def values(self) -> tuple[str, ...]:
        """What a choice may be."""
        return tuple(each.value for each in (self.choices if self.enum is None else self.enum))

    @property
    def options(self) -> tuple[tuple[str, ...], ...]:
        """The choices as a control shows them: value and label, and a hint where they have one."""
        return tuple(
            (each.value, each.label, each.hint) if each.hint else (each.value, each.label) for each in self.choices
        )

    @property
    def title(self) -> str:
        """What people call it."""
        return self.label or field_label(self.name)

    @property
    def explanation(self) -> str:
        """What it means, from its own words or its kind's."""
        return self.meaning or _MEANINGS.get(self.kind, "")

    @property
    def linked(self) -> bool:
        """Whether a form takes it from the link that led there and does not ask for it."""
        if self.kind is FieldKind.CHOICE:
            return not self.choices
        return self.required and self.kind in ABOUT_ONE


class CommandForm(msgspec.Struct, frozen=True, kw_only=True):
    """A button of the portal, and what stands around it."""

    title: str
    button: str
    text: str
    """Says what the command does, to the user who is about to give it."""
    done: str
    final: str = ""
    """What cannot be undone about it; empty where it can be."""
    danger: bool = False
    action: Action | None = None
    """The entry of `allowed_actions` that says whether it is possible now."""
    preset: dict[str, Any] = {}
    """Fields that the button decides."""
    site_link: str = ""
    """What its link beside each installation says; empty: there is none."""
    site_needs: str = ""
    """What must be set of the installation for the link, a field of the API's `sites`."""
    site_bars: tuple[str, ...] = ()
    """What must not be set of it."""


class CommandTopic(StrEnum):
    """What commands are about, by which a surface groups them."""

    RENEWAL = "renewal"
    TERMS = "terms"
    COURSE = "course"
    CODES = "codes"
    SITES = "sites"
    PAYMENT = "payment"


class CommandRow(msgspec.Struct, frozen=True, kw_only=True):
    """One command that can be given to a subscription; how it is decided is its class's, under the same name."""

    name: str
    """The tag of its class in `business.commands`; with `-` for `_` its route and its verb."""
    topic: CommandTopic
    effect: str
    """What it does, in a sentence of the API."""
    help: str
    """The same as an order, for the command line."""
    action: Action | None = None
    """What the policy must allow; None: judged by what it does (`decide.permission`), or not governed by the policy."""
    providers_only: bool = False
    """Never the customer's side's to ask, whatever the policy says."""
    fields: tuple[CommandField, ...] = ()
    refusals: tuple[RefusalCode, ...] = ()
    """Those that its own rules may answer with."""
    makes: tuple[str, ...] = ()
    """Kinds of facts it records itself; what falls due through it comes on top."""
    forms: tuple[CommandForm, ...] = ()
    example: str = ""
    """What follows the subscription on the command line."""
    short: str = ""
    """Another name on the command line."""

    @property
    def verb(self) -> str:
        """The last part of its route, and its name on the command line."""
        return self.name.replace("_", "-")

    @property
    def names_one(self) -> bool:
        """Whether it is about one code, site or change of the subscription, and reached from where that is shown."""
        return any(field.kind in ABOUT_ONE | {FieldKind.SITES} and field.required for field in self.fields)
