"""The site's two applications: the local API for administrators, and the device port; `main` serves them.

They share a process and nothing else: who can reach the one need not reach the other.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable

from tenure import __version__
from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.http.accounts.flows import AccountFlows
from tenure.http.accounts.own_sessions import OwnSessionOperations
from tenure.http.accounts.passwords import PasswordHashes
from tenure.http.api import ApiParts, BuiltApi
from tenure.http.auth import PUBLIC, Principal
from tenure.http.health import health_operations
from tenure.http.hot_operations import RawOperation
from tenure.http.limits import Ticks
from tenure.http.middleware import MiddlewareParts
from tenure.http.openapi import ApiDescription
from tenure.http.operations import make_operation
from tenure.http.responses import ApiResponse
from tenure.site.accounts import PREFIX, SiteAccountSecrets
from tenure.site.api.accounts.account_port import SiteAccountStore
from tenure.site.api.accounts.own_account import SiteOwnAccountOperations
from tenure.site.api.accounts.sign_in import SiteSignInOperations
from tenure.site.api.accounts.team import SiteTeamOperations
from tenure.site.api.devices import DeviceOperations
from tenure.site.api.dns import DnsOperations
from tenure.site.api.forwarding_actions import ForwardingActionOperations
from tenure.site.api.forwardings import ForwardingOperations
from tenure.site.api.groups import GroupOperations
from tenure.site.api.licenses import LicenseOperations
from tenure.site.api.local import OWN, LocalApi
from tenure.site.api.offline import OfflineOperations
from tenure.site.api.reports import ReportOperations
from tenure.site.api.seats import SeatOperations
from tenure.site.api.status import StatusOperations
from tenure.site.assembly import OpenedSite
from tenure.site.background import SiteWatch
from tenure.site.forwarding.config import SecretVault
from tenure.site.roles import SiteRole, scopes_of
from tenure.wire import root as roots
from tenure.wire.jws import CAPS, TokenType

UNPROVEN = (
    RefusalCode.MESSAGE_MALFORMED,
    RefusalCode.MESSAGE_TOO_LARGE,
    RefusalCode.TYPE_UNEXPECTED,
    RefusalCode.EXTENSION_UNKNOWN,
    RefusalCode.KEY_UNKNOWN,
    RefusalCode.SIGNATURE_INVALID,
    RefusalCode.NOT_FOUND,
    RefusalCode.NOT_ACTIVATED,
    RefusalCode.SITE_LOST,
)
"""What the device port refuses unsigned, and so inconclusively: nothing was proven, or nothing is licensed here."""

ADMINISTRATOR = "administrator"
"""How the one token is called: its own text never gets into a log or a record."""


def local_api(
    site: OpenedSite,
    watch: SiteWatch,
    ticks: Ticks,
    device_port: Callable[[], int],
    passwords: PasswordHashes | None = None,
) -> BuiltApi:
    """The API of console and command line. `device_port`: the number of the running device port.

    `passwords` replaces what makes a guess at a password dear, for tests that sign in often.
    """
    local, passwords = LocalApi(site, watch, device_port), passwords or PasswordHashes()
    accounts = SiteAccountSecrets(site.secrets, site.computer.draw, site.computer.clocks.wall)
    store = SiteAccountStore(local, accounts)
    flows = AccountFlows(store, accounts, passwords)
    vault = SecretVault(site.secrets, site.computer.draw)
    return BuiltApi(
        ApiParts(
            about=ApiDescription(
                title="Tenure administration server",
                version=__version__,
                description="Local API of a site: licenses, devices, events. Its token is in the site's folder.",
            ),
            operations=(
                *StatusOperations(local).operations(),
                *LicenseOperations(local).operations(),
                *OfflineOperations(local).operations(),
                *DnsOperations(local).operations(),
                *DeviceOperations(local).operations(),
                *GroupOperations(local).operations(),
                *SeatOperations(local).operations(),
                *ReportOperations(local).operations(),
                *ForwardingOperations(local, vault).operations(),
                *ForwardingActionOperations(local, vault).operations(),
                *SiteSignInOperations(local, accounts, flows).operations(),
                *SiteOwnAccountOperations(local, store, flows).operations(),
                *OwnSessionOperations(store, local, OWN).operations(),
                *SiteTeamOperations(local, accounts, passwords).operations(),
                *health_operations({"store": _health_checks(site)}),
            ),
            authenticate=make_authenticator(site, accounts),
            middleware=MiddlewareParts(clock=site.now, ticks=ticks),
        )
    )


def device_api(site: OpenedSite, ticks: Ticks) -> BuiltApi:
    """What devices speak to: one signed operation, and the root documents that they cannot fetch themselves."""

    async def read_root(number: int) -> ApiResponse[bytes] | Refused:
        """Reads one version of the vendor's root document; devices walk them one by one."""
        found = root_document(site, number)
        if found is None:
            return Refused(RefusalCode.NOT_FOUND, field="number")
        return ApiResponse(body=found, media_type="application/jose")

    return BuiltApi(
        ApiParts(
            about=ApiDescription(title="Tenure device port", version=__version__),
            operations=(
                make_operation("GET", "/v1/root/{number}", PUBLIC, read_root, media_type="application/jose"),
                *health_operations({"store": _health_checks(site)}),
            ),
            raw=(
                RawOperation(
                    path="/v1/device",
                    work=site.port.answer_device,
                    begin=site.port.begin_answering,
                    name="device",
                    summary="A device enrolls, refreshes or releases its seat: a signed request, a signed answer.",
                    cap=CAPS[TokenType.DEVICE_REQUEST],
                    refusals=UNPROVEN,
                ),
            ),
            authenticate=_no_principal,
            middleware=MiddlewareParts(clock=site.now, ticks=ticks),
        )
    )


def make_authenticator(site: OpenedSite, accounts: SiteAccountSecrets) -> Callable[[str], Awaitable[Principal | None]]:
    """Accept the token of the site's folder, whose holder is an administrator, or the session of a user."""
    token = site.token.encode()
    scopes = scopes_of(SiteRole.ADMINISTRATOR)

    async def authenticate(shown: str) -> Principal | None:
        if hmac.compare_digest(shown.encode(), token):
            return Principal(kind=Role.SITE, role="administrator", scopes=scopes, token_id=ADMINISTRATOR)
        if not shown.startswith(PREFIX):
            return None
        return await asyncio.to_thread(site.store.read, lambda conn: accounts.find_principal(conn, shown))

    return authenticate


def root_document(site: OpenedSite, number: int) -> bytes | None:
    """Version `number` of the root document, as any of the keepers has it."""
    if number == site.root.version:
        return site.root.token
    for license_ in site.licenses.values():
        for token in license_.keeper.holder.kept.roots:
            read = roots.pin_root(token)
            if not isinstance(read, Refused) and read.version == number:
                return token
    return None


async def _no_principal(_token: str) -> Principal | None:
    return None


def _health_checks(site: OpenedSite) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return bool(site.store.read(lambda conn: conn.execute("select 1").fetchone()) == (1,))

    return check
