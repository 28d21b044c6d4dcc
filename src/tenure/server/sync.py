"""Synchronization, the hot path [spec: synchronization]: proven requests in, signed answers out, durable before
acknowledged.

Most answers are `unchanged` and cost one look at what is at hand of the site; `sync_contact` does what a changed one
needs.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from tenure.core.answering.callers import is_repeated
from tenure.core.answering.unchanged import ServerMoment, is_unchanged
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.hot_operations import Deliver
from tenure.http.limits import RateThrottle
from tenure.server import taking_in
from tenure.server.activation import OWN_WORDS
from tenure.server.context import ServerContext
from tenure.server.plain_lease import sign_plain
from tenure.server.real_time import RealTime
from tenure.server.reissuing import reissued_sync
from tenure.server.sync_contact import answer_sync
from tenure.server.sync_hint import SyncHint, read_pace
from tenure.server.sync_reply import overtaken_by
from tenure.server.sync_values import SyncContact, report_of
from tenure.store import leases, sites, sync_fast_path
from tenure.store.engine import LATER, Connection, DatabaseUnavailable, Later
from tenure.store.leases import Acknowledgment
from tenure.store.sync_fast_path import SiteSnapshot, SiteUpdate
from tenure.store.sync_lease_path import PlainLease, lease_grounds, save_leases
from tenure.wire import b64, exchanges, jws
from tenure.wire.exchanges import ProvenRequest
from tenure.wire.keys import Purpose, SeedSigner, key_id, key_thumbprint
from tenure.wire.messages import NextSync, SyncAnswer, SyncRequest

KEYS_REMEMBERED = 50_000
"""Of sites that synchronized lately; another one's costs one more look into the store."""


DEAR_MOST = 8
"""Contacts of one transaction that change something beside the lease. Each costs as much as five or ten that bring
nothing new, and all are answered together: with more of them those others would wait for long."""
NEWS_MOST = 24
"""Contacts of one transaction that are examined for that; most get a lease and nothing else, which costs a third."""
SetAnswer = bytes | Refused | Later
UNAVAILABLE = Refused(RefusalCode.SERVER_BUSY, "The store is not available.")


class KnownSite(msgspec.Struct, frozen=True, gc=False):
    """A site's public key and its RFC 7638 thumbprint."""

    public: bytes
    thumbprint: str


class ProvenSync(msgspec.Struct, frozen=True, gc=False):
    """A request whose signature holds, and the thumbprint of the key that made it."""

    asked: ProvenRequest[SyncRequest]
    thumbprint: str
    carried: bool = False
    """Brought by hand, by a caller who may speak for the site [spec: offline-exchange]."""

    @property
    def site(self) -> str:
        """The site it says it is of; whether the key is that site's is not yet looked at."""
        return self.asked.message.site


class CommonAnswer(NamedTuple):
    """What the answers of one transaction to sites of one product have in common."""

    signer: SeedSigner
    root: int
    """The version of the root document."""
    notices: tuple[str, ...]


