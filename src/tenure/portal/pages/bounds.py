"""For the vendor: the bounds of every provider's policy, with what they would cut before they are published."""

from collections.abc import Iterable
from typing import Any

import msgspec

from tenure.core.bounds import widest
from tenure.core.complaints import label
from tenure.portal.blame import blamed
from tenure.portal.pages.policy import UNIT_NAMES, WAYS
from tenure.portal.signed import Portal, Server
from tenure.portal.stale import NOTHING_SEEN, STATUS, Difference, differences, is_stale
from tenure.web.app import Route, action, page
from tenure.web.forms import Form
from tenure.web.replies import Goto, Refusal, RefusedPageError, Reply, Screen

PATH = "/v1/policy-bounds"


class Bounds:
    """The page of bounds."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Portal) -> Reply:
        """The form with the bounds in force."""
        found = await self._server.with_secret(visit.who.secret).tagged(PATH)
        return _screen(found.value, found.etag, _form(found.value))

    async def change(self, visit: Portal) -> Reply:
        """Show what the bounds would cut; then publish exactly them."""
        api, form = self._server.with_secret(visit.who.secret), visit.form
        found = await api.tagged(PATH)
        seen, real = form.text("_etag"), form.text("step") == "apply"
        body = {
            "bounds": {name: bound for row in found.value["bounds"] if (bound := _bound(form, name := row["field"]))}
        }
        if form.errors:
            return _screen(found.value, seen, form, status=422)
        try:
            done = await api.put(PATH, body, if_match=seen or NOTHING_SEEN, dry_run=not real)
        except RefusedPageError as error:
            if is_stale(error.refusal):
                now = _form(found.value)
                stored = {name: now.text(name) for name in (*form.values, *now.values) if "." in name}
                return _screen(
                    found.value, found.etag, form, differing=differences(form, stored, _names(stored)), status=STATUS
                )
            refusal = None if blamed(form, error.refusal) else error.refusal
            return _screen(found.value, seen, form, refusal, status=422)
        if real:
            visit.say("The bounds are published.")
            return Goto("/policy-bounds")
        return _screen(found.value, seen, form, cuts=done.value["cuts"])

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        return (page("/policy-bounds", self.show), action("/policy-bounds", self.change))


def _names(fields: Iterable[str]) -> dict[str, str]:
    """What the limits are called: `grace_days.minimum` is "Grace after a paid period, least"."""
    told = {"minimum": "least", "maximum": "most", "locked": "locked"}
    parts = [(name, *name.rpartition(".")[::2]) for name in fields]
    return {name: f"{label(figure)}, {told.get(limit, limit)}" for name, figure, limit in parts}


def _form(value: Any) -> Form:
    said: dict[str, str] = {}
    for row in value["bounds"]:
        for limit in ("minimum", "maximum"):
            said[f"{row['field']}.{limit}"] = "" if row[limit] is None else str(row[limit])
        if row["locked"]:
            said[f"{row['field']}.locked"] = "on"
    return Form.of(**said)


def _bound(form: Form, name: str) -> dict[str, Any]:
    """What the form says of one field; empty for nothing."""
    bound: dict[str, Any] = {}
    for limit in ("minimum", "maximum"):
        if form.text(f"{name}.{limit}"):
            least, most = widest(name)
            bound[limit] = form.whole(f"{name}.{limit}", least=least, most=most)
    return bound | ({"locked": True} if form.text(f"{name}.locked") else {})


class Row(msgspec.Struct, frozen=True):
    """A bound as people read it: `name` and `unit` as on a provider's policy, `default` in words."""

    field: str
    name: str
    unit: str
    default: str
    least: int | None
    most: int | None


def row(bound: Any) -> Row:
    """`bound` of the API in the words of the page *Policy*; figures as the API counts them, with their unit."""
    field, default = bound["field"], bound["default"]
    if isinstance(default, bool):
        said = "yes" if default else "no"
    elif isinstance(default, list):
        said = ", ".join(map(str, default))
    else:
        said = dict(WAYS.get(field, ())).get(default, f"{default:,}" if isinstance(default, int) else str(default))
    return Row(field, label(field), UNIT_NAMES.get(field, ""), said, bound["least"], bound["most"])


def _screen(
    value: Any,
    seen: str,
    form: Form,
    refusal: Refusal | None = None,
    *,
    cuts: list[Any] | None = None,
    differing: list[Difference] | None = None,
    status: int = 200,
) -> Screen:
    rows = [row(bound) for bound in value["bounds"]]
    values = {"bounds": rows, "present": value["cuts"], "seen": seen, "cuts": cuts, "refusal": refusal}
    return Screen(template="policy_bounds.html", values=values | {"form": form, "differing": differing}, status=status)
