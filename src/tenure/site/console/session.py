"""What a console session holds, and the one client of the local API that it uses."""

from typing import Any

import msgspec

from tenure.http.client.api_exchange import ApiCaller
from tenure.http.client.transports import AsyncTransport
from tenure.site.console.rights import ConsoleRights
from tenure.web.page_api import ApiPages, PageApi, PageApiServer, PageApiSettings
from tenure.web.page_app import PageVisit
from tenure.web.replies import PageRefusal, RefusedPageError
from tenure.web.sign_in import ApiSession

PAGE = 50
"""Rows of a list on one page."""
COUNTED = 100
"""Open warnings are counted up to here."""


def in_console(said: bytes) -> bytes:
    """What the API says, with what has a button here named as that: it speaks to the command line, too.

    `Run `tenure doctor`; …` becomes `Test the connection; …`, and `… fails run `tenure doctor` and …` `… test the …`.
    """
    return said.replace(b"Run `tenure doctor`", b"Test the connection").replace(
        b"run `tenure doctor`", b"test the connection"
    )


LOCAL_API = PageApiSettings(
    unreachable=PageRefusal(
        title="The administration server did not answer as expected.",
        status=503,
        code="unreachable",
        cause="The console asks the administration server's own interface for everything it shows.",
        remedy="Try again in a minute; if it stays, restart `tenure site run` and look at its log.",
    ),
    page=PAGE,
    reword=in_console,
)


class ConsoleSession(ApiSession):
    """A user who is signed in; every visit asks the API for their rights, so that another role holds at once."""

    @property
    def name(self) -> str:
        """Who it is; the token of the folder has no account."""
        return str(self.me["name"] or "Administrator")

    @property
    def role(self) -> str:
        """The role."""
        return str(self.me["role"])

    @property
    def rights(self) -> ConsoleRights:
        """What may be shown to them as something to do."""
        return ConsoleRights(frozenset(self.me["scopes"]))


Console = PageVisit[ConsoleSession]
"""A visit to the console."""


class LocalServer(PageApiServer):
    """The administration server behind `transport`: the same API that the command line uses."""

    def __init__(self, transport: AsyncTransport) -> None:
        super().__init__(transport, LOCAL_API, lambda visit: ApiCaller(token=visit.session_value.secret))

    async def enter(self, visit: Console, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """See `web.sign_in.SignInServer`; a refusal says what helps at this server, which sends no links."""
        try:
            found: dict[str, Any] = (await self.with_secret("").post(path, {**body, "browser": visit.browser})).value
        except RefusedPageError as error:
            if error.refusal.code != "sign_in_refused":
                raise
            raise RefusedPageError(
                msgspec.structs.replace(
                    error.refusal,
                    cause="Name, password or code do not belong together, or the sign-in took too long.",
                    detail="",
                    remedy="Try again with care. If you have lost the password, an administrator of this server can "
                    "set a new one.",
                )
            ) from error
        return found


class ConsolePages(ApiPages[LocalServer]):
    """Pages over the local API."""


async def open_warnings(api: PageApi) -> int:
    """How many events are warnings, or worse, that are not acknowledged; counted to a hundred of each."""
    found = [
        await api.get_page("/v1/events", {"severity": name, "new": True}, COUNTED) for name in ("warning", "critical")
    ]
    return sum(len(each.items) for each in found)
