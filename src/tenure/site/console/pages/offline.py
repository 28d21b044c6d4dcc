"""Offline exchange (B16): a request out as a file or as text, its answer in again, where no network leads outside."""

from tenure.http.client.api_exchange import fill_path
from tenure.site.console.banner import exchange_link
from tenure.site.console.session import Console, ConsolePages
from tenure.web.page_groups import form_at, page_at
from tenure.web.qr import MOST, encode, to_svg
from tenure.web.replies import FileDownload, PageRefusal, PageScreen, RedirectTo, RefusedPageError, Reply

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

    @page_at("/licenses/{product}/offline")
    async def show(self, visit: Console) -> Reply:
        """Both halves."""
        return await self._render_page(visit)

    @form_at("/licenses/{product}/offline/request")
    async def request(self, visit: Console) -> Reply:
        """The request, shown and offered as a file; the same one until it is answered."""
        code = visit.form.read_text("code", most=100)
        role = "successor" if visit.form.read_flag("successor") else "active"
        where = fill_path("/v1/licenses/{product}/offline/request", product=visit.params["product"])
        try:
            made = (await self._server.api_for(visit).post(where, {"code": code, "role": role} if code else {})).value
        except RefusedPageError as error:
            return await self._render_page(visit, 422, error.refusal)
        if visit.form.read_flag("file"):
            return FileDownload(
                name=made["file_name"], media_type="text/plain; charset=utf-8", body=made["request"].encode()
            )
        return await self._render_page(visit, made=made)

    @form_at("/licenses/{product}/offline/import")
    async def take(self, visit: Console) -> Reply:
        """The answer, or a notice of the vendor."""
        form = visit.form
        sent = form.files.get("answer") or form.values.get("text", [""])[0].encode()
        text = sent[: TEXT_MOST + 1].decode("utf-8-sig", errors="replace").strip()
        form.values["text"] = [text[:TEXT_MOST]]
        if not text:
            form.add_fault("text", "Paste the text of the answer, or choose its file.")
            return await self._render_page(visit, 422)
        if len(text) > TEXT_MOST:
            return await self._render_page(visit, 422, NOT_ONE)
        where = fill_path("/v1/licenses/{product}/offline/import", product=visit.params["product"])
        try:
            taken = (await self._server.api_for(visit).post(where, {"text": text}, key=form.read_text("_key"))).value
        except RefusedPageError as error:
            return await self._render_page(visit, 422, NOT_ONE if error.refusal.code in _GARBAGE else error.refusal)
        visit.flash_message(taken["message"])
        return RedirectTo(fill_path("/licenses/{product}", product=visit.params["product"]))

    async def _render_page(
        self, visit: Console, status: int = 200, refusal: PageRefusal | None = None, made: dict[str, str] | None = None
    ) -> Reply:
        product = visit.params["product"]
        license_ = await self._server.api_for(visit).get(fill_path("/v1/licenses/{product}", product=product))
        values = {"license": license_, "refusal": refusal, "made": made, "picture": _qr_picture(made)}
        values["answered_at"] = exchange_link(license_)
        return PageScreen(template="offline.html", values=values, status=status)


def _qr_picture(made: dict[str, str] | None) -> str:
    """The request's one line as a QR code; empty where it is longer than one holds."""
    if made is None or len(made["line"]) > MOST:
        return ""
    return to_svg(encode(made["line"].encode(), "L"), "QR code of the request")
