"""Commands about the course of a subscription: pauses, goodwill, another customer or day."""

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

ROWS = (
    CommandRow(
        name="hold",
        topic=CommandTopic.COURSE,
        effect="Pauses the service.",
        help="Pause the service: only the base features stay on.",
        action=Action.PAUSE,
        fields=(
            CommandField(
                name="reason",
                kind=FieldKind.TEXT,
                meaning="Shown to the customer.",
                hint="Shown to all users who see the subscription.",
            ),
            CommandField(
                name="until",
                kind=FieldKind.LAST_DAY,
                meaning="Its last day, or an instant.",
                required=False,
                hint="The day is included (UTC). Left empty: until it is resumed.",
            ),
        ),
        refusals=(*OF_STATE, RefusalCode.ALREADY_PAUSED),
        makes=("HoldPlaced",),
        forms=(
            CommandForm(
                action=Action.PAUSE,
                title="Pause",
                button="Pause",
                text="While it is paused only the base features are on.",
                done="It is paused.",
            ),
        ),
        example="'invoice 17 is open' --until 2027-03-31",
    ),
    CommandRow(
        name="release",
        topic=CommandTopic.COURSE,
        effect="Ends your side's pause.",
        help="End your side's pause.",
        action=Action.RESUME,
        refusals=(RefusalCode.NOT_PAUSED,),
        makes=("HoldReleased",),
        forms=(
            CommandForm(
                action=Action.RESUME,
                title="Resume",
                button="Resume",
                text="Ends your side's pause.",
                done="It runs again.",
            ),
        ),
    ),
    CommandRow(
        name="extend_grace",
        topic=CommandTopic.COURSE,
        effect="Gives goodwill days of grace.",
        help="Give extra days of grace at the current or next end.",
        action=Action.EXTEND_GRACE,
        fields=(CommandField(name="days", kind=FieldKind.DAYS, meaning="How many days.", most=90, initial="7"),),
        refusals=(*OF_STATE, RefusalCode.GRACE_OUT_OF_BOUNDS),
        makes=("GraceExtended",),
        forms=(
            CommandForm(
                action=Action.EXTEND_GRACE,
                title="Extend grace",
                button="Extend",
                text="All functions stay on for extra days after the paid period.",
                done="Grace is extended.",
            ),
        ),
        example="7",
    ),
    CommandRow(
        name="transfer",
        topic=CommandTopic.COURSE,
        effect="Moves it to another customer.",
        help="Move it to another customer of the same provider.",
        action=Action.TRANSFER,
        fields=(
            CommandField(
                name="customer",
                kind=FieldKind.CUSTOMER,
                meaning="The customer who gets it: reference, name, address or id.",
                label="New customer",
            ),
        ),
        refusals=(
            RefusalCode.NOTHING_TO_CHANGE,
            RefusalCode.RENEWAL_IS_AUTOMATIC,
            RefusalCode.SUBSCRIPTION_CANCELED,
        ),
        makes=("Transferred",),
        forms=(
            CommandForm(
                action=Action.TRANSFER,
                title="Transfer",
                button="Transfer",
                text="Moves the subscription to another of your customers.",
                done="It belongs to another customer now.",
            ),
        ),
        example="cus_…",
    ),
    CommandRow(
        name="reanchor",
        topic=CommandTopic.COURSE,
        effect="Lets later periods turn at another day.",
        help="Begin later periods on another day.",
        providers_only=True,
        fields=(
            CommandField(
                name="anchor",
                kind=FieldKind.INSTANT,
                meaning="From when periods are counted: an instant, or a date for its midnight UTC.",
            ),
        ),
        refusals=(*OF_STATE, RefusalCode.RENEWAL_IS_AUTOMATIC),
        makes=("Reanchored",),
        example="2027-01-01T00:00:00Z",
    ),
)
