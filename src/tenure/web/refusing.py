"""What the pages themselves refuse, in words: no such page, a form of others, too many users, an error of ours.

What the API refuses comes from its own table; how a refusal looks is the template's.
"""

from tenure.core.periods import parse_instant
from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.web.replies import PageRefusal, PageScreen

LATER = (429, 503)
"""Statuses that mean: the same again, later."""


def seconds_until(refusal: object, now: Instant) -> int:
    """How long to wait, as the refusal says; a few seconds where it does not."""
    when = getattr(refusal, "possible_at", "")
    moment = parse_instant(when, "possible_at") if when else now + 5
    return 5 if isinstance(moment, Refused) else max(1, moment - now)


INTERNAL = PageRefusal(
    title="Something went wrong on our side.",
    status=500,
    code="internal",
    remedy="Try again in a moment. If it stays, tell the support what you did and when.",
)


CROWDED = PageRefusal(
    title="Too many users are signed in here at the moment.",
    status=503,
    code="server_busy",
    cause="This website keeps so many sessions and no more.",
    remedy="Try again in a few minutes. Signed-in users stay signed in.",
)

NOWHERE = PageRefusal(
    title="There is no such page.",
    status=404,
    code="not_found",
    remedy="The address may be misspelled, or what it named may not be yours to see.",
)

UNREADABLE = PageRefusal(title="The request cannot be read.", status=400)


def not_ours(why: str) -> PageRefusal:
    """A form that comes from elsewhere, or is too old; `why` is the sentence of `csrf.refuse_forged`."""
    return PageRefusal(
        title="This form was not sent from here.",
        status=403,
        code="form_not_ours",
        detail=why,
        remedy="Nothing was done. Go back, load the page again and repeat what you wanted to do.",
    )


def refusal_screen(refusal: PageRefusal) -> PageScreen:
    """The page that says it."""
    return PageScreen(template="web/refusal.html", values={"refusal": refusal}, status=refusal.status)
