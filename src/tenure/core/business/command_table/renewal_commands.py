"""Commands about the next period: buying it, buying none, paying for it from outside."""

from tenure.core.business.command_table.row import (
    OF_PAYING,
    OF_STATE,
    CommandField,
    CommandForm,
    CommandRow,
    CommandTopic,
    FieldChoice,
    FieldKind,
)
from tenure.core.policy.rules import Action, LateRenewal
from tenure.core.refusals import RefusalCode
from tenure.core.subscription.terms import RenewalIntent

ROWS = (
    CommandRow(
        name="renew",
        topic=CommandTopic.RENEWAL,
        effect="Buys the next period from the balance.",
        help="Buy the next period from the balance.",
        action=Action.RENEW,
        fields=(
            CommandField(
                name="late",
                kind=FieldKind.CHOICE,
                meaning="Where a period bought after the end begins, against the policy.",
                required=False,
                enum=LateRenewal,
            ),
        ),
        refusals=OF_PAYING,
        makes=("Renewed",),
        forms=(
            CommandForm(
                action=Action.RENEW,
                title="Renew",
                button="Renew",
                text="Buys the next period from the prepaid balance. The activation code stays the same.",
                done="It is renewed.",
            ),
        ),
    ),
    CommandRow(
        name="cancel",
        topic=CommandTopic.RENEWAL,
        effect="Cancels at the end of what is paid for, or at once.",
        help="Cancel: by default it ends with the paid period.",
        fields=(
            CommandField(
                name="at_once",
                kind=FieldKind.FLAG,
                meaning="Now instead of at the end of what is paid for.",
                required=False,
            ),
        ),
        refusals=(RefusalCode.ALREADY_CANCELED, RefusalCode.SUBSCRIPTION_ENDED),
        makes=("Canceled", "ReserveReleased", "HoldReleased"),
        forms=(
            CommandForm(
                action=Action.CANCEL_AT_END,
                preset={"at_once": False},
                title="Cancel at the end",
                button="Cancel",
                text="Nothing more is bought. It stays active until what is paid for ends; until then this can be"
                " undone.",
                done="It is canceled, and stays active until the end of what is paid for.",
                danger=True,
            ),
            CommandForm(
                action=Action.CANCEL_NOW,
                preset={"at_once": True},
                title="Cancel at once",
                button="Cancel now",
                text="Ends it at once.",
                done="It has ended.",
                final="It cannot be resumed: to continue, a new order is needed.",
                danger=True,
            ),
        ),
        example="--why 'moving away'",
    ),
    CommandRow(
        name="undo_cancellation",
        topic=CommandTopic.RENEWAL,
        effect="Takes back a cancellation that has not taken effect.",
        help="Undo a cancellation that has not taken effect.",
        action=Action.UNDO_CANCEL,
        refusals=(RefusalCode.NOTHING_TO_UNDO, RefusalCode.INSUFFICIENT_BALANCE),
        makes=("CancellationUndone", "RenewalReserved"),
        forms=(
            CommandForm(
                action=Action.UNDO_CANCEL,
                title="Undo the cancellation",
                button="Undo",
                text="The subscription goes on as if it had not been canceled.",
                done="The cancellation is undone.",
            ),
        ),
    ),
    CommandRow(
        name="set_renewal_intent",
        topic=CommandTopic.RENEWAL,
        effect="Switches automatic renewal, or resumes it after it stopped.",
        help="Switch automatic renewal on or off, or resume it after it stopped.",
        action=Action.AUTO_RENEW,
        fields=(
            CommandField(
                name="intent",
                kind=FieldKind.CHOICE,
                meaning="Renew by itself, or by hand.",
                enum=RenewalIntent,
            ),
        ),
        refusals=(
            *OF_STATE,
            RefusalCode.RENEWAL_IS_AUTOMATIC,
            RefusalCode.AUTOMATIC_NEEDS_PREPAID,
            RefusalCode.RENEWAL_TOO_LATE,
        ),
        makes=("RenewalIntentSet", "ReserveReleased"),
        forms=(
            CommandForm(
                action=Action.AUTO_RENEW,
                title="Automatic renewal",
                button="Switch",
                text="With automatic renewal each period is paid from the prepaid balance when it falls due.",
                done="Automatic renewal is switched.",
            ),
        ),
        example="auto",
        short="intent",
    ),
    CommandRow(
        name="confirm_payment",
        topic=CommandTopic.PAYMENT,
        effect="Confirms a payment made outside the prepaid balance, and does what it pays for.",
        help="Confirm a payment made outside the prepaid balance, and do what it pays for.",
        providers_only=True,
        fields=(
            CommandField(
                name="reference",
                kind=FieldKind.TEXT,
                meaning="Your own reference of the payment.",
                most=128,
                label="Your reference",
                hint="The number of the bank's entry or of the invoice; each is booked once.",
            ),
            CommandField(
                name="covers",
                kind=FieldKind.CHOICE,
                meaning="What it pays for.",
                choices=(
                    FieldChoice("order", "the order"),
                    FieldChoice("renewal", "a renewal"),
                    FieldChoice("raise", "more devices"),
                ),
                label="It pays for",
            ),
            CommandField(
                name="devices",
                kind=FieldKind.DEVICES,
                meaning="For a raise: how many devices it pays for.",
                required=False,
                least=0,
                most=1_000_000,
                label="Devices after the raise",
            ),
        ),
        refusals=(
            *OF_PAYING,
            RefusalCode.DUPLICATE_REFERENCE,
            RefusalCode.NOT_AWAITING_PAYMENT,
            RefusalCode.DEVICE_COUNT_OUT_OF_RANGE,
            RefusalCode.TERM_TOO_SHORT,
            RefusalCode.NOT_FOUND,
        ),
        makes=("PaymentConfirmed",),
        forms=(
            CommandForm(
                title="Confirm a payment",
                button="Confirm",
                text="A payment that came outside the prepaid balance, with your own reference for it.",
                done="The payment is confirmed.",
            ),
        ),
        example="INV-2027-17 renewal",
    ),
)
