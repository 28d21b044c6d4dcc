"""The Licenses folder: every column, every button; one license's properties; explain; remove, or why not
[spec: console]."""

import csv
import io
from typing import Any

from tenure.http.client.api_exchange import fill_path
from tenure.site.console.banner import renew_link
from tenure.site.console.session import Console, ConsolePages
from tenure.web.forms import SentForm
from tenure.web.page_api import PageApi
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import FileDownload, PageScreen, RedirectTo, RefusedPageError, Reply

EXPORTED = (
    "product", "kind", "phase", "cause", "paid_until", "grace_until", "device_limit", "allotment", "in_use", "free",
    "waiting", "provider", "plan", "role", "code_last_group", "last_answered", "next_contact", "subscription",
)  # fmt: skip
"""Columns of the export."""
KINDS = {"limited": "Subscription, limited", "unlimited": "Subscription, unlimited", "trial": "Trial", "": "–"}


class LicensePages(ConsolePages):
    """The folder and what belongs to one license."""

    @page_at("/licenses")
    async def show(self, visit: Console) -> Reply:
        """The folder; one license is selected, and the buttons are about it."""
        licenses = (await self._api(visit).get("/v1/licenses"))["items"]
        wished = visit.query.get("product", "")
        chosen = next((each for each in licenses if each["product"] == wished), licenses[0])
        return PageScreen.of(
            "licenses.html",
            rows=folder_rows(licenses),
            chosen=chosen,
            link=renew_link(chosen),
            several=len(licenses) > 1,
        )

    @page_at("/licenses/{product}")
    async def properties(self, visit: Console) -> Reply:
        """Everything about one license."""
        api, product = self._api(visit), visit.params["product"]
        license_ = await api.get(fill_path("/v1/licenses/{product}", product=product))
        groups = await api.get_all("/v1/groups")
        return PageScreen.of(
            "license.html",
            license=license_,
            link=renew_link(license_),
            spans=drawable_spans(license_["timeline"]),
            groups=groups,
            successor_spans=drawable_spans(license_["successor"]["timeline"]) if license_["successor"] else [],
            form=SentForm.of(automatic=[each["name"] for each in groups if each["automatic"]]),
        )

    @form_at("/licenses/{product}/distribution")
    async def distribute(self, visit: Console) -> Reply:
        """Which groups give seats to their devices by themselves."""
        api = self._api(visit)
        wished, changed = set(visit.form.read_many("automatic")), 0
        for each in await api.get_all("/v1/groups"):
            if each["automatic"] != (each["name"] in wished):
                await api.put(fill_path("/v1/groups/{name}", name=each["name"]), {"automatic": not each["automatic"]})
                changed += 1
        said = "Automatic distribution is as you said." if changed else "Nothing was changed."
        return RedirectTo(visit.fill_address("/licenses/{product}"), said)

    @page_at("/licenses/{product}/explain")
    async def explain(self, visit: Console) -> Reply:
        """What holds, by which rule, until when, what follows, who can change it (B2)."""
        api, product = self._api(visit), visit.params["product"]
        one = fill_path("/v1/licenses/{product}", product=product)
        told = await api.get(f"{one}/explain")
        license_ = await api.get(one)
        return PageScreen.of(
            "explain.html",
            told=told,
            license=license_,
            spans=drawable_spans(told["timeline"]),
            silence=drawable_spans(told["silence"]),
            link=renew_link(license_),
        )

    @page_at("/licenses.csv")
    async def export(self, visit: Console) -> Reply:
        """The folder as CSV."""
        licenses = (await self._api(visit).get("/v1/licenses"))["items"]
        return FileDownload(
            name="licenses.csv", media_type="text/csv; charset=utf-8", body=as_csv(folder_rows(licenses), EXPORTED)
        )

    @page_at("/licenses/{product}/remove")
    async def ask_removal(self, visit: Console) -> Reply:
        """Whether a license can be removed, and why not."""
        api, product = self._api(visit), visit.params["product"]
        return await self._removal_question(api, product)

    @form_at("/licenses/{product}/remove")
    async def remove(self, visit: Console) -> Reply:
        """Forget a license."""
        api, product = self._api(visit), visit.params["product"]
        try:
            await api.delete(fill_path("/v1/licenses/{product}", product=product))
        except RefusedPageError as error:
            if error.refusal.status == 404:
                raise
            return await self._removal_question(api, product)
        return RedirectTo("/licenses", f"The license of {product} was removed.")

    async def _removal_question(self, api: PageApi, product: str) -> Reply:
        one, refusal = fill_path("/v1/licenses/{product}", product=product), None
        license_ = await api.get(one)
        try:
            await api.delete(one, dry_run=True)
        except RefusedPageError as error:
            refusal = error.refusal
        nothing = not license_["subscription"] and not license_["pending"]
        values = {"license": license_, "refusal": refusal, "nothing": nothing, "link": renew_link(license_)}
        return PageScreen(template="remove.html", values=values, status=200 if refusal is None else 409)


def folder_rows(licenses: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The folder's lines: a successor stands under the license that it follows."""
    found: list[dict[str, Any]] = []
    for each in licenses:
        used = bool(each["subscription"])
        found.append({**each, "role": "active" if used else "", "type": KINDS.get(each["kind"], each["kind"])})
        if each["successor"]:
            found.append(_successor_row(each))
    return found


def _successor_row(license_: dict[str, Any]) -> dict[str, Any]:
    staged = license_["successor"]
    first, spans = (staged["timeline"] or [{}])[0], staged["timeline"]
    grace = next((span["until"] for span in spans if span["phase"] == "grace"), None)
    kind = "unlimited" if spans and all(span["until"] is None for span in spans) else "limited"
    return {
        **license_, "role": "successor", "type": KINDS[kind], "kind": kind, "plan": staged["plan"],
        "plan_name": staged["plan_name"],
        "phase": "pending", "cause": "not_activated", "begins": staged["begins"], "paid_until": first.get("until"),
        "grace_until": grace, "device_limit": first.get("limit", 0), "in_use": 0, "free": 0, "allotment": 0,
        "waiting": 0, "displaced": 0, "code_last_group": staged["code_last_group"], "subscription": "",
    }  # fmt: skip


def drawable_spans(spans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Spans as the kit draws them."""
    return [{**each, "why": each["cause"]} for each in spans]


def as_csv(items: list[dict[str, Any]], columns: tuple[str, ...]) -> bytes:
    """Lines for a spreadsheet; nothing in them is taken for a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    for each in items:
        writer.writerow([_safe_cell(each.get(name)) for name in columns])
    return text.getvalue().encode("utf-8-sig")


def _safe_cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
