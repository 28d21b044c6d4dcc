"""The provider whose data is meant, as far as other commands need to know it: its currency."""

import msgspec

from tenure.cli.command_session import CommandSession
from tenure.cli.problems import fail_with, unnamed_provider
from tenure.core.refusals import RefusalCode, Refused


class _ProviderView(msgspec.Struct, frozen=True):
    id: str
    currency: str


def provider_currency(session: CommandSession) -> str:
    """The currency of the provider that the token belongs to, or that is named for a vendor's token."""
    api = session.api()
    found = api.get_pages("/v1/providers", {}, tenant=False)
    everyone = [msgspec.json.decode(each, type=_ProviderView) for each in found]
    mine = [each.currency for each in everyone if api.provider in ("", each.id)]
    if len(mine) == 1:
        return mine[0]
    if api.provider:
        raise fail_with(Refused(RefusalCode.NOT_FOUND, "There is no such provider.", "provider"))
    raise unnamed_provider()
