"""What a page's function answers with: a screen, another address, a file; made into an HTTP answer by `app`."""

from typing import Any
from urllib.parse import quote

import msgspec


class PageRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why nothing was done, in words for people: the members of the API's problem, as far as pages show them."""

    title: str
    status: int = 400
    code: str = ""
    detail: str = ""
    cause: str = ""
    remedy: str = ""
    who: str = ""
    field: str = ""
    possible_at: str = ""
    request_id: str = ""


class RefusedPageError(Exception):
    """Carries a refusal out of a page's function; the reader sees it as a page of its own."""

    def __init__(self, refusal: PageRefusal) -> None:
        super().__init__(refusal.code or refusal.title)
        self.refusal = refusal


class PageScreen(msgspec.Struct, frozen=True, kw_only=True):
    """A template with its values. `status` is the HTTP status; forms that are shown again have 422."""

    template: str
    values: dict[str, Any] = {}
    status: int = 200

    @classmethod
    def of(cls, template: str, **values: Any) -> "PageScreen":
        """A page as it usually is."""
        return cls(template=template, values=values)


class SignInAgain(msgspec.Struct, frozen=True):
    """The user of the session must sign in again; afterwards the visit goes on, with what was entered."""


class RedirectTo(msgspec.Struct, frozen=True):
    """Go on at an address of ours (303); `path` begins with a slash."""

    path: str
    said: str = ""
    """A sentence for the page that is shown there; empty for none."""
    tone: str = "good"


class FileDownload(msgspec.Struct, frozen=True, kw_only=True):
    """A file to keep."""

    name: str
    media_type: str
    body: bytes


Reply = PageScreen | RedirectTo | FileDownload | SignInAgain


def local_path(path: str, otherwise: str = "/") -> str:
    """`path` if it is an address of ours, so that no link to us sends a user to another website."""
    fine = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if fine else otherwise


def in_ascii(path: str) -> str:
    """`path` as a header can carry it: what is beyond ASCII is percent-encoded, what is encoded stays as it is."""
    return quote(path, safe="%/:?#[]@!$&'()*+,;=~", errors="replace")
