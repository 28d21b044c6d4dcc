"""Pages that are the vendor's alone: for everybody else they do not exist."""

from tenure.portal.session import Portal
from tenure.web.refusing import NOWHERE
from tenure.web.replies import PageRefusal, RefusedPageError


def require_vendor(visit: Portal, scope: str) -> None:
    """Raises `RefusedPageError`: `not_found` for other teams, `action_not_permitted` without the scope."""
    if visit.session_value.team_kind != "vendor":
        raise RefusedPageError(NOWHERE)
    if not visit.session_value.has_scope(scope):
        raise RefusedPageError(
            PageRefusal(
                title="Your role does not include this.",
                status=403,
                code="action_not_permitted",
                remedy="An owner of the vendor's team can do it, or give you another role.",
            )
        )
