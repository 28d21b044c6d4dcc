"""Offline exchange: answer a request that a user has brought from an administration server without a network.

The answer is shown, and kept as a file, to be carried back; what is in it the server proves and says.
"""

from typing import Any

import msgspec

from tenure.portal.session import Portal, PortalPages
from tenure.web.page_groups import form_at, page_at
from tenure.web.replies import FileDownload, PageRefusal, PageScreen, RefusedPageError, Reply

CAP = 64 * 1024
"""Characters of a request that are passed on: far more than any has."""
WHERE = "/offline-exchange"
NOT_ONE = PageRefusal(
    title="This is not the request of an administration server.",
    status=422,
    code="message_malformed",
    cause="A request begins with -----BEGIN TENURE REQUEST----- and ends with -----END TENURE REQUEST-----. Something"
    " else was sent, or a part is missing.",
    remedy="Open the request's file with a text editor, copy all of it and paste it here, or choose the file itself.",
)
_GARBAGE = frozenset({"message_malformed", "message_too_large", "type_unexpected", "body_unreadable", "body_too_large"})


class OfflineAnswerPages(PortalPages):
    """The page."""

    @page_at(WHERE)
    async def show(self, visit: Portal) -> Reply:
        """The form."""
        return _render_page(visit)

    @form_at(WHERE)
    async def answer(self, visit: Portal) -> Reply:
        """The answer as text and as a file; the same request always gets the same answer."""
        form = visit.form
        sent = form.files.get("file") or form.values.get("request", [""])[0].encode()
        text = sent[: CAP + 1].decode("utf-8-sig", errors="replace").strip()
        form.values["request"] = [text[:CAP]]
        if not text:
            form.add_fault("request", "Paste the text of the request, or choose its file.")
            return _render_page(visit)
        if len(text) > CAP:
            return _render_page(visit, NOT_ONE)
        try:
            made = (await self._api(visit).post("/v1/offline-exchange", {"request": text})).value
        except RefusedPageError as error:
            return _render_page(visit, _plain_refusal(error.refusal))
        if form.read_flag("save"):
            body = made["answer"].encode()
            return FileDownload(name=made["file_name"], media_type="text/plain; charset=utf-8", body=body)
        return _render_page(visit, made=made)


def _render_page(visit: Portal, refusal: PageRefusal | None = None, made: dict[str, Any] | None = None) -> PageScreen:
    status = 422 if visit.form.errors or refusal else 200
    return PageScreen(template="offline.html", values={"refusal": refusal, "made": made}, status=status)


def _plain_refusal(refusal: PageRefusal) -> PageRefusal:
    """The refusal in words for a user with a file instead of words for programmers."""
    if refusal.code in _GARBAGE or (refusal.code == "field_invalid" and refusal.field == "request"):
        return NOT_ONE
    return msgspec.structs.replace(refusal, field="")
