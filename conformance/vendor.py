"""A small honest activation server: it keeps what a site's protocol needs and nothing else, on a clock moved by hand.

Built from the wire's messages alone, so that it shares no thought with the real server. Misbehavior is `faults`'.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from conformance import keys
from tenure.core.activation_codes import ActivationCode, from_random, parse_code
from tenure.core.installation import installation_mismatch
from tenure.core.lease.acceptance import another_code
from tenure.core.lease.claims import Brand, Confirmation, Lease
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, Instant, Phase, PhaseCause, Span, Timeline, span_at, spans_since
from tenure.core.versions import refuse_below
from tenure.wire import jws
from tenure.wire.exchanges import ProvenRequest, read_activate, read_sync, unwrap_sync
from tenure.wire.keys import Purpose, key_id, to_jwk
from tenure.wire.messages import (
    ActivateAnswer,
    ActivateRequest,
    AnswerBinding,
    NextSync,
    SignedRefusal,
    SyncAnswer,
    SyncRequest,
    to_signed_refusal,
    unknown_code,
)
from tenure.wire.root import RootDocument
from tenure.wire.seats import read_erased

LEASE_DAYS = 30
FORK_DAYS = 7
FEATURES, BASE = ("edit", "export", "read"), ("read",)


def code(name: str) -> ActivationCode:
    """The activation code that a scenario calls `name`."""
    return from_random(hashlib.sha256(f"code {name}".encode()).digest()[:19])


def paid(begins: Instant, days: int, grace: int) -> Timeline:
    """A paid period, grace unless it is 0 days, and the end."""
    end = begins + days * DAY
    over = end + grace * DAY
    spans = [Span(begins, end, Phase.ACTIVE, PhaseCause.PAID, FEATURES, 10)]
    if grace:
        spans.append(Span(end, over, Phase.GRACE, PhaseCause.PAYMENT_ENDED, FEATURES, 10))
    return (*spans, Span(over, None, Phase.ENDED, PhaseCause.PAYMENT_ENDED, BASE))


@dataclass
class Contract:
    """One subscription."""

    id: str
    spans: Timeline
    product: str = "editor"
    revision: int = 1
    paid_until: Instant | None = None
    min_version: str = "10.0"
    last_group: str = ""
    refused: Refused | None = None
    """Why its code activates nothing."""

    def change(self, spans: Timeline, paid_until: Instant | None) -> None:
        """Something happened to it."""
        self.spans, self.paid_until, self.revision = spans, paid_until, self.revision + 1


@dataclass
class SiteRow:
    """One key's use of the product."""

    id: str
    public: bytes
    contract: Contract
    successor: Contract | None = None
    token: str = ""
    count: int = 0
    last_request: str = ""
    answer: bytes = b""
    epoch: int = 0
    serial: int = 0
    lease: bytes = b""
    signed: tuple[str, int, int] = ("", 0, 0)
    """Subscription, revision and root version for which the lease was signed."""
    renew_from: Instant = 0
    forked: bool = False
    lost: bool = False
    wants_lease: bool = False
    installation: str = "standalone"
    released: bool = False


@dataclass(frozen=True)
class Spoken:
    """Whose keys sign, and what is changed in a message before they do; a fault brings its own."""

    answer_key: str = ""
    lease_key: str = ""
    answer: Callable[[AnswerBinding], msgspec.Struct | bytes] = lambda message: message
    lease: Callable[[Lease], Lease] = lambda lease: lease


