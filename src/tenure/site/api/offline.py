"""Offline exchange at the site: a request out, an answer or a notice in, as text that people carry
([spec: offline-exchange], B16)."""

from typing import Annotated, Literal

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.http.answers import Answer, made
from tenure.http.auth import Principal
from tenure.http.fields import Body
from tenure.http.idempotency import Ticket
from tenure.http.instants import rfc3339
from tenure.http.operations import Operation, operation
from tenure.sdk.carried import Carried
from tenure.sdk.outcomes import Declined, Granted, Synchronized
from tenure.site.api.exchange_views import declined
from tenure.site.api.licenses import Product, viewed
from tenure.site.api.local import WORKS, Local
from tenure.site.api.views import LicenseView
from tenure.site.license import ProductLicense
from tenure.wire.armour import CAP, armour, read_armour
from tenure.wire.seal import digest

MaybeTyped = Annotated[str, msgspec.Meta(max_length=100, pattern=r"^[ -~]*$(?!\n)")]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=CAP)]
_CAUSES = (
    Code.OFFLINE_OLDER, Code.OFFLINE_SAME, Code.OFFLINE_OTHER_SITE, Code.OFFLINE_UNKNOWN_SIGNER,
    Code.OFFLINE_CHANGED_MEANWHILE,
)  # fmt: skip


class OfflineBody(Body, frozen=True, kw_only=True):
    """What is to be asked: the present truth, or with a code its activation."""

    code: MaybeTyped = ""
    role: Literal["active", "successor"] = "active"


class ImportBody(Body, frozen=True, kw_only=True):
    """The text of the answer's file, or of a notice's."""

    text: Text


class OfflineRequestView(msgspec.Struct, frozen=True, kw_only=True):
    """A request to be carried to the provider."""

    kind: str
    """`synchronisation` or `activation`."""
    product: str
    request: str
    """The text of the file, with its frame and checksum."""
    line: str
    """The same as one line, for a QR code or a form."""
    file_name: str
    made: str
    import_by: str
    """Until when its answer is taken."""


class ImportedView(msgspec.Struct, frozen=True, kw_only=True):
    """What an import has come to."""

    kind: str
    """`activation`, `synchronisation` or `notice`."""
    result: str
    message: str
    license: LicenseView


class Offline:
    """The operations."""

    def __init__(self, local: Local) -> None:
        self._local = local

    async def request_offline(
        self, caller: Principal, ticket: Ticket, product: Product, body: OfflineBody
    ) -> Answer[OfflineRequestView] | Refused:
        """Makes the request that is carried to the provider; asked again, it is the same one until it is answered."""
        license_ = self._local.license(product)
        if isinstance(license_, Refused):
            return license_

        def work() -> Answer[OfflineRequestView] | Refused:
            carried = license_.keeper.export(body.code, body.role)
            return declined(carried) if isinstance(carried, Declined) else made(self._shown(product, carried))

        return await self._local.aside(ticket, work)

    async def import_offline(
        self, caller: Principal, ticket: Ticket, product: Product, body: ImportBody
    ) -> Answer[ImportedView] | Refused:
        """Imports an answer, once; it must belong to the request that is pending here. Notices come in this way too."""
        license_ = self._local.license(product)
        if isinstance(license_, Refused):
            return license_
        blocks = read_armour(body.text)
        if isinstance(blocks, Refused):
            return blocks

        def work() -> Answer[ImportedView] | Refused:
            outcome = license_.bring(blocks)
            self._local.watch.note(license_)
            if isinstance(outcome, Declined):
                return declined(outcome)
            if isinstance(outcome, Synchronized):
                self._local.watch.synchronized(license_, outcome)
                return made(self._imported(license_, "synchronisation", outcome.result, outcome.message))
            if isinstance(outcome, Granted):
                return made(self._imported(license_, "activation", "granted", outcome.message))
            return made(self._imported(license_, "notice", "taken", "The notice was taken."))

        return await self._local.aside(ticket, work)

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        each = "/v1/licenses/{product}/offline"
        return (
            operation(
                # Nothing to rehearse: a request that is not carried away changes nothing.
                "POST", f"{each}/request", WORKS, self.request_offline, exempt=["dry_run"],
                refusals=[
                    Code.NOT_ACTIVATED, Code.CODE_MALFORMED, Code.SUBSCRIPTION_IN_FORCE, Code.REQUEST_IN_FLIGHT,
                ],
            ),
            operation(
                # Nothing to rehearse: what an answer says can be read in it.
                "POST", f"{each}/import", WORKS, self.import_offline, exempt=["dry_run"],
                refusals=[*_CAUSES, Code.MESSAGE_MALFORMED, Code.MESSAGE_TOO_LARGE, Code.SUBSCRIPTION_IN_FORCE],
            ),
        )  # fmt: skip

    def _shown(self, product: str, carried: Carried) -> OfflineRequestView:
        told = (
            ("Site", self._local.site.name),
            ("Product", product),
            ("Asks for", carried.kind),
            ("Made", rfc3339(carried.made)),
            ("Request", digest(carried.request)),
        )
        return OfflineRequestView(
            kind=carried.kind,
            product=product,
            request=armour("REQUEST", carried.request, told),
            line=carried.request.decode("ascii"),
            file_name=f"{product}-request.txt",
            made=rfc3339(carried.made),
            import_by=rfc3339(carried.import_by),
        )

    def _imported(self, license_: ProductLicense, kind: str, result: str, message: str) -> ImportedView:
        return ImportedView(kind=kind, result=result, message=message, license=viewed(self._local, license_))
