"""The audit: who did what about access, narrowed by person, kind and day."""

from datetime import UTC, date, datetime, timedelta

from tenure.portal.signed import Portal, Server
from tenure.web.app import Route, page
from tenure.web.pager import pager
from tenure.web.replies import Reply, Screen
from tenure.web.words import spoken

ROWS = 50
"""Rows on one page."""
KINDS = (
    "signed_in", "signed_out", "session_ended", "other_sessions_ended",
    "sign_in_refused", "account_made", "account_removed", "password_changed",
    "password_refused", "password_reset_asked", "password_reset", "second_factor_set", "second_factor_removed",
    "second_factor_refused", "invited", "invitation_withdrawn", "joined", "role_changed", "person_removed",
    "token_made", "token_withdrawn", "customer_created", "customer_changed", "provider_created", "provider_changed",
    "brand_changed", "policy_published", "policy_bounds_published", "payment_settings_changed",
    "gateway_secret_rotated", "payment_requested", "payment_request_withdrawn", "order_requested",
    "order_request_withdrawn", "order_request_declined", "code_shown", "webhook_made",
    "webhook_changed", "webhook_deleted", "webhook_secret_rotated", "webhook_tested", "delivery_repeated",
    "mail_sent_again", "test_mail_sent", "sandbox_clock_set",
)  # fmt: skip
"""What the filter offers, in the order of a day's questions."""


class Audit:
    """The page of the audit."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """Who did what, newest first."""
        form, query = visit.form, visit.query
        for name in ("who", "what", "since", "until"):
            form.values[name] = [query.get(name, "")[:100]]
        what = form.text("what") if form.text("what") in KINDS else ""
        since, until = _day(visit, "since"), _day(visit, "until")
        asked = {
            "who": form.text("who") or None,
            "what": what or None,
            "since": _instant(since),
            "until": _instant(until + timedelta(days=1)) if until else None,
            "cursor": query.get("cursor"),
        }
        narrowed = any(value for name, value in asked.items() if name != "cursor")
        found = await self._server.of(visit).listed("/v1/audit", asked, ROWS)
        values = {
            "rows": found.items,
            "pages": pager(visit, found, ROWS),
            "kinds": [("", "Everything"), *((kind, spoken(kind)) for kind in KINDS)],
            "what": what,
            "narrowed": narrowed,
        }
        return Screen(template="audit.html", values=values, status=422 if form.errors else 200)

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (page("/audit", self.show),)


def _day(visit: Portal, field: str) -> date | None:
    """The day in the field; the first and last that can be written are left alone, for what follows them cannot be."""
    text = visit.form.text(field)
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        day = date.max
    if day is not None and not date(1970, 1, 1) <= day <= date(9999, 12, 30):
        visit.form.fault(field, "A day, please: 2030-12-31.")
        return None
    return day


def _instant(day: date | None) -> str | None:
    return None if day is None else f"{datetime(day.year, day.month, day.day, tzinfo=UTC):%Y-%m-%dT%H:%M:%SZ}"
