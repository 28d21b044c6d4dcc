"""Licenses: listing, activation codes, successors, synchronization, explanation, connection [spec: console]."""

import asyncio
from typing import Annotated, Any, Literal

import msgspec

from tenure.core.explain import Explanation, explain
from tenure.core.lease.standing import local_timeline
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.renewal_outlook import carried_on
from tenure.core.timeline import Phase, PhaseCause, span_at
from tenure.http.auth import Principal
from tenure.http.body_types import RequestBody
from tenure.http.idempotency import IdempotentRequest
from tenure.http.operation_groups import operation_at
from tenure.http.problems import accept
from tenure.http.responses import ApiResponse, empty_response, json_response
from tenure.http.timestamps import format_rfc3339
from tenure.http.views import copy_fields
from tenure.sdk.network.doctor import DoctorCheck
from tenure.sdk.requests import NO_WISH, SyncWish
from tenure.site.api.exchange_views import SyncView, accept_outcome, preview_view, sync_view, unasked_view
from tenure.site.api.local import LOOKS, RULES, WORKS, LocalApi, LocalChange, LocalOperations, LocalPost
from tenure.site.api.views import LicenseView, SiteSpanView, expected_spans, license_view, span_views
from tenure.site.doctor import DoctorInput, examine_site
from tenure.site.license import ProductLicense
from tenure.site.store import events
from tenure.site.store.writer import Connection

Product = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_.-]*$(?!\n)")]
Typed = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"^[ -~]+$(?!\n)")]


class ApplyCodeBody(RequestBody, frozen=True, kw_only=True):
    """An activation code as typed."""

    code: Typed


class NoticeBody(RequestBody, frozen=True, kw_only=True):
    """A signed notice of the vendor, such as an amnesty that came as a file (B15)."""

    notice: Annotated[str, msgspec.Meta(min_length=1, max_length=4_096, pattern=r"^[A-Za-z0-9_.-]+$(?!\n)")]


class SiteForkBody(RequestBody, frozen=True, kw_only=True):
    """What the copies are: this is the same server restored, the copy is a second site, the copy is retired.

    The copy is the one whose state was overtaken by the other (`fork.you_are_the_copy`), also if the other one asks.
    """

    resolution: Literal["restored", "second_site", "retired"]


class LicenseList(msgspec.Struct, frozen=True):
    """Every product that is licensed through this site."""

    items: tuple[LicenseView, ...]


class SyncRunView(msgspec.Struct, frozen=True, kw_only=True):
    """A synchronization as far as it has come."""

    began: str
    running: bool
    steps: tuple[dict[str, Any], ...]


class ExplanationView(msgspec.Struct, frozen=True, kw_only=True):
    """How it is, why, until when, what follows, who can change it (B2)."""

    product: str
    sentence: str
    rule: str
    since: str | None
    until: str | None
    renewal: str
    """What is known of the next renewal, for people; empty where nothing renews itself."""
    follows: str
    remedies: tuple[dict[str, str], ...]
    timeline: tuple[SiteSpanView, ...]
    """The contract's clock: what is paid, and what is expected."""
    silence: tuple[SiteSpanView, ...]
    """The contact clock: what would hold if the activation server never answered again."""


class ConnectionView(msgspec.Struct, frozen=True):
    """One line for each check."""

    checks: tuple[DoctorCheck, ...]


_ASKS = [
    RefusalCode.UNREACHABLE,
    RefusalCode.CODE_MALFORMED,
    RefusalCode.CODE_UNKNOWN,
    RefusalCode.SUBSCRIPTION_IN_FORCE,
    RefusalCode.SITE_LIMIT,
]


