"""Setting up a forwarding, or changing one: one form for mails, one for webhooks; kept secrets are never filled in."""

import re
from itertools import groupby
from typing import Any

import msgspec

from tenure.http.client.api_exchange import fill_path
from tenure.site.console.pages.forwarding import WHERE, one_page
from tenure.site.console.session import Console, ConsolePages
from tenure.web.forms import SentForm
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, RefusedPageError, Reply
from tenure.web.visits import fields_screen

LEVELS = (
    ("info", "Everything", "Information, warnings and what is critical."),
    ("warning", "Warnings and worse", "What an administrator should look at."),
    ("critical", "Only what is critical", "Functions are withheld, or will be soon."),
)
SECURITY = (
    ("starttls", "STARTTLS (ports 587 and 25)"),
    ("tls", "TLS from the first byte (port 465)"),
    ("none", "Off, only to this computer itself"),
)
PEM_MOST = 33_000
WAYS = ("mail", "webhook")

EDIT = f"{WHERE}/{{forwarding}}/edit"


class ForwardingFormPages(ConsolePages):
    """New and edit."""

    async def _render_page(
        self, visit: Console, refusal: PageRefusal | None, way: str, one: dict[str, Any] | None, form: SentForm
    ) -> PageScreen:
        kinds = await self._api(visit).get_all("/v1/event-kinds")
        visit.form = form
        values = {
            "way": way,
            "one": one,
            "chosen": form.read_many("kinds"),
            "families": [(name, list(found)) for name, found in groupby(kinds, lambda each: each["family"])],
            "levels": LEVELS,
            "security": SECURITY,
        }
        # A list's entry is blamed on the list: `mail.recipients[...]`.
        named = refusal and msgspec.structs.replace(refusal, field=refusal.field.partition("[")[0])
        return fields_screen(visit, "forwarding_form.html", named, **values)

    async def _render_new(self, visit: Console, refusal: PageRefusal | None = None) -> PageScreen:
        way = visit.form.read_text("by") if visit.form.read_text("by") in WAYS else "mail"
        return await self._render_page(visit, refusal, way, None, visit.form)

    async def _render_edit(self, visit: Console, refusal: PageRefusal | None = None) -> PageScreen:
        one = await self._find_forwarding(visit)
        way = "mail" if one["mail"] else "webhook"
        held = {**one[way], "name": one["name"], "severity": one["severity"], "kinds": one["kinds"]}
        if way == "mail":
            held["recipients"] = "\n".join(one["mail"]["recipients"])
        form = visit.form if visit.method == "POST" else SentForm.of(**held)
        return await self._render_page(visit, refusal, way, one, form)

    @page_at(f"{WHERE}/new")
    async def begin(self, visit: Console) -> Reply:
        """An empty form."""
        way = "webhook" if visit.query.get("by") == "webhook" else "mail"
        held = SentForm.of(severity="warning", security="starttls", port=587)
        return await self._render_page(visit, None, way, None, held)

    @form_at(f"{WHERE}/new", again=_render_new)
    async def add(self, visit: Console) -> Reply:
        """A new one; a webhook's secret is shown on the page that answers."""
        body = _request_body(visit.form, visit.form.read_choice("by", WAYS) or "mail")
        visit.form.require_valid()
        made = (await self._api(visit).post("/v1/forwardings", body, key=visit.form.read_text("_key"))).value
        return await self._save_forwarding(visit, made["forwarding"]["id"], made["secret"])

    @page_at(EDIT)
    async def edit(self, visit: Console) -> Reply:
        """The form, filled in."""
        return await self._render_edit(visit)

    @form_at(EDIT, again=_render_edit)
    async def change(self, visit: Console) -> Reply:
        """Replace its settings."""
        one = await self._find_forwarding(visit)
        body = _request_body(visit.form, "mail" if one["mail"] else "webhook") | {"active": one["active"]}
        visit.form.require_valid()
        await self._api(visit).put(visit.fill_address("/v1/forwardings/{forwarding}"), body)
        return await self._save_forwarding(visit, one["id"], "")

    async def _save_forwarding(self, visit: Console, name: str, secret: str) -> Reply:
        """With a test at once, if that was the button."""
        wants_test, tested = visit.form.read_flag("test"), None
        visit.form = SentForm()
        if wants_test:
            try:
                tested = (await self._api(visit).post(fill_path("/v1/forwardings/{name}/test", name=name))).value
            except RefusedPageError as error:
                return await one_page(self._server, visit, name, secret=secret, refusal=error.refusal)
        if secret or tested:
            return await one_page(self._server, visit, name, tested=tested, secret=secret)
        return RedirectTo(f"{WHERE}/{name}", "The forwarding is saved.")

    async def _find_forwarding(self, visit: Console) -> dict[str, Any]:
        found: dict[str, Any] = await self._api(visit).get(visit.fill_address("/v1/forwardings/{forwarding}"))
        return found


def _request_body(form: SentForm, way: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "name": form.read_required("name", most=64),
        "severity": form.read_choice("severity", [each[0] for each in LEVELS]),
        "kinds": form.read_many("kinds")[:64],
    }
    authorities = form.read_text("authorities", most=PEM_MOST)
    if way == "webhook":
        return body | {"webhook": {"url": form.read_required("url"), "authorities": authorities}}
    mail: dict[str, Any] = {
        "host": form.read_required("host", most=254),
        "port": form.read_whole("port", least=1, most=65_535),
        "security": form.read_choice("security", [each for each, _ in SECURITY]),
        "user": form.read_text("user", most=300),
        "sender": form.read_required("sender", most=300),
        "recipients": re.split(r"[\s,;]+", form.read_required("recipients", most=10_000)),
        "authorities": authorities,
    }
    password = form.values.get("password", [""])[0]
    if password:
        mail["password"] = password[:300]
    return body | {"mail": mail}
