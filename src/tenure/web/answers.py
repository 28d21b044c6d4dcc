"""Replies of pages as HTTP answers: a page, a redirect, a download, a file of the kit, each with the headers it needs.

What is replied is the pages' decision; cookies are added by `app`.
"""

from starlette.responses import Response

from tenure.web import security_headers
from tenure.web.assets import PageAsset
from tenure.web.cookies import CookiePlace
from tenure.web.frame import PageFrame
from tenure.web.replies import FileDownload, in_ascii


def page_answer(status: int, body: str, frame: PageFrame, place: CookiePlace) -> Response:
    """A page; its frame names the one picture that comes from elsewhere."""
    headers = security_headers.security_headers(frame.logo, secure=place.secure)
    return Response(body.encode(), status_code=status, headers={**headers, "Content-Type": "text/html; charset=utf-8"})


def download(reply: FileDownload, place: CookiePlace) -> Response:
    """A file to be kept, under a name of plain letters."""
    name = "".join(
        character for character in reply.name if character.isascii() and (character.isalnum() or character in "._-")
    )
    headers = {
        **security_headers.security_headers(secure=place.secure),
        "Content-Type": reply.media_type,
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    return Response(reply.body, status_code=200, headers=headers)


def redirect(path: str) -> Response:
    """To another page of ours, by GET."""
    return Response(b"", status_code=303, headers={**security_headers.security_headers(), "Location": in_ascii(path)})


def asset_answer(found: PageAsset | None) -> Response:
    """A file that pages load; None: there is no such file."""
    if found is None:
        return Response(b"", status_code=404, headers={"Content-Type": "text/plain; charset=utf-8"})
    headers = {
        "Content-Type": found.media_type,
        "Cache-Control": found.cache,
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return Response(found.body, status_code=200, headers=headers)
