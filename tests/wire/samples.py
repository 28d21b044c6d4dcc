"""A small world of keys, a root and messages for the tests of this room; everything is fixed, nothing is drawn."""

import hashlib

import msgspec

from tenure.core.lease.claims import Brand, Confirmation, Lease
from tenure.core.timeline import DAY, Phase, PhaseCause, Span
from tenure.wire import root as roots
from tenure.wire.b64 import encode_text
from tenure.wire.exchanges import public_jwk, seal_request
from tenure.wire.jws import token_digest
from tenure.wire.keys import Purpose, SeedSigner, to_jwk
from tenure.wire.messages import ActivateRequest, DeviceUse, NetworkPath, SyncAnswer, SyncRequest
from tenure.wire.root import OnlineKey, RootDocument, RootKey, TrustedRoot

NOW = 1_800_000_000
YEAR = 365 * DAY


def seed(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def signer(kid: str) -> SeedSigner:
    """The holder of the named key; the same name gives the same key."""
    return SeedSigner(seed(kid), kid)


def key(kid: str, purpose: Purpose, **bounds: object) -> OnlineKey:
    made = OnlineKey(
        kid=kid,
        x=encode_text(signer(kid).public),
        purpose=purpose,
        nbf=NOW - 30 * DAY,
        naf=NOW + YEAR,
        longest=31 * DAY,
    )
    return msgspec.structs.replace(made, **bounds)


def root_key(kid: str) -> RootKey:
    return RootKey(kid, encode_text(signer(kid).public))


def document(**changes: object) -> RootDocument:
    made = RootDocument(
        id="vendor-1",
        version=1,
        issued=NOW - 30 * DAY,
        expires=NOW + YEAR,
        threshold=2,
        root_keys=(root_key("root-a"), root_key("root-b"), root_key("root-c")),
        keys=(
            key("lease-1", Purpose.LEASE),
            key("lease-anti", Purpose.LEASE, products=("antivirus",)),
            key("answer-1", Purpose.ANSWER),
            key("notice-1", Purpose.NOTICE),
            key("checkpoint-1", Purpose.CHECKPOINT),
            key("webhook-1", Purpose.WEBHOOK),
            key("sandbox-1", Purpose.SANDBOX),
            key("dev-lease", Purpose.LEASE),
        ),
    )
    return msgspec.structs.replace(made, **changes)


def signed(of: RootDocument, *kids: str) -> bytes:
    return roots.sign_document(of, [signer(kid) for kid in kids or ("root-a", "root-b")])


def pinned(of: RootDocument | None = None) -> TrustedRoot:
    read = roots.pin_root(signed(of or document()))
    assert isinstance(read, TrustedRoot), read
    return read


SITE = SeedSigner(seed("site"))
OTHER_SITE = SeedSigner(seed("other site"))
DEVICE = SeedSigner(seed("device"))


def lease(**changes: object) -> Lease:
    end = NOW + 20 * DAY
    made = Lease(
        iss="vendor.example",
        sub="site_0001",
        aud="antivirus",
        jti="lease_0001",
        iat=NOW,
        nbf=NOW,
        exp=end,
        cnf=Confirmation(to_jwk(SITE.public)),
        serial=1,
        epoch=NOW - YEAR,
        subscription="sub_0001",
        revision=3,
        product="antivirus",
        plan="business",
        kind="limited",
        spans=(
            Span(NOW - 10 * DAY, end, Phase.ACTIVE, PhaseCause.PAID, ("scan", "update"), 100),
            Span(end, end + 14 * DAY, Phase.GRACE, PhaseCause.PAYMENT_ENDED, ("scan", "update"), 100),
            Span(end + 14 * DAY, None, Phase.ENDED, PhaseCause.PAYMENT_ENDED, ("scan",)),
        ),
        contact_until=NOW + 30 * DAY,
        refresh_after=NOW + 7 * DAY,
        features=("scan", "update"),
        base_features=("scan",),
        allotment=20,
        limit=100,
        provider="Alpha IT",
        brand=Brand("Alpha IT", renew_url="https://alpha.example/renew"),
    )
    return msgspec.structs.replace(made, **changes)


NONCE = encode_text(seed("nonce"))


def sync_request(**changes: object) -> SyncRequest:
    made = SyncRequest(
        nonce=NONCE,
        request="req_0197b2c3d4e5f6a7b8c9d0e1f2a3b4c5",
        site="site_0001",
        subscription="sub_0001",
        product="antivirus",
        serial=1,
        epoch=NOW - YEAR,
        revision=3,
        token="abc.DEF-_",
        version="12.4.1",
        wall=NOW,
        uptime=3_600,
        trigger="timer",
        use=DeviceUse(12, {"antivirus": 12}, encode_text(seed("devices"))),
        wanted=20,
        path=NetworkPath("system"),
    )
    return msgspec.structs.replace(made, **changes)


def activate_request(**changes: object) -> ActivateRequest:
    made = ActivateRequest(
        nonce=NONCE,
        request="req_0197b2c3d4e5f6a7b8c9d0e1f2a3b4c5",
        code="7K3MN-PQRST-VWXYZ-01234",
        product="antivirus",
        version="12.4.1",
        name="Head office – Zürich",
        key=public_jwk(SITE.public),
        wall=NOW,
        uptime=3_600,
        root=1,
        hardware={"machine": encode_text(seed("machine"))},
        installation="server",
    )
    return msgspec.structs.replace(made, **changes)


SYNC = seal_request(sync_request(), SITE)
ACTIVATE = seal_request(activate_request(), SITE)


def sync_answer(request: bytes = SYNC, **changes: object) -> SyncAnswer:
    made = SyncAnswer(
        nonce=NONCE, request_sha256=token_digest(request), time=NOW, root=1, result="unchanged", token="next-token"
    )
    return msgspec.structs.replace(made, **changes)
