"""Commands about installations: giving a place up, two copies, a silent or a lost one."""

from tenure.core.business.command_table.row import (
    CommandField,
    CommandForm,
    CommandRow,
    CommandTopic,
    FieldChoice,
    FieldKind,
)
from tenure.core.policy.rules import Action
from tenure.core.refusals import RefusalCode

_SITE = CommandField(name="site", kind=FieldKind.SITE)

ROWS = (
    CommandRow(
        name="release_site",
        topic=CommandTopic.SITES,
        effect="Makes an installation give its place up; it counts until it has, or its lease and seats are over.",
        help="Release an installation's place; it counts until the place is free.",
        action=Action.RELEASE_SITE,
        fields=(
            _SITE,
            CommandField(
                name="another_code",
                kind=FieldKind.FLAG,
                meaning="Let it take another code although this one is in force.",
                required=False,
                label="It may take another code at once",
                hint="An exception that is kept in the history: else its key stays bound to this subscription while"
                " that is in force.",
                privileged=True,
            ),
        ),
        refusals=(RefusalCode.SITE_UNKNOWN, RefusalCode.NOTHING_TO_CHANGE),
        makes=("SiteReleaseOrdered",),
        forms=(
            CommandForm(
                action=Action.RELEASE_SITE,
                title="Release a place",
                button="Release the place",
                text="The installation is told at its next contact, and stops then. Its place counts until it has"
                " acknowledged that, or until its license and its devices' seats are over.",
                done="The installation will be told to release its place.",
                final="Once its place is released, it can be activated again with a code.",
                danger=True,
                site_link="Release the place",
                site_bars=("lost", "leaving_until"),
            ),
        ),
        example="SITE",
    ),
    CommandRow(
        name="declare_site_lost",
        topic=CommandTopic.SITES,
        effect="Declares a site gone: its key is refused for good, its allotment moves at once.",
        help="Declare a site lost: its key is refused forever, and its allotment is free at once.",
        providers_only=True,
        fields=(
            _SITE,
            CommandField(
                name="recipient", kind=FieldKind.SITE, meaning="The site that gets its allotment.", required=False
            ),
        ),
        refusals=(RefusalCode.SITE_UNKNOWN,),
        makes=("SiteDeclaredLost",),
        forms=(
            CommandForm(
                title="Declare a site lost",
                button="Declare lost",
                text="For a site that is gone for good: its key is refused for ever, its devices move to another site"
                " at once.",
                done="The site is declared lost.",
                final="The site is never let in again, even if it is found.",
                danger=True,
                site_link="Lost",
                site_bars=("lost",),
            ),
        ),
        example="SITE --recipient OTHER",
        short="declare-lost",
    ),
    CommandRow(
        name="resolve_fork",
        topic=CommandTopic.SITES,
        effect="Says what two copies of a site are.",
        help="Decide what two copies of a site are.",
        fields=(
            _SITE,
            CommandField(
                name="resolution",
                kind=FieldKind.CHOICE,
                meaning="The kind of the second copy.",
                choices=(
                    FieldChoice(
                        "restored",
                        "One site, restored from a backup",
                        "The newer copy goes on.",
                        "The older copy stays out of date: its signatures are refused from now on.",
                    ),
                    FieldChoice(
                        "second_site",
                        "Two sites",
                        "The copy becomes a separate site.",
                        "The copy loses this site's identity and must be activated again with a code.",
                    ),
                    FieldChoice(
                        "retired",
                        "The old one is gone",
                        "Only the newer copy goes on.",
                        "The old copy is refused for good and stops: its devices go on only where the newer one serves"
                        " them.",
                    ),
                ),
                label="What are the two copies?",
                initial="restored",
            ),
        ),
        refusals=(RefusalCode.SITE_UNKNOWN, RefusalCode.NOTHING_TO_CHANGE, RefusalCode.RESTORED_TOO_OFTEN),
        makes=("ForkResolved",),
        forms=(
            CommandForm(
                title="Two copies of a site",
                button="Resolve",
                text="Say what the two copies are.",
                done="It is resolved.",
                danger=True,
                site_link="Resolve",
                site_needs="forked",
            ),
        ),
        example="SITE restored",
    ),
    CommandRow(
        name="free_allotment",
        topic=CommandTopic.SITES,
        effect="Gives what a silent site holds to the others, once its leases and seats are over.",
        help="Give a silent site's allotment to the others, once its leases and seats are over.",
        fields=(_SITE,),
        refusals=(RefusalCode.SITE_UNKNOWN, RefusalCode.STILL_PROMISED, RefusalCode.NOTHING_TO_CHANGE),
        makes=("AllotmentFreed",),
        forms=(
            CommandForm(
                title="Give a silent site's devices to the others",
                button="Give them",
                text="For a site without contact until its license and its devices' seats were over: its devices go to"
                " the other sites now. If it comes back it gets the devices that are free then.",
                done="Its devices are free for the other sites.",
                final="The other sites keep what they take of it.",
            ),
        ),
        example="SITE",
    ),
)
