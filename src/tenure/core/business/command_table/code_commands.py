"""Commands about activation codes."""

from tenure.core.business.command_table.row import CommandField, CommandForm, CommandRow, CommandTopic, FieldKind
from tenure.core.policy.rules import Action
from tenure.core.refusals import RefusalCode

_CODE = CommandField(name="code", kind=FieldKind.CODE)

ROWS = (
    CommandRow(
        name="reissue_code",
        topic=CommandTopic.CODES,
        effect="Gives a new activation code, shown in this answer only; earlier ones activate nothing any more.",
        help="Give a new activation code, shown once; earlier ones activate nothing any more.",
        action=Action.REISSUE_CODE,
        makes=("CodeReissued",),
        forms=(
            CommandForm(
                action=Action.REISSUE_CODE,
                title="New activation code",
                button="Give a new code",
                text="Makes a new activation code. Earlier codes activate nothing any more; activated sites go on.",
                done="There is a new activation code.",
                final="Earlier codes are not brought back.",
            ),
        ),
    ),
    CommandRow(
        name="block_code",
        topic=CommandTopic.CODES,
        effect="Blocks a code: sites that used it end after days of grace, for fraud at once.",
        help="Block a code: sites that used it end after days of grace.",
        providers_only=True,
        fields=(
            _CODE,
            CommandField(
                name="fraud",
                kind=FieldKind.FLAG,
                meaning="At once, without days of grace.",
                required=False,
                label="It is fraud",
                hint="Sites with this code end at once, without days of grace.",
            ),
        ),
        refusals=(RefusalCode.CODE_BLOCKED,),
        makes=("CodeBlocked",),
        forms=(
            CommandForm(
                title="Block a code",
                button="Block",
                text="Sites that used this code end after days of grace, for fraud at once. Other sites go on.",
                done="The code is blocked.",
                danger=True,
            ),
        ),
        example="cod_… --why 'leaked'",
    ),
    CommandRow(
        name="unblock_code",
        topic=CommandTopic.CODES,
        effect="Lifts a block.",
        help="Remove a block, as if it had never existed.",
        providers_only=True,
        fields=(_CODE,),
        refusals=(RefusalCode.NOT_BLOCKED,),
        makes=("CodeUnblocked",),
        forms=(
            CommandForm(
                title="Lift the block",
                button="Lift",
                text="As if the code had never been blocked.",
                done="The block is lifted.",
            ),
        ),
        example="cod_…",
    ),
)
