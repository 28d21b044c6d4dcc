"""The audit: who did what about access, narrowed by user, kind and day."""

import re
from datetime import UTC, date, datetime, timedelta

from tenure.portal.session import Portal, PortalPages
from tenure.web.formatting import humanize_name
from tenure.web.page_groups import page_at
from tenure.web.pager import make_pager
from tenure.web.replies import PageScreen, Reply

ROWS = 50
"""Rows on one page."""
KINDS = (
    "signed_in", "signed_out", "session_ended", "other_sessions_ended",
    "sign_in_refused", "account_made", "account_removed", "password_changed",
    "password_refused", "password_reset_asked", "password_reset", "second_factor_set", "second_factor_removed",
    "second_factor_refused", "invited", "invitation_withdrawn", "joined", "role_changed", "user_removed",
    "token_made", "token_withdrawn", "customer_created", "customer_changed", "provider_created", "provider_changed",
    "brand_changed", "policy_published", "policy_bounds_published", "payment_settings_changed",
    "gateway_secret_rotated", "payment_requested", "payment_request_withdrawn", "order_requested",
    "order_request_withdrawn", "order_request_declined", "code_shown", "webhook_made",
    "webhook_changed", "webhook_deleted", "webhook_secret_rotated", "webhook_tested", "delivery_repeated",
    "email_sent_again", "test_email_sent", "sandbox_clock_set",
)  # fmt: skip
"""What the filter offers, in the order of a day's questions."""

_ID = re.compile(r"\b([a-z]{3})_[0-9a-z]{26}\b(: )?")
_PLACES = {
    "sub": ("the subscription", "/subscriptions/{}"),
    "cus": ("the customer", "/customers/{}"),
    "whk": ("the webhook", "/webhooks/{}"),
    "pay": ("the payment requests", "/payments"),
    "orq": ("the order requests", "/order-requests"),
    "eml": ("the emails", "/emails"),
}
"""Where something stands that an id names, by the id's prefix, and the words of the link."""


def describe_detail(detail: str) -> tuple[str, str, str]:
    """What an entry says, and words and path of a link to what it is about; ids are left out, names stay.

    Worked example: `cus_…: Acme` is ("Acme", "the customer", "/customers/cus_…"). A link may lead to what is gone.
    """
    found = _ID.search(detail)
    words, path = _PLACES.get(found[1], ("", "")) if found else ("", "")
    return _ID.sub("", detail).strip(" :,"), words, path.format(found[0].removesuffix(": ")) if found else ""


class AuditPages(PortalPages):
    """The page of the audit."""

    @page_at("/audit")
    async def show(self, visit: Portal) -> Reply:
        """Who did what, newest first."""
        form, query = visit.form, visit.query
        for name in ("who", "what", "since", "until"):
            form.values[name] = [query.get(name, "")[:100]]
        what = form.read_text("what") if form.read_text("what") in KINDS else ""
        since, until = _read_day(visit, "since"), _read_day(visit, "until")
        asked = {
            "who": form.read_text("who") or None,
            "what": what or None,
            "since": _day_instant(since),
            "until": _day_instant(until + timedelta(days=1)) if until else None,
            "cursor": query.get("cursor"),
        }
        narrowed = any(value for name, value in asked.items() if name != "cursor")
        found = await self._api(visit).get_page("/v1/audit", asked, ROWS)
        values = {
            "rows": [{**each, "told": describe_detail(each["detail"])} for each in found.items],
            "pages": make_pager(visit, found, ROWS),
            "kinds": [("", "Everything"), *((kind, humanize_name(kind)) for kind in KINDS)],
            "what": what,
            "narrowed": narrowed,
        }
        return PageScreen(template="audit.html", values=values, status=422 if form.errors else 200)


def _read_day(visit: Portal, field: str) -> date | None:
    """The day in the field; the first and last that can be written are left alone, for what follows them cannot be."""
    text = visit.form.read_text(field)
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        day = date.max
    if day is not None and not date(1970, 1, 1) <= day <= date(9999, 12, 30):
        visit.form.add_fault(field, "A day, please: 2030-12-31.")
        return None
    return day


def _day_instant(day: date | None) -> str | None:
    return None if day is None else f"{datetime(day.year, day.month, day.day, tzinfo=UTC):%Y-%m-%dT%H:%M:%SZ}"
