"""Pages that are the vendor's alone: for everybody else they do not exist."""

from tenure.portal.session import Portal
from tenure.web.replies import PageRefusal, RefusedPageError


def require_vendor(visit: Portal, scope: str) -> None:
    """Raises `RefusedPageError`: `not_found` for other teams, `action_not_permitted` without the scope."""
    if visit.session_value.team_kind != "vendor":
        raise RefusedPageError(
            PageRefusal(
                title="There is no such page.",
                status=404,
                code="not_found",
                remedy="The address may be misspelt, or what it named may not be yours to see.",
            )
        )
    if not visit.session_value.has_scope(scope):
        raise RefusedPageError(
            PageRefusal(
                title="Your role does not include this.",
                status=403,
                code="action_not_permitted",
                remedy="An owner of the vendor's team can do it, or give you another role.",
            )
        )
