"""Synchronisation, the hot path (spec 3.5): proven requests in, signed answers out, durable before acknowledged.

Most answers are `unchanged` and cost one look at the site's row; `contact` does what a changed site needs.
"""

from collections.abc import Sequence

import msgspec

from tenure.core.lease import Lease
from tenure.core.refusals import Code, Refused
from tenure.core.schedule import window
from tenure.core.timeline import Instant
from tenure.server.contact import Contact
from tenure.server.context import Context
from tenure.server.takeover import Beside, beside, with_beside
from tenure.store import contacts, sites
from tenure.store.contacts import Around
from tenure.store.engine import Connection, Unavailable
from tenure.store.sites import Site
from tenure.wire import answers, b64, seal
from tenure.wire.answers import Asked
from tenure.wire.keys import key_id
from tenure.wire.messages import NextSync, SyncAnswer, SyncRequest

KEYS_REMEMBERED = 100_000


class Synchronisation:
    """The operation behind `POST /v1/sync`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._publics: dict[str, bytes] = {}
        self._leases: dict[str, tuple[int, int, Lease]] = {}

    async def synchronise(self, body: bytes, _address: str) -> bytes | Refused:
        """The signed answer to a site's request; what is not proven gets an unsigned, inconclusive refusal."""
        envelope = answers.unwrap_sync(body)
        if isinstance(envelope, Refused):
            return envelope
        public = self._publics.get(envelope.kid) or await self._find(envelope)
        if public is None:
            return Refused(Code.KEY_UNKNOWN, "No site here has this key; activate it first.", "header.kid")
        asked = answers.read_sync(envelope, public)
        if isinstance(asked, Refused):
            return asked
        try:
            return await self._context.db.submit_set(self.answer_many, asked)
        except Unavailable:
            return Refused(Code.SERVER_BUSY, "The store is not available.")

    async def _find(self, envelope: seal.Envelope) -> bytes | None:
        """The key of the site named, if it is the one that signed; remembered, for keys never change."""
        claimed = answers.claimed_site(envelope)
        site = await self._context.db.read(lambda conn: sites.by_id(conn, claimed)) if claimed else None
        public = None if site is None else b64.decode_text(msgspec.json.decode(site.jwk, type=dict[str, str])["x"])
        if public is None or key_id(public) != envelope.kid:
            return None
        if len(self._publics) >= KEYS_REMEMBERED:
            self._publics.pop(next(iter(self._publics)))
        self._publics[envelope.kid] = public
        return public

    def answer_many(self, conn: Connection, requests: Sequence[Asked[SyncRequest]]) -> list[bytes | Refused]:
        """The answers in order, their effects in the caller's transaction; several of one site are taken in turn."""
        real = self._context.clock()
        names = {asked.message.site for asked in requests}
        rows = sites.lock_many(conn, names)
        around = contacts.around(conn, names)
        changed: dict[str, Site] = {}
        answered: list[bytes | Refused] = []
        for asked in requests:
            name = asked.message.site
            site = changed.get(name) or rows.get(name)
            beside_it = around.get(name)
            if site is None or beside_it is None or not _signed_by(site, asked):
                answered.append(Refused(Code.KEY_UNKNOWN, "This key is not the site's.", "site"))
                continue
            answer, after = self._answer(conn, asked, site, beside_it, real)
            answered.append(answer)
            if after is not None:
                changed[name] = after
        sites.save_many(conn, list(changed.values()))
        return answered

    def _answer(
        self, conn: Connection, asked: Asked[SyncRequest], site: Site, around: Around, real: Instant
    ) -> tuple[bytes, Site | None]:
        if site.last_request == asked.message.request:
            return site.answer, None  # sent again because the answer was lost: the same bytes (fork rule, 3.5)
        now = real if around.clock is None else around.clock.read(real)
        body = beside(site)
        if self._nothing_new(conn, asked, site, body, around, now):
            return self._unchanged(conn, asked, site, body, now, sandbox=around.clock is not None)
        contact = Contact(self._context, conn, asked, site, now, sandbox=around.clock is not None)
        return contact.answer()

    def _nothing_new(
        self, conn: Connection, asked: Asked[SyncRequest], site: Site, body: Beside, around: Around, now: Instant
    ) -> bool:
        message = asked.message
        lease = self._lease(conn, site)
        return (
            message.token == site.token.decode()
            and lease is not None
            and (message.epoch, message.serial) == (site.epoch, site.serial)
            and site.acked_serial == site.serial
            and site.revision == around.revision
            and (around.next_due is None or around.next_due > now)
            and now < lease.iat + (lease.contact_until - lease.iat) // 4
            and (message.use.total, message.use.digest) == (site.devices, site.devices_digest)
            and message.wanted <= site.allotment
            and message.version == site.version
            and site.successor is None
            and site.forked_at is None
            and not message.lease
            and (lease.spans[0].until is None or lease.spans[0].until > now)
            and message.subscription == site.subscription
        )

    def _unchanged(
        self, conn: Connection, asked: Asked[SyncRequest], site: Site, body: Beside, now: Instant, *, sandbox: bool
    ) -> tuple[bytes, Site]:
        lease = self._lease(conn, site)
        turn = None if lease is None else window(lease.spans, lease.figures, now)
        count = body.count + 1
        token = self._context.keys.state_token(site.id, site.epoch, count)
        message = SyncAnswer(
            nonce=asked.message.nonce,
            request_sha256=asked.sha256,
            time=now,
            root=self._context.keys.root_of(sandbox=sandbox).version,
            token=token,
            next_sync=None if turn is None else NextSync(*turn),
            result="unchanged",
        )
        answer = seal.seal(seal.Typ.SYNC_ANSWER, message, self._context.answer_signer(site.product, sandbox=sandbox))
        told = msgspec.structs.replace(body, count=count, path=asked.message.path.kind, trigger=asked.message.trigger)
        after = msgspec.structs.replace(
            with_beside(site, told),
            token=token.encode(),
            last_request=asked.message.request,
            answer=answer,
            last_contact=now,
            next_sync=None if turn is None else turn[1],
        )
        return answer, after

    def _lease(self, conn: Connection, site: Site) -> Lease | None:
        """The site's newest lease as a value; decoded once, for leases never change."""
        known = self._leases.get(site.id)
        if known is not None and known[:2] == (site.epoch, site.serial):
            return known[2]
        lease = Contact.latest_lease(conn, site)
        if lease is not None:
            if len(self._leases) >= KEYS_REMEMBERED:
                self._leases.pop(next(iter(self._leases)))
            self._leases[site.id] = (lease.epoch, lease.serial, lease)
        return lease


def _signed_by(site: Site, asked: Asked[SyncRequest]) -> bool:
    known: str = msgspec.json.decode(site.jwk, type=dict[str, str])["x"]
    return known == b64.encode_text(asked.public)
