"""For the vendor: the bounds of every provider's policy, with what they would cut before they are published."""

from collections.abc import Iterable
from typing import Any

import msgspec

from tenure.core.field_errors import field_label
from tenure.core.policy.bounds import widest_bound
from tenure.portal.pages.policy import UNIT_NAMES, WAYS
from tenure.portal.session import Portal, PortalPages
from tenure.portal.stale import NOTHING_SEEN, STATUS, StaleField, is_stale, stale_fields
from tenure.web.forms import SentForm
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, RefusedPageError, Reply

PATH = "/v1/policy-bounds"


class BoundsPages(PortalPages):
    """The page of bounds."""

    @page_at("/policy-bounds")
    async def show(self, visit: Portal) -> Reply:
        """The form with the bounds in force."""
        found = await self._server.with_secret(visit.session_value.secret).get_with_etag(PATH)
        return _render_screen(found.value, found.etag, _filled_form(found.value))

    @form_at("/policy-bounds")
    async def change(self, visit: Portal) -> Reply:
        """Show what the bounds would cut; then publish exactly them."""
        api, form = self._server.with_secret(visit.session_value.secret), visit.form
        found = await api.get_with_etag(PATH)
        seen, real = form.read_text("_etag"), form.read_text("step") == "apply"
        body = {
            "bounds": {
                name: bound for row in found.value["bounds"] if (bound := _read_bound(form, name := row["field"]))
            }
        }
        if form.errors:
            return _render_screen(found.value, seen, form, status=422)
        try:
            done = await api.put(PATH, body, if_match=seen or NOTHING_SEEN, dry_run=not real)
        except RefusedPageError as error:
            if is_stale(error.refusal):
                now = _filled_form(found.value)
                stored = {name: now.read_text(name) for name in (*form.values, *now.values) if "." in name}
                return _render_screen(
                    found.value, found.etag, form, differing=stale_fields(form, stored, _names(stored)), status=STATUS
                )
            refusal = form.place_refusal(error.refusal)
            return _render_screen(found.value, seen, form, refusal, status=422)
        if real:
            return RedirectTo("/policy-bounds", "The bounds are published.")
        return _render_screen(found.value, seen, form, cuts=done.value["cuts"])


def _names(fields: Iterable[str]) -> dict[str, str]:
    """What the limits are called: `grace_days.minimum` is "Grace after a paid period, least"."""
    told = {"minimum": "least", "maximum": "most", "locked": "locked"}
    parts = [(name, *name.rpartition(".")[::2]) for name in fields]
    return {name: f"{field_label(figure)}, {told.get(limit, limit)}" for name, figure, limit in parts}


def _filled_form(value: Any) -> SentForm:
    said: dict[str, str] = {}
    for row in value["bounds"]:
        for limit in ("minimum", "maximum"):
            said[f"{row['field']}.{limit}"] = "" if row[limit] is None else str(row[limit])
        if row["locked"]:
            said[f"{row['field']}.locked"] = "on"
    return SentForm.of(**said)


def _read_bound(form: SentForm, name: str) -> dict[str, Any]:
    """What the form says of one field; empty for nothing."""
    bound: dict[str, Any] = {}
    for limit in ("minimum", "maximum"):
        if form.read_text(f"{name}.{limit}"):
            least, most = widest_bound(name)
            bound[limit] = form.read_whole(f"{name}.{limit}", least=least, most=most)
    return bound | ({"locked": True} if form.read_text(f"{name}.locked") else {})


class BoundRow(msgspec.Struct, frozen=True):
    """A bound as people read it: `name` and `unit` as on a provider's policy, `default` in words."""

    field: str
    name: str
    unit: str
    default: str
    least: int | None
    most: int | None


def bound_row(bound: Any) -> BoundRow:
    """`bound` of the API in the words of the page *Policy*; figures as the API counts them, with their unit."""
    field, default = bound["field"], bound["default"]
    if isinstance(default, bool):
        said = "yes" if default else "no"
    elif isinstance(default, list):
        said = ", ".join(map(str, default))
    else:
        said = dict(WAYS.get(field, ())).get(default, f"{default:,}" if isinstance(default, int) else str(default))
    return BoundRow(field, field_label(field), UNIT_NAMES.get(field, ""), said, bound["least"], bound["most"])


def _render_screen(
    value: Any,
    seen: str,
    form: SentForm,
    refusal: PageRefusal | None = None,
    *,
    cuts: list[Any] | None = None,
    differing: list[StaleField] | None = None,
    status: int = 200,
) -> PageScreen:
    rows = [bound_row(bound) for bound in value["bounds"]]
    values = {"bounds": rows, "present": value["cuts"], "seen": seen, "cuts": cuts, "refusal": refusal}
    return PageScreen(
        template="policy_bounds.html", values=values | {"form": form, "differing": differing}, status=status
    )
