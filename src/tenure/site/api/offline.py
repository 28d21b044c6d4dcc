"""Offline exchange at the site: a request out, an answer or a notice in, as text that people carry
([spec: offline-exchange], B16)."""

from typing import Annotated, Literal

import msgspec

from tenure.core.refusals import RefusalCode
from tenure.http.auth import Principal
from tenure.http.body_types import RequestBody
from tenure.http.idempotency import IdempotentRequest
from tenure.http.operation_groups import operation_at
from tenure.http.problems import accept
from tenure.http.responses import ApiResponse, json_response
from tenure.http.timestamps import format_rfc3339
from tenure.sdk.offline_exchange import CarriedRequest
from tenure.sdk.outcomes import ActivationGranted, Synchronized
from tenure.site.api.exchange_views import accept_outcome
from tenure.site.api.licenses import Product, view_license
from tenure.site.api.local import WORKS, LocalOperations
from tenure.site.api.views import LicenseView
from tenure.site.license import ProductLicense
from tenure.wire.armor import CAP, armor_message, read_armor
from tenure.wire.jws import token_digest

MaybeTyped = Annotated[str, msgspec.Meta(max_length=100, pattern=r"^[ -~]*$(?!\n)")]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=CAP)]
_CAUSES = (
    RefusalCode.OFFLINE_OLDER, RefusalCode.OFFLINE_SAME, RefusalCode.OFFLINE_OTHER_SITE,
    RefusalCode.OFFLINE_UNKNOWN_SIGNER,
    RefusalCode.OFFLINE_CHANGED_MEANWHILE,
)  # fmt: skip


class OfflineBody(RequestBody, frozen=True, kw_only=True):
    """What is to be asked: the present truth, or with a code its activation."""

    code: MaybeTyped = ""
    role: Literal["active", "successor"] = "active"


class ImportBody(RequestBody, frozen=True, kw_only=True):
    """The text of the answer's file, or of a notice's."""

    text: Text


class OfflineRequestView(msgspec.Struct, frozen=True, kw_only=True):
    """A request to be carried to the provider."""

    kind: str
    """`synchronization` or `activation`."""
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
    """`activation`, `synchronization` or `notice`."""
    result: str
    message: str
    license: LicenseView


class OfflineOperations(LocalOperations):
    """The operations."""

    # No dry run: a request that is not carried to the server changes nothing.
    @operation_at(
        "POST",
        "/v1/licenses/{product}/offline/request",
        WORKS,
        exempt=["dry_run"],
        refusals=[
            RefusalCode.NOT_ACTIVATED,
            RefusalCode.CODE_MALFORMED,
            RefusalCode.SUBSCRIPTION_IN_FORCE,
            RefusalCode.REQUEST_IN_FLIGHT,
        ],
    )
    async def request_offline(
        self, caller: Principal, ticket: IdempotentRequest, product: Product, body: OfflineBody
    ) -> ApiResponse[OfflineRequestView]:
        """Makes the request that is carried to the provider; asked again, it is the same one until it is answered."""
        license_ = self._local.find_license(product)

        def work() -> ApiResponse[OfflineRequestView]:
            carried = accept_outcome(license_.keeper.export_request(body.code, body.role))
            return json_response(self._request_view(product, carried))

        return await self._run_aside(ticket, work)

    # No dry run: what an answer says can be read in it.
    @operation_at(
        "POST",
        "/v1/licenses/{product}/offline/import",
        WORKS,
        exempt=["dry_run"],
        refusals=[
            *_CAUSES,
            RefusalCode.MESSAGE_MALFORMED,
            RefusalCode.MESSAGE_TOO_LARGE,
            RefusalCode.SUBSCRIPTION_IN_FORCE,
        ],
    )
    async def import_offline(
        self, caller: Principal, ticket: IdempotentRequest, product: Product, body: ImportBody
    ) -> ApiResponse[ImportedView]:
        """Imports an answer, once; it must belong to the request that is pending here. Notices come in this way too."""
        license_ = self._local.find_license(product)
        blocks = accept(read_armor(body.text))

        def work() -> ApiResponse[ImportedView]:
            imported = license_.import_answers(blocks)
            self._local.watch.note_change(license_)
            outcome = accept_outcome(imported)
            if isinstance(outcome, Synchronized):
                self._local.watch.note_sync(license_, outcome)
                return json_response(self._imported_view(license_, "synchronization", outcome.result, outcome.message))
            if isinstance(outcome, ActivationGranted):
                return json_response(self._imported_view(license_, "activation", "granted", outcome.message))
            return json_response(self._imported_view(license_, "notice", "taken", "The notice was taken."))

        return await self._run_aside(ticket, work)

    def _request_view(self, product: str, carried: CarriedRequest) -> OfflineRequestView:
        told = (
            ("Site", self._local.site.name),
            ("Product", product),
            ("Asks for", carried.kind),
            ("Made", format_rfc3339(carried.made)),
            ("Request", token_digest(carried.request)),
        )
        return OfflineRequestView(
            kind=carried.kind,
            product=product,
            request=armor_message("REQUEST", carried.request, told),
            line=carried.request.decode("ascii"),
            file_name=f"{product}-request.txt",
            made=format_rfc3339(carried.made),
            import_by=format_rfc3339(carried.import_by),
        )

    def _imported_view(self, license_: ProductLicense, kind: str, result: str, message: str) -> ImportedView:
        return ImportedView(kind=kind, result=result, message=message, license=view_license(self._local, license_))
