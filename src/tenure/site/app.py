"""The site's two applications: the local API for administrators, and the device port; `main` serves them.

They share a process and nothing else: who can reach the one need not reach the other.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable

from tenure import __version__
from tenure.core.policy import Role
from tenure.core.refusals import Code, Refused
from tenure.http.accounts.passwords import Passwords
from tenure.http.answers import Answer
from tenure.http.api import Api, Parts
from tenure.http.auth import PUBLIC, Principal
from tenure.http.edge import Border
from tenure.http.health import health_operations
from tenure.http.limits import Ticks
from tenure.http.openapi import About
from tenure.http.operations import operation
from tenure.http.raw import RawOperation
from tenure.site.accounts import PREFIX, Accounts
from tenure.site.api.accounts.own import Own
from tenure.site.api.accounts.signing import Signing
from tenure.site.api.accounts.team import Team
from tenure.site.api.devices import Devices
from tenure.site.api.dns import Dns
from tenure.site.api.forwarding_actions import ForwardingActions
from tenure.site.api.forwardings import Forwardings
from tenure.site.api.groups import Groups
from tenure.site.api.licenses import Licenses
from tenure.site.api.local import Local
from tenure.site.api.offline import Offline
from tenure.site.api.reports import Reports
from tenure.site.api.seats import Seats
from tenure.site.api.status import Status
from tenure.site.forwarding.config import Vault
from tenure.site.opening import Site
from tenure.site.roles import SiteRole, scopes_of
from tenure.site.watch import Watch
from tenure.wire import root as roots
from tenure.wire.seal import CAPS, Typ

UNPROVEN = (
    Code.MESSAGE_MALFORMED,
    Code.MESSAGE_TOO_LARGE,
    Code.TYPE_UNEXPECTED,
    Code.EXTENSION_UNKNOWN,
    Code.KEY_UNKNOWN,
    Code.SIGNATURE_INVALID,
    Code.NOT_FOUND,
    Code.NOT_ACTIVATED,
    Code.SITE_LOST,
)
"""What the device port refuses unsigned, and so inconclusively: nothing was proven, or nothing is licensed here."""

ADMINISTRATOR = "administrator"
"""How the one token is called: its own text never gets into a log or a record."""


def local_api(
    site: Site, watch: Watch, ticks: Ticks, device_port: Callable[[], int], passwords: Passwords | None = None
) -> Api:
    """The API of console and command line. `device_port`: the number of the running device port.

    `passwords` replaces what makes a guess at a password dear, for tests that sign in often.
    """
    local, passwords = Local(site, watch, device_port), passwords or Passwords()
    accounts = Accounts(site.secrets, site.computer.draw, site.computer.clocks.wall)
    vault = Vault(site.secrets, site.computer.draw)
    return Api(
        Parts(
            about=About(
                title="Tenure administration server",
                version=__version__,
                description="Local API of a site: licenses, devices, events. Its token is in the site's folder.",
            ),
            operations=(
                *Status(local).operations(),
                *Licenses(local).operations(),
                *Offline(local).operations(),
                *Dns(local).operations(),
                *Devices(local).operations(),
                *Groups(local).operations(),
                *Seats(local).operations(),
                *Reports(local).operations(),
                *Forwardings(local, vault).operations(),
                *ForwardingActions(local, vault).operations(),
                *Signing(local, accounts, passwords).operations(),
                *Own(local, accounts, passwords).operations(),
                *Team(local, accounts, passwords).operations(),
                *health_operations({"store": _works(site)}),
            ),
            authenticate=authenticator(site, accounts),
            border=Border(clock=site.now, ticks=ticks),
        )
    )


def device_api(site: Site, ticks: Ticks) -> Api:
    """What devices speak to: one signed operation, and the root documents that they cannot fetch themselves."""

    async def read_root(number: int) -> Answer[bytes] | Refused:
        """Reads one version of the vendor's root document; devices walk them one by one."""
        found = root_document(site, number)
        if found is None:
            return Refused(Code.NOT_FOUND, field="number")
        return Answer(body=found, media_type="application/jose")

    return Api(
        Parts(
            about=About(title="Tenure device port", version=__version__),
            operations=(
                operation("GET", "/v1/root/{number}", PUBLIC, read_root, media_type="application/jose"),
                *health_operations({"store": _works(site)}),
            ),
            raw=(
                RawOperation(
                    path="/v1/device",
                    work=site.port.device,
                    name="device",
                    summary="A device enrols, refreshes or releases its seat: a signed request, a signed answer.",
                    cap=CAPS[Typ.DEVICE_REQUEST],
                    refusals=UNPROVEN,
                ),
            ),
            authenticate=_nobody,
            border=Border(clock=site.now, ticks=ticks),
        )
    )


def authenticator(site: Site, accounts: Accounts) -> Callable[[str], Awaitable[Principal | None]]:
    """The token of the site's folder, whose holder is an administrator; or the session of somebody who signed in."""
    token = site.token.encode()
    scopes = scopes_of(SiteRole.ADMINISTRATOR)

    async def authenticate(shown: str) -> Principal | None:
        if hmac.compare_digest(shown.encode(), token):
            return Principal(kind=Role.SITE, role="administrator", scopes=scopes, token_id=ADMINISTRATOR)
        if not shown.startswith(PREFIX):
            return None
        return await asyncio.to_thread(site.store.read, lambda conn: accounts.principal(conn, shown))

    return authenticate


def root_document(site: Site, number: int) -> bytes | None:
    """Version `number` of the root document, as any of the keepers has it."""
    if number == site.root.version:
        return site.root.token
    for license_ in site.licenses.values():
        for token in license_.keeper.holder.kept.roots:
            read = roots.pin(token)
            if not isinstance(read, Refused) and read.version == number:
                return token
    return None


async def _nobody(_token: str) -> Principal | None:
    return None


def _works(site: Site) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return bool(site.store.read(lambda conn: conn.execute("select 1").fetchone()) == (1,))

    return check
