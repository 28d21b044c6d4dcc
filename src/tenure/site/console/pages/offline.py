"""Offline exchange (B16): a request out as a file or as text, its answer in again, where no network leads outside."""

from tenure.site.console.banner import exchange_link
from tenure.site.console.session import Console, ConsolePages
from tenure.web.page_groups import form_at, page_at
from tenure.web.qr import MOST, encode, to_svg
from tenure.web.replies import FileDownload, PageRefusal, PageScreen, RedirectTo, RefusedPageError, Reply

LICENSE = "/v1/licenses/{product}"
TEXT_MOST = 200_000
"""Characters of an answer that are passed on: far more than any has."""


NOT_ONE = PageRefusal(
    title="This is not an answer of the activation server.",
    status=422,
    code="message_malformed",
    cause="An answer begins with -----BEGIN TENURE ANSWER----- and ends with -----END TENURE ANSWER-----. Something"
    " else was brought, such as the request itself, or a part is missing.",
    remedy="Open the answer's file with a text editor, copy all of it and paste it here, or choose the file itself.",
)
_GARBAGE = frozenset({"message_malformed", "message_too_large", "type_unexpected", "body_unreadable", "body_too_large"})


class OfflineExchangePages(ConsolePages):
    """The page."""

    async def _render_page(
        self, visit: Console, refusal: PageRefusal | None = None, *, made: dict[str, str] | None = None
    ) -> PageScreen:
        license_ = await self._api(visit).get(visit.fill_address(LICENSE))
        values = {"license": license_, "refusal": refusal, "made": made, "picture": _qr_picture(made)}
        values["answered_at"] = exchange_link(license_)
        status = 422 if refusal or visit.form.errors else 200
        return PageScreen(template="offline.html", values=values, status=status)

    @page_at("/licenses/{product}/offline")
    async def show(self, visit: Console) -> Reply:
        """Both halves."""
        return await self._render_page(visit)

    @form_at("/licenses/{product}/offline/request", again=_render_page)
    async def request(self, visit: Console) -> Reply:
        """The request, shown and offered as a file; the same one until it is answered."""
        code = visit.form.read_text("code", most=100)
        role = "successor" if visit.form.read_flag("successor") else "active"
        where = visit.fill_address(f"{LICENSE}/offline/request")
        made = (await self._api(visit).post(where, {"code": code, "role": role} if code else {})).value
        if visit.form.read_flag("file"):
            return FileDownload(
                name=made["file_name"], media_type="text/plain; charset=utf-8", body=made["request"].encode()
            )
        return await self._render_page(visit, made=made)

    @form_at("/licenses/{product}/offline/import", again=_render_page)
    async def take(self, visit: Console) -> Reply:
        """The answer, or a notice of the vendor."""
        form = visit.form
        sent = form.files.get("answer") or form.values.get("text", [""])[0].encode()
        text = sent[: TEXT_MOST + 1].decode("utf-8-sig", errors="replace").strip()
        form.values["text"] = [text[:TEXT_MOST]]
        if not text:
            form.add_fault("text", "Paste the text of the answer, or choose its file.")
        form.require_valid()
        if len(text) > TEXT_MOST:
            raise RefusedPageError(NOT_ONE)
        where = visit.fill_address(f"{LICENSE}/offline/import")
        try:
            taken = (await self._api(visit).post(where, {"text": text}, key=form.read_text("_key"))).value
        except RefusedPageError as error:
            raise RefusedPageError(NOT_ONE if error.refusal.code in _GARBAGE else error.refusal) from error
        return RedirectTo(visit.fill_address("/licenses/{product}"), taken["message"])


def _qr_picture(made: dict[str, str] | None) -> str:
    """The request's one line as a QR code; empty where it is longer than one holds."""
    if made is None or len(made["line"]) > MOST:
        return ""
    return to_svg(encode(made["line"].encode(), "L"), "QR code of the request")
