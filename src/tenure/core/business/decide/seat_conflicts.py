"""The customer's edits of a seat conflict's list: which applications on their own stop on the day
([spec: seat-conflict], B11).

What the list is before anybody edits it, and how many have to go, is `core.seat_conflict`'s.
"""

from collections import Counter

from tenure.core.business.commands import DecisionContext, EditSeatConflict
from tenure.core.business.decide.decision import Accepted, fact_header
from tenure.core.periods import format_instant
from tenure.core.plurals import format_count
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.facts import SeatConflictListed
from tenure.core.subscription.seat_conflict import SeatConflict
from tenure.core.timeline import Instant

FIELD = "going"


def edit_list(command: EditSeatConflict, seen: DecisionContext, now: Instant) -> Accepted | Refused:
    """SeatConflictListed: only the applications of `going` stop on the day. An unchanged list is refused.

    Exactly as many as have to stop: with fewer, more would be in use than are ordered; with more, an application within
    the order would stop. Refuses `nothing_to_change` where nothing has to go, `field_invalid` for an application named
    twice or too many, `site_unknown` for one that is not on the list, `seat_conflict_open` for too few.
    """
    conflict = seen.seat_conflict
    if conflict is None or not conflict.go:
        return Refused(RefusalCode.NOTHING_TO_CHANGE, "No application has to go: enough devices are ordered.", FIELD)
    refused = _wrongly_named(command.going, conflict) or _wrong_number(len(command.going), conflict)
    if refused is not None:
        return refused
    chosen = set(command.going)
    listed = {each.site for each in conflict.applications if each.until == conflict.coming.at}
    # Who stays by the customer's own word is remembered also where the list let it stay already.
    back = [each.site for each in conflict.applications if each.site not in chosen and not each.stays]
    added = chosen - listed
    out = [each.site for each in conflict.applications if each.site in added]
    if not out and not listed - chosen:
        return Accepted()
    fact = SeatConflictListed(
        **fact_header(command, now), effective=conflict.coming.at, out=tuple(out), back=tuple(back), edited=True
    )
    return Accepted(facts=(fact,))


def _wrongly_named(going: tuple[str, ...], conflict: SeatConflict) -> Refused | None:
    twice = [name for name, times in Counter(going).items() if times > 1]
    if twice:
        return Refused(RefusalCode.FIELD_INVALID, f"{twice[0]} is named twice; name each application once.", FIELD)
    known = {each.site for each in conflict.applications}
    unknown = [name for name in going if name not in known]
    if not unknown:
        return None
    detail = f"{unknown[0]} is not an application on its own that uses this subscription now; look at the list again."
    return Refused(RefusalCode.SITE_UNKNOWN, detail, FIELD)


def _wrong_number(named: int, conflict: SeatConflict) -> Refused | None:
    if named == conflict.go:
        return None
    rule = (
        f"From {format_instant(conflict.coming.at)} on {conflict.stay} of"
        f" {format_count(len(conflict.applications), 'application')} may stay: name {conflict.go} that go, not {named}."
    )
    if named < conflict.go:
        return Refused(RefusalCode.SEAT_CONFLICT_OPEN, rule, FIELD)
    return Refused(RefusalCode.FIELD_INVALID, f"{rule} Another one gives its place up by being released.", FIELD)