class LicenseOperations(LocalOperations):
    """The operations on licenses."""

    @operation_at("GET", "/v1/licenses", LOOKS)
    async def list_licenses(self) -> LicenseList:
        """Lists every product with its license."""
        return LicenseList(tuple([await self._license_view(each) for each in self._local.site.licenses.values()]))

    @operation_at("GET", "/v1/licenses/{product}", LOOKS)
    async def read_license(self, product: Product) -> LicenseView | Refused:
        """Reads one product's license."""
        return await self._license_view(self._local.find_license(product))

    @operation_at("POST", "/v1/licenses/{product}/activate", WORKS, refusals=_ASKS)
    async def activate(
        self, request: LocalPost, product: Product, body: ApplyCodeBody, ask: bool = True
    ) -> ApiResponse[SyncView]:
        """Applies an activation code; refused while a present subscription is in force (M10).

        A dry run asks the activation server what the code would start, and nothing begins; without `ask` it tells only
        what can be told here, and sends nothing.
        """
        return await self._apply_code(request, product, body.code, "active", ask=ask)

    @operation_at("POST", "/v1/licenses/{product}/successor", WORKS, refusals=_ASKS)
    async def stage_successor(
        self, request: LocalPost, product: Product, body: ApplyCodeBody, ask: bool = True
    ) -> ApiResponse[SyncView]:
        """Stages a code that takes over at the end of what is paid, also without a server.

        A dry run asks when it would, and what follows then, and nothing is staged; `ask` as for `activate`.
        """
        return await self._apply_code(request, product, body.code, "successor", ask=ask)

    # No dry run: the server alone decides what changes here.
    @operation_at(
        "POST",
        "/v1/licenses/{product}/synchronize",
        WORKS,
        exempt=["dry_run"],
        refusals=[RefusalCode.UNREACHABLE, RefusalCode.NOT_ACTIVATED],
    )
    async def synchronize(
        self, caller: Principal, ticket: IdempotentRequest, product: Product
    ) -> ApiResponse[SyncView]:
        """Synchronizes subscription settings with the activation server, now (M17); once a minute."""
        license_ = self._local.find_license(product)
        return await self._run_aside(ticket, lambda: self._sync_response(license_))

    @operation_at(
        "POST",
        "/v1/licenses/{product}/resolve-fork",
        RULES,
        exempt=["dry_run"],
        refusals=[
            RefusalCode.UNREACHABLE,
            RefusalCode.NOT_ACTIVATED,
            RefusalCode.NOTHING_TO_CHANGE,
            RefusalCode.RESTORED_TOO_OFTEN,
            RefusalCode.COPY_SEPARATED,
            RefusalCode.COPY_RETIRED,
        ],
    )
    async def resolve_fork(
        self, caller: Principal, ticket: IdempotentRequest, product: Product, body: SiteForkBody
    ) -> ApiResponse[SyncView]:
        """Says what the copies of this site are; the server decides, and counts how often `restored` is said (B9)."""
        license_ = self._local.find_license(product)
        wish = SyncWish(resolve=body.resolution)
        return await self._run_aside(ticket, lambda: self._sync_response(license_, wish))

    @operation_at(
        "POST",
        "/v1/licenses/{product}/drop-successor",
        WORKS,
        exempt=["dry_run"],
        refusals=[RefusalCode.UNREACHABLE, RefusalCode.NO_SUCCESSOR],
    )
    async def drop_successor(
        self, caller: Principal, ticket: IdempotentRequest, product: Product
    ) -> ApiResponse[SyncView] | Refused:
        """Drops the staged successor: nothing of it is consumed, its code can be staged or applied elsewhere."""
        license_ = self._local.find_license(product)
        staged = license_.staged_subscription()
        if not staged:
            return Refused(RefusalCode.NO_SUCCESSOR, field="product")
        wish = SyncWish(drop_successor=staged)
        return await self._run_aside(ticket, lambda: self._sync_response(license_, wish))

    @operation_at("GET", "/v1/licenses/{product}/synchronization", LOOKS)
    async def read_synchronization(self, product: Product) -> SyncRunView | Refused:
        """Reads the steps of the exchange that runs, or ran last, with the server."""
        self._local.find_license(product)
        run = self._local.runs.last_run(product)
        if run is None:
            return Refused(RefusalCode.NOT_FOUND, "Nothing was asked of the server since the site started.")
        steps = tuple(msgspec.to_builtins(step) for step in run.steps)
        return SyncRunView(began=format_rfc3339(run.began), running=run.running, steps=steps)

    @operation_at("GET", "/v1/licenses/{product}/explain", LOOKS)
    async def explain_license(self, product: Product) -> ExplanationView | Refused:
        """Explains what holds, by which rule, until when, what comes next and who can change it (B2)."""
        return _explain_license(self._local.find_license(product))

    @operation_at(
        "DELETE",
        "/v1/licenses/{product}",
        RULES,
        status=204,
        refusals=[RefusalCode.SUBSCRIPTION_IN_FORCE, RefusalCode.NOT_ACTIVATED],
    )
    async def remove_license(self, request: LocalChange, product: Product) -> ApiResponse[None]:
        """Forgets a license that is not in force; refused with the reason and the date otherwise."""
        license_ = self._local.find_license(product)
        if request.dry_run:
            accept(license_.in_force())
            return empty_response()
        accept(await asyncio.to_thread(license_.remove))

        def work(conn: Connection, now: int) -> ApiResponse[None]:
            text = f"The license of {product} was removed."
            events.add(conn, now, "warning", "license_removed", text, product=product)
            return empty_response()

        return await self._write(request, work)

    @operation_at(
        "POST",
        "/v1/licenses/{product}/notices",
        WORKS,
        refusals=[
            RefusalCode.KEY_NOT_FOR_THIS,
            RefusalCode.MESSAGE_MALFORMED,
            RefusalCode.SIGNATURE_INVALID,
            RefusalCode.KEY_UNKNOWN,
        ],
    )
    async def take_notice(self, request: LocalPost, product: Product, body: NoticeBody) -> ApiResponse[LicenseView]:
        """Takes a signed notice of the vendor that came as a file."""
        license_ = self._local.find_license(product)
        if request.dry_run:
            return json_response(await self._license_view(license_))

        def work() -> ApiResponse[LicenseView]:
            accept_outcome(license_.take_notice(body.notice.encode("ascii")))
            return json_response(self._license_response(license_))

        return await self._run_aside(request.ticket, work)

    # It changes nothing, and is a POST only because it sends packets.
    @operation_at("POST", "/v1/test-connection", WORKS, exempt=["dry_run", "idempotency_key"])
    async def test_connection(self, caller: Principal) -> ConnectionView:
        """Tries every way to the activation server: DNS, TCP, TLS, proxy, clock, root; one line each."""
        return ConnectionView(await asyncio.to_thread(lambda: tuple(examine_site(self._make_doctor()))))

    async def _license_view(self, license_: ProductLicense) -> LicenseView:
        return await asyncio.to_thread(self._license_response, license_)

    def _license_response(self, license_: ProductLicense) -> LicenseView:
        return view_license(self._local, license_)

    async def _apply_code(
        self, request: LocalPost, product: str, code: str, role: str, *, ask: bool
    ) -> ApiResponse[SyncView]:
        license_ = self._local.find_license(product)
        if request.dry_run:
            return await asyncio.to_thread(self._preview_code, license_, code, role, ask=ask)
        return await self._run_aside(request.ticket, lambda: self._code_response(license_, code, role))

    def _preview_code(self, license_: ProductLicense, code: str, role: str, *, ask: bool) -> ApiResponse[SyncView]:
        if not ask:
            accept(license_.would_apply(code, role))
            return json_response(unasked_view(self._license_response(license_)))
        outcome = accept_outcome(license_.look_at(code, role))
        return json_response(preview_view(outcome, self._license_response(license_)))

    def _code_response(self, license_: ProductLicense, code: str, role: str) -> ApiResponse[SyncView]:
        with self._local.runs.follow_run(license_.product, license_.take_snapshot().now) as watch:
            outcome = license_.activate(code, role, watch)
        self._local.watch.note_change(license_)
        return json_response(sync_view(accept_outcome(outcome), self._license_response(license_)))

    def _sync_response(self, license_: ProductLicense, wish: SyncWish = NO_WISH) -> ApiResponse[SyncView]:
        with self._local.runs.follow_run(license_.product, license_.take_snapshot().now) as watch:
            outcome = license_.synchronize("manual", watch, wish)
        self._local.watch.note_sync(license_, outcome)
        self._local.watch.note_change(license_)
        return json_response(sync_view(accept_outcome(outcome), self._license_response(license_)))

    def _make_doctor(self) -> DoctorInput:
        site = self._local.site
        holder = next(iter(site.licenses.values())).keeper.holder
        lease = holder.lease()
        return DoctorInput(
            settings=msgspec.structs.replace(site.settings, network=site.ways.apply_choice(site.settings.network)),
            computer=site.computer,
            addresses=site.addresses,
            dns="" if lease is None else lease.figures.dns,
            root=holder.root,
            estimate=holder.now().estimate,
            pin=site.pin,
            named=None if lease is None else lease.device_port,
        )