@dataclass
class Vendor:
    """The server. `now` is its clock."""

    sandbox: bool = False
    now: Instant = keys.START
    contracts: dict[str, Contract] = field(default_factory=dict)
    sites: dict[str, SiteRow] = field(default_factory=dict)
    notices: list[bytes] = field(default_factory=list)
    epoch: int = keys.START - keys.YEAR
    interval: int = DAY
    life: int = LEASE_DAYS * DAY
    """Seconds for which a lease is good without contact."""
    documents: list[RootDocument] = field(default_factory=list)
    roots: dict[int, bytes] = field(default_factory=dict)
    free_from: Instant | None = None
    """When a place given back is free; None: at once."""
    says_root: int | None = None
    """The version it claims to be the newest, if that is not the truth."""

    def __post_init__(self) -> None:
        self.publish(keys.first(sandbox=self.sandbox))
        for name in ("A", "B"):
            end = self.now + 60 * DAY
            self.offer(name, Contract(f"sub_{name.lower()}", paid(self.now - 10 * DAY, 70, 14), paid_until=end))

    def offer(self, name: str, contract: Contract) -> None:
        """A contract behind the code that scenarios call `name`."""
        contract.last_group = code(name).last_group
        self.contracts[code(name).reveal()] = contract

    def publish(self, document: RootDocument, *kids: str) -> None:
        """The next root version, as clients fetch it."""
        self.documents.append(document)
        self.roots[document.version] = keys.signed(document, *kids)

    def key(self, purpose: Purpose) -> str:
        """The newest key that signs for `purpose`."""
        wanted = Purpose.SANDBOX if self.sandbox else purpose
        fit = [each.kid for each in self.documents[-1].keys if each.purpose is wanted and each.naf > self.now]
        good = [kid for kid in fit if kid.rpartition("-")[2].isdigit()]
        return max(good, key=lambda kid: int(kid.rpartition("-")[2]))

    # activation

    def activate(self, body: bytes, spoken: Spoken | None = None) -> bytes | Refused:
        """The sealed answer, or why the request cannot be answered at all (unsigned)."""
        spoken = spoken or Spoken()
        asked = read_activate(body)
        if isinstance(asked, Refused):
            return asked
        row = self.sites.get(key_id(asked.public))
        if row is not None and row.last_request == asked.message.request:
            return row.answer
        found = self._contract(asked.message, row)
        said = asked.message.installation
        other = None if row is None else installation_mismatch(said, row.installation)
        if isinstance(found, Refused) or other is not None:
            return self._refuse_activation(asked, found if isinstance(found, Refused) else other, spoken)
        row = row or self._new_site(asked.public, found, said)
        if asked.message.role == "successor":
            row.successor = found
        else:
            row.contract, row.successor = found, None if row.successor is found else row.successor
        return self._grant(asked, row, spoken)

    def _contract(self, asked: ActivateRequest, row: SiteRow | None) -> Contract | Refused:
        typed = parse_code(asked.code)
        found = None if isinstance(typed, Refused) else self.contracts.get(typed.reveal())
        if found is None:
            return Refused(RefusalCode.CODE_UNKNOWN)
        if found.product != asked.product:
            return Refused(RefusalCode.CODE_NOT_FOR_PRODUCT)
        old = refuse_below(asked.version, found.min_version)
        in_force = None
        if row is not None and row.contract is not found and asked.role == "active":
            in_force = another_code(self._lease(row, row.serial), self.now)
        for refused in (found.refused, old, in_force):
            if refused is not None:
                return refused
        return found

    def _new_site(self, public: bytes, contract: Contract, installation: str) -> SiteRow:
        name = f"site_{len(self.sites) + 1}"
        row = SiteRow(name, public, contract, epoch=self.epoch, installation=installation)
        self.sites[key_id(public)] = row
        return row

    def _grant(self, asked: ProvenRequest[ActivateRequest], row: SiteRow, spoken: Spoken) -> bytes:
        self._sign(row, spoken)
        answer = ActivateAnswer(
            **self._bound(asked.message.nonce, asked.sha256),
            result="granted",
            site=row.id,
            lease=row.lease.decode(),
            successor=self._successor(row, spoken),
            token=self._rotate(row),
            next_sync=self._next(),
        )
        row.last_request, row.answer = (
            asked.message.request,
            self._answered(answer, jws.TokenType.ACTIVATE_ANSWER, spoken),
        )
        return row.answer

    def _refuse_activation(self, asked: ProvenRequest[ActivateRequest], refused: Refused, spoken: Spoken) -> bytes:
        bound = self._bound(asked.message.nonce, asked.sha256)
        answer = ActivateAnswer(**bound, result="refused", refusal=to_signed_refusal(refused))
        if refused.code is RefusalCode.CODE_UNKNOWN:
            answer = unknown_code(asked.message.nonce, asked.sha256, self.now, bound["root"])
        return self._answered(answer, jws.TokenType.ACTIVATE_ANSWER, spoken)

    # synchronization

    def sync(self, body: bytes, spoken: Spoken | None = None) -> bytes | Refused:
        """The sealed answer, or why the request cannot be answered at all (unsigned)."""
        spoken = spoken or Spoken()
        envelope = unwrap_sync(body)
        row = None if isinstance(envelope, Refused) else self.sites.get(envelope.kid)
        if isinstance(envelope, Refused) or row is None:
            return envelope if isinstance(envelope, Refused) else Refused(RefusalCode.KEY_UNKNOWN)
        asked = read_sync(envelope, row.public)
        if isinstance(asked, Refused):
            return asked
        if asked.message.request == row.last_request:
            return row.answer
        answer = self._truth(asked, row, spoken)
        row.last_request, row.answer = asked.message.request, self._answered(answer, jws.TokenType.SYNC_ANSWER, spoken)
        return row.answer

    def _truth(self, asked: ProvenRequest[SyncRequest], row: SiteRow, spoken: Spoken) -> SyncAnswer:
        bound = self._bound(asked.message.nonce, asked.sha256)
        if row.lost:
            return SyncAnswer(**bound, result="refused", refusal=SignedRefusal(RefusalCode.SITE_LOST.value, True))
        if asked.message.resolve:
            row.forked, row.token = False, asked.message.token
        forked = row.forked = row.forked or asked.message.token != row.token
        if asked.message.erased and not forked:
            said = read_erased(asked.message.erased.encode(), row.public)
            row.released = not isinstance(said, Refused) and said.sha256 == jws.token_digest(row.lease)
            return SyncAnswer(**bound, result="released", token=self._rotate(row), free_from=self.free_from)
        token = self._rotate(row)
        if row.wants_lease and not asked.message.lease:
            return SyncAnswer(**bound, result="send_lease", token=token, next_sync=self._next())
        row.wants_lease = False
        self._take_over(row)
        same = self._state(row) == row.signed and asked.message.serial == row.serial
        if same and self.now < row.renew_from and not forked and not row.successor:
            return SyncAnswer(**bound, result="unchanged", token=token, next_sync=self._next())
        self._sign(row, spoken, forked=forked)
        return SyncAnswer(
            **bound,
            result="lease",
            lease=row.lease.decode(),
            successor=self._successor(row, spoken),
            token=token,
            next_sync=self._next(),
            forked=forked,
        )

    def _take_over(self, row: SiteRow) -> None:
        begins = None if row.successor is None else row.contract.paid_until
        if begins is not None and begins <= self.now and row.successor is not None:
            row.contract, row.successor = row.successor, None

    # words

    def _bound(self, nonce: str, sha256: str) -> dict[str, Any]:
        return {
            "nonce": nonce,
            "request_sha256": sha256,
            "time": self.now,
            "root": self.says_root or self.documents[-1].version,
            "notices": tuple(each.decode() for each in self.notices),
        }

    def _next(self) -> NextSync:
        return NextSync(self.now + self.interval * 9 // 10, self.now + self.interval * 11 // 10)

    def _rotate(self, row: SiteRow) -> str:
        row.count += 1
        row.token = f"{row.epoch}.{row.count}.{row.id}"
        return row.token

    def _sign(self, row: SiteRow, spoken: Spoken, *, forked: bool = False) -> None:
        if self.epoch > row.epoch:
            row.epoch, row.serial = self.epoch, 0
        row.serial += 1
        lease = self._lease(row, row.serial)
        if forked:
            short = min(lease.contact_until, self.now + FORK_DAYS * DAY)
            lease = msgspec.structs.replace(lease, contact_until=short, exp=min(lease.exp, short))
        row.renew_from = lease.iat + (lease.contact_until - lease.iat) // 4
        row.lease = self._sealed(spoken.lease(lease), spoken)
        row.signed = self._state(row)

    def _state(self, row: SiteRow) -> tuple[str, int, int]:
        return row.contract.id, row.contract.revision, self.documents[-1].version

    def _lease(self, row: SiteRow, serial: int) -> Lease:
        contract = row.contract
        spans = spans_since(contract.spans, self.now)
        iat = max(spans[0].since, self.now - 300)
        until = iat + self.life
        return self._claims(row, contract, serial, spans, iat=iat, nbf=iat, until=until)

    def _successor(self, row: SiteRow, spoken: Spoken) -> str:
        contract, begins = row.successor, row.contract.paid_until
        if contract is None or begins is None:
            return ""
        length = (contract.paid_until or 0) - contract.spans[0].since
        spans = paid(begins, length // DAY, 14)
        lease = self._claims(
            row, contract, row.serial, spans, iat=self.now, nbf=begins, until=begins + LEASE_DAYS * DAY
        )
        return self._sealed(spoken.lease(msgspec.structs.replace(lease, role="successor")), spoken).decode()

    def _claims(
        self, row: SiteRow, contract: Contract, serial: int, spans: Timeline, *, iat: int, nbf: int, until: int
    ) -> Lease:
        running = span_at(spans, nbf)
        ends = [span.since for span in spans if not set(running.features) <= set(span.features)]
        return Lease(
            iss="https://license.example",
            sub=row.id,
            aud=contract.product,
            jti=f"{row.id}.{row.epoch}.{serial}",
            iat=iat,
            nbf=nbf,
            exp=min([until, *ends]),
            cnf=Confirmation(to_jwk(row.public)),
            serial=serial,
            epoch=row.epoch,
            subscription=contract.id,
            revision=contract.revision,
            product=contract.product,
            plan="standard",
            kind="limited",
            spans=spans,
            contact_until=until,
            refresh_after=max(iat, self.now + self.interval),
            features=running.features,
            base_features=BASE,
            allotment=10,
            limit=10,
            min_version=contract.min_version,
            provider="Alpha IT",
            brand=Brand("Alpha IT", renew_url="https://alpha.example/renew"),
            code_last_group=contract.last_group,
            prepaid_until=contract.paid_until,
            sandbox=self.sandbox,
            installation=row.installation,
        )

    def _sealed(self, lease: Lease, spoken: Spoken) -> bytes:
        return jws.sign_token(jws.TokenType.LEASE, lease, keys.signer(spoken.lease_key or self.key(Purpose.LEASE)))

    def _answered(self, answer: AnswerBinding, typ: jws.TokenType, spoken: Spoken) -> bytes:
        signer = keys.signer(spoken.answer_key or self.key(Purpose.ANSWER))
        return jws.sign_token(typ, spoken.answer(answer), signer)