class SyncService:
    """The operation behind `POST /v1/sync`."""

    def __init__(self, context: ServerContext, throttle: RateThrottle) -> None:
        self._context, self._throttle = context, throttle
        self._known: dict[str, KnownSite] = {}

    async def synchronize(self, body: bytes, _address: str) -> bytes | Refused:
        """The signed answer to a site's request; what is not proven gets an unsigned, inconclusive refusal."""
        proven = await self.prove_request(body)
        return proven if isinstance(proven, Refused) else await self.answer_request(proven)

    async def prove_request(self, body: bytes) -> ProvenSync | Refused:
        """The request, proven by the key of the site that it names; nothing is changed."""
        envelope = exchanges.unwrap_sync(body)
        if isinstance(envelope, Refused):
            return envelope
        known = self._known.get(envelope.kid) or await self._find_key(envelope)
        if known is None:
            return await self._introduce_site(envelope)
        asked = exchanges.read_sync(envelope, known.public)
        return asked if isinstance(asked, Refused) else ProvenSync(asked, known.thumbprint)

    async def _introduce_site(self, envelope: jws.ParsedToken) -> ProvenSync | Refused:
        """A site that is not known: taken in where this server has forgotten it by being put back (`taking_in`)."""
        asked = exchanges.read_introduction(envelope)
        if isinstance(asked, Refused) or not taking_in.is_ours(self._context, asked.message):
            return taking_in.UNKNOWN
        refused: Refused | None = await self._context.write_tx(
            False, lambda conn, real: taking_in.take_in(self._context, conn, asked, RealTime(real))
        )
        return ProvenSync(asked, key_thumbprint(asked.public)) if refused is None else refused

    async def answer_request(self, proven: ProvenSync) -> bytes | Refused:
        """The signed answer to a proven request, once it is durable.

        Unsigned `too_many_requests` for wishes that come faster than anybody has them (`OWN_WORDS`).
        """
        limited = self._refuse_wishes(proven)
        if limited is not None:
            return limited
        try:
            return await self._context.db.submit_set(self.answer_many, proven, proven.site)
        except DatabaseUnavailable:
            return UNAVAILABLE

    def begin_synchronizing(self, body: bytes, _address: str, deliver: Deliver) -> bool:
        """`synchronize` for a site whose key is at hand; others are not taken."""
        envelope = exchanges.unwrap_sync(body)
        known = None if isinstance(envelope, Refused) else self._known.get(envelope.kid)
        if isinstance(envelope, Refused) or known is None:
            return False
        asked = exchanges.read_sync(envelope, known.public)
        if isinstance(asked, Refused):
            deliver(asked)
            return True
        proven = ProvenSync(asked, known.thumbprint)

        def told(answer: bytes | Refused | None, fault: Exception | None) -> None:
            deliver(_outcome_of(answer, fault))

        refused = self._refuse_wishes(proven)
        if refused is None:
            refused = self._context.db.post_to_set(self.answer_many, proven, told, proven.site)
        if refused is not None:
            deliver(refused)
        return True

    def _refuse_wishes(self, proven: ProvenSync) -> Refused | None:
        message = proven.asked.message
        if not (message.resolve or message.drop_successor):
            return None
        return self._throttle.count_request((OWN_WORDS, proven.thumbprint))

    async def _find_key(self, envelope: jws.ParsedToken) -> KnownSite | None:
        """The key of the site named, if it is the one that signed; remembered, for keys never change."""
        claimed = exchanges.claimed_site(envelope)
        jwk = await self._context.db.read(sync_fast_path.key_of, claimed) if claimed else None
        public = None if jwk is None else b64.decode_text(msgspec.json.decode(jwk, type=dict[str, str])["x"])
        if public is None or key_id(public) != envelope.kid:
            return None
        if len(self._known) >= KEYS_REMEMBERED:
            self._known.pop(next(iter(self._known)))
        known = self._known[envelope.kid] = KnownSite(public, key_thumbprint(public))
        return known

    def answer_many(self, conn: Connection, requests: Sequence[ProvenSync]) -> list[SetAnswer]:
        """The answers in order, their effects in the caller's transaction; several of one site are taken in turn.

        Of those that bring something new at most `NEWS_MOST`, and `DEAR_MOST` that take more than a lease; the
        others are put off.
        """
        real = self._context.clock()
        answered: dict[int, SetAnswer] = {}
        put_off: set[str] = set()
        waiting = list(enumerate(requests))
        looks, room = NEWS_MOST, DEAR_MOST
        while waiting:
            round_: dict[str, tuple[int, ProvenSync]] = {}
            for place, proven in waiting:
                if proven.site in put_off:
                    answered[place] = LATER  # a site is answered in the order in which it asks
                else:
                    round_.setdefault(proven.site, (place, proven))
            others = self._answer_round(conn, round_, real, answered)
            room -= self._answer_dear(conn, others[:looks], room, real, answered)
            looks -= len(others[:looks])
            for place, site, _ in others:
                if place not in answered:
                    answered[place] = LATER
                    put_off.add(site.id)
            waiting = [each for each in waiting if each[0] not in answered]
        return [answered[place] for place in range(len(requests))]

    def _answer_round(
        self,
        conn: Connection,
        requests: dict[str, tuple[int, ProvenSync]],
        real: Instant,
        answered: dict[int, SetAnswer],
    ) -> list[tuple[int, SiteSnapshot, ProvenSync]]:
        """One request of each site: all that bring nothing new, at once; the others are left."""
        found = sync_fast_path.at_hand(conn, requests)
        commons: dict[tuple[str, bool], CommonAnswer | None] = {}
        contacted: list[SiteUpdate] = []
        shown: list[Acknowledgment] = []
        others: list[tuple[int, SiteSnapshot, ProvenSync]] = []
        for name, (place, proven) in requests.items():
            site, asked = found.get(name), proven.asked
            if site is None or (site.thumbprint, site.product) != (proven.thumbprint, asked.message.product):
                answered[place] = Refused(RefusalCode.KEY_UNKNOWN, "This key is not the site's.", "site")
                continue
            now, kind = site.provider_now(real), (site.product, site.is_sandbox)
            common = commons[kind] if kind in commons else commons.setdefault(kind, self._common_answer(site, real))
            if common is None:
                answered[place] = Refused(RefusalCode.NO_SIGNING_KEY)
                continue
            pace = None if site.last_request == asked.message.request else read_pace(site.pace)
            if pace is not None and not proven.carried and self._is_plain(site, asked.message, pace, now):
                told = self._answer_unchanged(asked, site, pace, now, common)
                contacted.append(told)
                if site.acked_serial != site.serial:
                    shown.append(Acknowledgment(site.id, site.epoch, site.serial, now, site.acked_serial))
                answered[place] = told.answer
            else:
                others.append((place, site, proven))
        sync_fast_path.save_updates(conn, contacted)
        leases.mark_acknowledged(conn, shown)
        return others

    def _answer_dear(
        self,
        conn: Connection,
        others: Sequence[tuple[int, SiteSnapshot, ProvenSync]],
        room: int,
        real: Instant,
        answered: dict[int, SetAnswer],
    ) -> int:
        """Those that change something: a lease and nothing else for many at once, at most `room` others one by one; how
        many those were."""
        able = []
        for place, site, proven in others:
            if self._can_sign(Purpose.LEASE, site, real):
                able.append((place, site, proven))
            else:
                answered[place] = Refused(RefusalCode.NO_SIGNING_KEY)
        self._answer_leases(conn, able, RealTime(real), answered)
        left = [each for each in able if each[0] not in answered][:room]
        for place, site, proven in left:
            answered[place] = self._answer_one(conn, proven, site, RealTime(real))
        return len(left)

    def _answer_leases(
        self,
        conn: Connection,
        others: Sequence[tuple[int, SiteSnapshot, ProvenSync]],
        time: RealTime,
        answered: dict[int, SetAnswer],
    ) -> None:
        """Those that get a lease and nothing else is to be done."""
        asking = [each for each in others if not is_repeated(each[2].asked.message.request, each[1].last_request)]
        grounds = lease_grounds(conn, [site.id for _, site, _ in asking]) if asking else {}
        written: list[PlainLease] = []
        for place, site, proven in asking:
            ground = grounds.get(site.id)
            signed = None if ground is None else sign_plain(self._contact_of(conn, proven, site, time), ground)
            if signed is not None:
                answered[place], lease = signed
                written.append(lease)
        save_leases(conn, written)

    def _contact_of(self, conn: Connection, proven: ProvenSync, site: SiteSnapshot, time: RealTime) -> SyncContact:
        return SyncContact(
            context=self._context,
            conn=conn,
            asked=proven.asked,
            time=time,
            now=site.provider_now(time.instant),
            sandbox=site.is_sandbox,
            carried=proven.carried,
        )

    def _is_plain(self, site: SiteSnapshot, message: SyncRequest, pace: SyncHint, now: Instant) -> bool:
        """Whether nothing is new but, perhaps, that the site holds its newest lease, which gives nothing back."""
        moment = self._moment_of(site, pace, now)
        plain = site.acked_serial != site.serial and pace.takes_word(message.use.total, message.wanted)
        return is_unchanged(site, report_of(message), moment, gives_nothing_back=plain)

    def _moment_of(self, site: SiteSnapshot, pace: SyncHint, now: Instant) -> ServerMoment:
        trusted = self._context.keys.is_believed(pace.kid, sandbox=site.is_sandbox)
        return ServerMoment(now, pace.renew_at, self._context.epoch_floor, trusted)

    def _common_answer(self, site: SiteSnapshot, real: Instant) -> CommonAnswer | None:
        """What all answers to sites like this one have in common; None where there is no key to sign them."""
        if not self._can_sign(Purpose.ANSWER, site, real):
            return None
        context, sandbox = self._context, site.is_sandbox
        signer, root = context.answer_signer(site.product, sandbox=sandbox), context.keys.root_of(sandbox=sandbox)
        return CommonAnswer(signer, root.version, context.notices_carried(sandbox=sandbox))

    def _can_sign(self, purpose: Purpose, site: SiteSnapshot, real: Instant) -> bool:
        """Whether there is a key for its answer or lease: a site without one must not stop the answers of others."""
        keys, product, sandbox = self._context.keys, site.product, site.is_sandbox
        known = self._context.chosen_signers.get((purpose, product, sandbox))
        if known is not None and known.now == real and known.root is keys.root_of(sandbox=sandbox):
            return True
        return keys.can_sign(purpose, product, real, sandbox=sandbox)

    def _answer_one(
        self, conn: Connection, proven: ProvenSync, at_hand: SiteSnapshot, time: RealTime
    ) -> bytes | Refused:
        asked = proven.asked
        if is_repeated(asked.message.request, at_hand.last_request):
            stored = sync_fast_path.last_answer(conn, at_hand.id)
            sandbox = at_hand.is_sandbox
            return reissued_sync(conn, self._context, at_hand.id, at_hand.product, stored, sandbox=sandbox)
        site = sites.lock_many(conn, [at_hand.id])[at_hand.id]
        overtaken = overtaken_by(site, asked.message) if proven.carried else None
        if overtaken is not None:
            return overtaken
        answered = answer_sync(self._contact_of(conn, proven, at_hand, time), site)
        if isinstance(answered, Refused):
            return answered
        answer, after = answered
        sites.save_after(conn, site, after)
        return answer

    def _answer_unchanged(
        self, asked: ProvenRequest[SyncRequest], site: SiteSnapshot, pace: SyncHint, now: Instant, common: CommonAnswer
    ) -> SiteUpdate:
        keys, message = self._context.keys, asked.message
        turn = pace.next_window(now)
        count = site.token_count + 1
        token = keys.state_token(site.id, site.epoch, count)
        answer = SyncAnswer(
            nonce=message.nonce,
            request_sha256=asked.sha256,
            time=now,
            root=common.root,
            token=token,
            next_sync=None if turn is None else NextSync(*turn),
            notices=common.notices,
            result="unchanged",
        )
        return SiteUpdate(
            id=site.id,
            token=token.encode(),
            token_count=count,
            last_request=message.request,
            answer=jws.sign_token(jws.TokenType.SYNC_ANSWER, answer, common.signer),
            last_contact=now,
            next_sync=None if turn is None else turn[1],
            last_path=message.path.kind,
            last_trigger=message.trigger,
            acked_serial=site.serial,
        )


def _outcome_of(answer: bytes | Refused | None, fault: Exception | None) -> bytes | Refused | Exception:
    if answer is not None:
        return answer
    return UNAVAILABLE if fault is None or isinstance(fault, DatabaseUnavailable) else fault
