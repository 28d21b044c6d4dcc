"""Offline exchange (B16): a request out as a file or as text, its answer in again, where no network leads outside."""

from tenure.site.console.banner import exchange_link
from tenure.site.console.client import path
from tenure.site.console.signed import Console, Server
from tenure.web.app import Route, action, page
from tenure.web.qr import MOST, encode, svg
from tenure.web.replies import Download, Goto, Refusal, RefusedPageError, Reply, Screen

TEXT_MOST = 200_000
"""Characters of an answer that are passed on: far more than any has."""


NOT_ONE = Refusal(
    title="This is not an answer of the licensing server.",
    status=422,
    code="message_malformed",
    cause="An answer begins with -----BEGIN TENURE ANSWER----- and ends with -----END TENURE ANSWER-----. Something"
    " else was brought, such as the request itself, or a part is missing.",
    remedy="Open the answer's file with a text editor, copy all of it and paste it here, or choose the file itself.",
)
_GARBAGE = frozenset({"message_malformed", "message_too_large", "type_unexpected", "body_unreadable", "body_too_large"})


class Offline:
    """The page."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def show(self, visit: Console) -> Reply:
        """Both halves."""
        return await self._page(visit)

    async def request(self, visit: Console) -> Reply:
        """The request, shown and offered as a file; the same one until it is answered."""
        code = visit.form.text("code", most=100)
        role = "successor" if visit.form.flag("successor") else "active"
        where = path("/v1/licenses/{product}/offline/request", product=visit.params["product"])
        try:
            made = await self._server.of(visit).post(where, {"code": code, "role": role} if code else {})
        except RefusedPageError as error:
            return await self._page(visit, 422, error.refusal)
        if visit.form.flag("file"):
            return Download(
                name=made["file_name"], media_type="text/plain; charset=utf-8", body=made["request"].encode()
            )
        return await self._page(visit, made=made)

    async def take(self, visit: Console) -> Reply:
        """The answer, or a notice of the vendor."""
        form = visit.form
        sent = form.files.get("answer") or form.values.get("text", [""])[0].encode()
        text = sent[: TEXT_MOST + 1].decode("utf-8-sig", errors="replace").strip()
        form.values["text"] = [text[:TEXT_MOST]]
        if not text:
            form.fault("text", "Paste the text of the answer, or choose its file.")
            return await self._page(visit, 422)
        if len(text) > TEXT_MOST:
            return await self._page(visit, 422, NOT_ONE)
        where = path("/v1/licenses/{product}/offline/import", product=visit.params["product"])
        try:
            taken = await self._server.of(visit).post(where, {"text": text}, key=form.text("_key"))
        except RefusedPageError as error:
            return await self._page(visit, 422, NOT_ONE if error.refusal.code in _GARBAGE else error.refusal)
        visit.say(taken["message"])
        return Goto(path("/licenses/{product}", product=visit.params["product"]))

    async def _page(
        self, visit: Console, status: int = 200, refusal: Refusal | None = None, made: dict[str, str] | None = None
    ) -> Reply:
        product = visit.params["product"]
        license_ = await self._server.of(visit).get(path("/v1/licenses/{product}", product=product))
        values = {"license": license_, "refusal": refusal, "made": made, "picture": _picture(made)}
        values["answered_at"] = exchange_link(license_)
        return Screen(template="offline.html", values=values, status=status)

    def routes(self) -> tuple[Route, ...]:
        """Every page of this group."""
        where = "/licenses/{product}/offline"
        return (page(where, self.show), action(f"{where}/request", self.request), action(f"{where}/import", self.take))


def _picture(made: dict[str, str] | None) -> str:
    """The request's one line as a QR code; empty where it is longer than one holds."""
    if made is None or len(made["line"]) > MOST:
        return ""
    return svg(encode(made["line"].encode(), "L"), "QR code of the request")