def view_license(local: LocalApi, license_: ProductLicense) -> LicenseView:
    """One product's license as it is shown; reads the store, so not in the loop."""
    look = license_.take_snapshot()
    return local.site.store.read(lambda conn: license_view(conn, license_, look))


def _explain_license(license_: ProductLicense) -> ExplanationView:
    look, holder = license_.take_snapshot(), license_.keeper.holder
    standing = holder.standing()
    if look.lease_terms is None or look.kept.lost is not None:
        remedies = tuple(msgspec.to_builtins(each) for each in standing.remedies)
        return ExplanationView(
            product=license_.product, sentence=standing.message, rule="", since=None, until=None, renewal="",
            follows="", remedies=remedies, timeline=(), silence=(),
        )  # fmt: skip
    silence = local_timeline(look.lease_terms, look.kept.contact, look.amnesties)
    outlook = look.lease_terms.outlook_at(look.now)
    silent = span_at(silence, look.now).why is PhaseCause.SYNC_OVERDUE or standing.phase is Phase.PENDING
    # Contract and contact are two clocks, never in one label [spec: contact-clock]: silence is told where it has its
    # effect.
    told: Explanation = (
        explain(silence, look.now)
        if silent
        else explain(carried_on(look.lease_terms.spans, outlook, look.lease_terms.prepaid_until), look.now, outlook)
    )
    return copy_fields(
        ExplanationView,
        told,
        product=license_.product,
        remedies=tuple(msgspec.to_builtins(each) for each in told.remedies),
        timeline=expected_spans(look.lease_terms, look.now),
        silence=span_views(silence),
    )
