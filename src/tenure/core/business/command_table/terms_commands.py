"""Commands about what is bought: another number of devices, another plan, and what follows from fewer devices."""

from tenure.core.business.command_table.row import (
    OF_STATE,
    CommandField,
    CommandForm,
    CommandRow,
    CommandTopic,
    FieldKind,
)
from tenure.core.policy.rules import Action
from tenure.core.refusals import RefusalCode
from tenure.core.subscription.terms import TermsField

MOST_LISTED = 10_000
"""Applications that one edit of a seat conflict's list may name."""
_OF_DEVICES = (
    *OF_STATE,
    RefusalCode.INSUFFICIENT_BALANCE,
    RefusalCode.DEVICE_COUNT_OUT_OF_RANGE,
    RefusalCode.SEAT_CONFLICT_OPEN,
    RefusalCode.PERIOD_PAID_AHEAD,
)

ROWS = (
    CommandRow(
        name="change_devices",
        topic=CommandTopic.TERMS,
        effect="More devices at once; fewer at the first period end that the rules allow.",
        help="More devices at once; fewer at the first period end that the rules allow.",
        action=Action.CHANGE_DEVICES,
        fields=(
            CommandField(
                name="devices",
                kind=FieldKind.DEVICES,
                meaning="How many.",
                most=1_000_000,
                label="Number of devices",
                hint="It is {devices} now.",
                initial="{devices}",
            ),
            CommandField(
                name="at_once",
                kind=FieldKind.FLAG,
                meaning="Fewer at once, if use allows.",
                required=False,
                label="Lower at once",
                hint="Only if the use allows it; the price paid does not change.",
            ),
        ),
        refusals=_OF_DEVICES,
        makes=("TermsChanged", "ChangeScheduled", "ChangeDropped", "ReserveReleased", "RenewalReserved"),
        forms=(
            CommandForm(
                action=Action.CHANGE_DEVICES,
                title="Change devices",
                button="Change",
                text="More devices count at once and are paid for the rest of the period. Fewer count from a coming"
                " period.",
                done="The number of devices is changed.",
            ),
        ),
        example="40",
    ),
    CommandRow(
        name="change_plan",
        topic=CommandTopic.TERMS,
        effect="Another plan of the same product: a more expensive one at once, a cheaper one later.",
        help="Another plan of the same product: a more expensive one at once, a cheaper one later.",
        fields=(
            CommandField(name="offer", kind=FieldKind.OFFER, meaning="The offer: its plan, name or id."),
            CommandField(
                name="devices",
                kind=FieldKind.DEVICES,
                meaning="How many; as now.",
                required=False,
                most=1_000_000,
                label="Number of devices",
                hint="Left empty it stays {devices}.",
            ),
        ),
        refusals=(
            *_OF_DEVICES,
            RefusalCode.UNKNOWN_PLAN,
            RefusalCode.CODE_NOT_FOR_PRODUCT,
            RefusalCode.SUBSCRIPTION_PAUSED,
        ),
        makes=("TermsChanged", "ChangeScheduled", "ReserveReleased", "RenewalReserved"),
        forms=(
            CommandForm(
                action=Action.CHANGE_PLAN,
                title="Change plan",
                button="Change",
                text="A more expensive plan applies at once, a cheaper one from the next period.",
                done="The plan is changed.",
            ),
        ),
        example="off_…",
    ),
    CommandRow(
        name="drop_change",
        topic=CommandTopic.TERMS,
        effect="Drops a scheduled change; a period bought at its terms is paid for at those that then hold.",
        help="Drop a change that is scheduled.",
        fields=(
            CommandField(
                name="effective",
                kind=FieldKind.INSTANT,
                meaning="When it would take effect: an instant, or a date for its midnight UTC.",
            ),
            CommandField(
                name="field",
                kind=FieldKind.CHOICE,
                meaning="Only this; all that is scheduled for then.",
                required=False,
                enum=TermsField,
            ),
        ),
        refusals=(
            RefusalCode.NOTHING_TO_CHANGE,
            RefusalCode.INSUFFICIENT_BALANCE,
            RefusalCode.AWAITING_PAYMENT,
            RefusalCode.DEVICE_COUNT_OUT_OF_RANGE,
            RefusalCode.PERIOD_PAID_AHEAD,
        ),
        makes=("ChangeDropped",),
        forms=(
            CommandForm(
                title="Drop a scheduled change",
                button="Drop",
                text="The scheduled change is removed.",
                done="The change is dropped.",
            ),
        ),
        example="2027-03-31T00:00:00Z --field devices",
    ),
    CommandRow(
        name="edit_seat_conflict",
        topic=CommandTopic.TERMS,
        effect="Says which applications on their own stop when fewer devices are ordered than are in use; until then.",
        help="Say which applications stop when fewer devices are ordered than are in use.",
        action=Action.CHANGE_DEVICES,
        fields=(
            CommandField(
                name="going",
                kind=FieldKind.SITES,
                meaning="Those that stop; `tenure subscriptions seat-conflict` lists all.",
                most=MOST_LISTED,
            ),
        ),
        refusals=(RefusalCode.SITE_UNKNOWN, RefusalCode.NOTHING_TO_CHANGE, RefusalCode.SEAT_CONFLICT_OPEN),
        makes=("SeatConflictListed",),
        forms=(
            CommandForm(
                title="Which applications stop",
                button="Change the list",
                text="Fewer devices are ordered than are in use. Until the day named here you say which applications"
                " stop then; the others go on.",
                done="It is changed; applications hear of it at their next contact.",
            ),
        ),
        example="SITE SITE",
    ),
)
