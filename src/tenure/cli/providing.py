"""The provider whose data is meant, as far as other commands need to know it: its currency."""

import msgspec

from tenure.cli.desk import Desk
from tenure.cli.problems import Failed, failed, unnamed_provider
from tenure.core.refusals import Code, Refused


class _Provider(msgspec.Struct, frozen=True):
    id: str
    currency: str


def currency(desk: Desk) -> str | Failed:
    """The currency of the provider that the token belongs to, or that is named for a vendor's token."""
    api = desk.api()
    if isinstance(api, Failed):
        return api
    found = api.pages("/v1/providers", {}, tenant=False)
    if isinstance(found, Failed):
        return found
    everyone = [msgspec.json.decode(each, type=_Provider) for each in found]
    mine = [each.currency for each in everyone if api.provider in ("", each.id)]
    if len(mine) == 1:
        return mine[0]
    if api.provider:
        return failed(Refused(Code.NOT_FOUND, "There is no such provider.", "provider"))
    return unnamed_provider()
