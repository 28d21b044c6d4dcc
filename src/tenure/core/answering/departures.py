"""What an installation is told that has nothing here any more: why, and whether it has yet to hear it [spec: leaving].

What becomes of its place is decided in `subscription.occupied_place` and `subscription.site_pools`.
"""

import msgspec

from tenure.core.periods import format_instant
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.fold import SiteState
from tenure.core.timeline import Instant


def refuse_gone(state: SiteState | None) -> Refused:
    """Why an installation has nothing here any more, as it is told."""
    if state is None:
        return Refused(RefusalCode.SITE_UNKNOWN)
    if state.replacement:
        return Refused(RefusalCode.INSTALLATION_REPLACED)
    if state.lost:
        return Refused(RefusalCode.SITE_LOST)
    return Refused(RefusalCode.INSTALLATION_RELEASED if state.leaving_until is not None else RefusalCode.SITE_UNKNOWN)


def is_told_to_leave(state: SiteState | None) -> bool:
    """Whether the site was made to leave and has not acknowledged it: it is told, and what it holds counts until it
    has heard so."""
    return state is not None and state.leaving_until is not None and state.left_at is None


def gave_itself_up(state: SiteState | None, *, ephemeral: bool) -> bool:
    """Whether an application that has left did so itself, and was not made to.

    Of such a one no newer state is in use than the folder that was put back since: its code takes a place like any
    other.
    """
    return ephemeral or (
        state is not None and state.left_at is not None and not state.lost and state.leaving_until is None
    )


def refuse_struck(full: Refused, struck: Instant | None) -> Refused:
    """`device_limit_reached`, with the date from which a seat conflict's list has struck the application out."""
    if struck is None:
        return full
    told = f"It was struck out from {format_instant(struck)} on, because fewer devices are ordered."
    return msgspec.structs.replace(full, detail=f"{told} {full.detail}")
