"""The confusion set: tokens that must never be taken for a lease, as data; each with the refusal it deserves.

Every one is made from the same good lease by one change, and signed anew wherever a forger could sign.
"""

import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

import msgspec

from tenure.core.refusals import RefusalCode
from tenure.core.timeline import DAY
from tenure.wire import b64
from tenure.wire.jws import TokenType, sign_token
from tenure.wire.keys import SeedSigner, to_jwk
from tenure.wire.leases import seal_lease
from tests.wire.samples import NOW, SITE, YEAR, lease, seed, signer

LEASE_KEY = signer("lease-1")
GOOD = seal_lease(lease(), LEASE_KEY)
HEADER, PAYLOAD, SIGNATURE = GOOD.split(b".")
CLAIMS = b64.b64_decode(PAYLOAD) or b""
PROPER = {"alg": "EdDSA", "kid": "lease-1", "typ": "tenure-lease+jwt"}

Case = tuple[str, bytes, RefusalCode]

MALFORMED, TYPE, UNKNOWN = RefusalCode.MESSAGE_MALFORMED, RefusalCode.TYPE_UNEXPECTED, RefusalCode.KEY_UNKNOWN
UNFIT, FORGED, EXTENSION = RefusalCode.KEY_NOT_FOR_THIS, RefusalCode.SIGNATURE_INVALID, RefusalCode.EXTENSION_UNKNOWN


def spelled(header: bytes, payload: bytes = CLAIMS, by: SeedSigner = LEASE_KEY) -> bytes:
    """A token with this very header, signed as it should be."""
    signed = b64.b64_encode(header) + b"." + b64.b64_encode(payload)
    return signed + b"." + b64.b64_encode(by.sign(signed))


def headed(by: SeedSigner = LEASE_KEY, **members: Any) -> bytes:
    header = {name: value for name, value in {**PROPER, **members}.items() if value is not msgspec.UNSET}
    return spelled(msgspec.json.encode(header), by=by)


def claimed(by: SeedSigner = LEASE_KEY, **changes: Any) -> bytes:
    """A lease no honest server signs: changed claims under a good signature."""
    claims = {**msgspec.json.decode(CLAIMS), **changes}
    return sign_token(
        TokenType.LEASE, msgspec.json.encode({k: v for k, v in claims.items() if v is not msgspec.UNSET}), by
    )


def algorithms() -> Iterator[Case]:
    for alg in (
        "none",
        "None",
        "NONE",
        "HS256",
        "HS512",
        "ES256",
        "ES512",
        "RS256",
        "PS256",
        "Ed25519",
        "Ed448",
        "eddsa",
        "EDDSA",
        "EdDSA ",
        "",
        "dir",
    ):
        yield f"alg {alg!r}", headed(alg=alg), MALFORMED
    yield "alg missing", headed(alg=msgspec.UNSET), MALFORMED
    yield "alg null", headed(alg=None), MALFORMED
    yield "alg a list", headed(alg=["EdDSA"]), MALFORMED
    yield "alg a number", headed(alg=0), MALFORMED
    none = b64.b64_encode(b'{"alg":"none","kid":"lease-1","typ":"tenure-lease+jwt"}') + b"." + PAYLOAD + b"."
    yield "alg none without a signature", none, MALFORMED
    public = LEASE_KEY.public
    signed = b64.b64_encode(msgspec.json.encode({**PROPER, "alg": "HS256"})) + b"." + PAYLOAD
    for name, secret in (("raw", public), ("base64url", b64.b64_encode(public)), ("empty", b"")):
        mac = hmac.new(secret, signed, hashlib.sha256).digest()
        yield f"HS256 with the public key as secret, {name}", signed + b"." + b64.b64_encode(mac), MALFORMED
    mac = hmac.new(public, GOOD.rpartition(b".")[0], hashlib.sha512).digest()
    yield "HMAC of 64 bytes under a proper header", GOOD.rpartition(b".")[0] + b"." + b64.b64_encode(mac), FORGED


def key_ids() -> Iterator[Case]:
    for kid in (
        "../../etc/passwd",
        "lease-1\n",
        " lease-1",
        "LEASE-1",
        "lease-1/",
        "lease-1\x00",
        "",
        "a" * 33,
        "'; --",
        "lease‐1",
        "ｌease-1",
        "lease-١",
        "lease-１",
        "http://evil.example/k",
    ):
        yield f"kid {kid!r}", headed(kid=kid), MALFORMED
    yield "kid missing", headed(kid=msgspec.UNSET), MALFORMED
    yield "kid null", headed(kid=None), MALFORMED
    yield "kid a list", headed(kid=["lease-1"]), MALFORMED
    yield "kid a number", headed(kid=1), MALFORMED
    yield "kid of nobody", headed(kid="lease-2"), UNKNOWN
    yield "kid of a root key", headed(signer("root-a"), kid="root-a"), UNKNOWN
    yield "kid of the site itself", headed(SITE, kid=SITE.key_id), UNKNOWN
    yield "kid of another key of the root", headed(kid="lease-anti"), FORGED
    yield "kid good, signed by a thief", headed(SeedSigner(seed("thief"), "lease-1")), FORGED


def purposes() -> Iterator[Case]:
    for kid in ("answer-1", "notice-1", "checkpoint-1", "webhook-1"):
        yield f"signed by {kid}", claimed(signer(kid)), UNFIT
    yield "sandbox key, saying so", claimed(signer("sandbox-1"), sandbox=True), UNFIT
    yield "sandbox key, hiding it", claimed(signer("sandbox-1")), UNFIT
    yield "development key", claimed(signer("dev-lease")), UNFIT
    yield "sandbox lease by a real key", claimed(sandbox=True), UNFIT
    yield "key for another product", claimed(signer("lease-other")), UNFIT
    yield "key not yet in its window", claimed(signer("lease-future")), UNFIT
    yield "key past its window", claimed(signer("lease-past")), UNFIT
    yield (
        "dated before the key's window",
        claimed(iat=NOW - YEAR, nbf=NOW - YEAR, exp=NOW - YEAR + DAY, contact_until=NOW - YEAR + DAY),
        UNFIT,
    )
    yield "longer than the key may", claimed(contact_until=NOW + 400 * DAY), UNFIT
    yield (
        "a successor longer than the key may",
        claimed(role="successor", nbf=NOW + 5 * DAY, contact_until=NOW + 37 * DAY),
        UNFIT,
    )
    yield "another product than expected", claimed(aud="backup", product="backup"), RefusalCode.LEASE_NOT_MINE


def types() -> Iterator[Case]:
    for typ in TokenType:
        if typ is not TokenType.LEASE:
            yield f"typ {typ.value}", headed(typ=typ.value), TYPE
    for other in (
        "JWT",
        "jwt",
        "tenure-lease",
        "tenure-lease+JWT",
        "TENURE-LEASE+JWT",
        "application/tenure-lease+jwt",
        "tenure-lease+jwt ",
        "tenure-lease+jwt\n",
        "tenure-lease+jwt\x00",
        "",
    ):
        yield f"typ {other!r}", headed(typ=other), TYPE
    yield "typ missing", headed(typ=msgspec.UNSET), MALFORMED
    yield "typ null", headed(typ=None), MALFORMED
    yield "typ a list", headed(typ=["tenure-lease+jwt"]), MALFORMED


def headers() -> Iterator[Case]:
    for name, value in (
        ("jwk", to_jwk(seed_public())),
        ("jku", "https://evil.example/jwks"),
        ("x5u", "https://evil.example/x"),
        ("x5c", ["AA"]),
        ("x5t", "AA"),
        ("x5t#S256", "AA"),
        ("b64", False),
        ("b64", True),
        ("zip", "DEF"),
        ("enc", "A256GCM"),
        ("jwk", None),
    ):
        yield f"{name} {value!r:.12}", headed(**{name: value}), MALFORMED
    yield (
        "embedded jwk and signed by it",
        headed(SeedSigner(seed("thief"), "lease-1"), jwk=to_jwk(seed_public())),
        MALFORMED,
    )
    yield "crit unknown", headed(crit=["exp"]), EXTENSION
    yield "crit b64", headed(crit=["b64"], later=1), EXTENSION
    yield "crit names a member we know", headed(crit=["kid"]), EXTENSION
    yield "crit empty", headed(crit=[]), MALFORMED
    yield "crit a string", headed(crit="exp"), MALFORMED
    yield "crit of numbers", headed(crit=[1]), MALFORMED
    yield "crit null", headed(crit=None), MALFORMED
    proper = b'"kid":"lease-1","typ":"tenure-lease+jwt"'
    yield "alg twice, the good one last", spelled(b'{"alg":"none","alg":"EdDSA",' + proper + b"}"), MALFORMED
    yield "alg twice, the good one first", spelled(b'{"alg":"EdDSA","alg":"none",' + proper + b"}"), MALFORMED
    yield "alg twice alike", spelled(b'{"alg":"EdDSA","alg":"EdDSA",' + proper + b"}"), MALFORMED
    yield "alg twice, once escaped", spelled(b'{"\\u0061lg":"none","alg":"EdDSA",' + proper + b"}"), MALFORMED
    yield "kid twice", spelled(b'{"alg":"EdDSA","kid":"answer-1",' + proper + b"}"), MALFORMED
    yield "typ twice", spelled(b'{"alg":"EdDSA","typ":"JWT",' + proper + b"}"), MALFORMED
    yield "crit twice", spelled(b'{"alg":"EdDSA",' + proper + b',"crit":["x"],"crit":["y"]}'), MALFORMED
    yield "unknown member twice", spelled(b'{"alg":"EdDSA",' + proper + b',"z":1,"z":1}'), MALFORMED
    yield "header an array", spelled(b'["EdDSA","lease-1","tenure-lease+jwt"]'), MALFORMED
    yield "header a string", spelled(b'"EdDSA"'), MALFORMED
    yield "header empty object", spelled(b"{}"), MALFORMED
    yield "header no JSON", spelled(b"alg=EdDSA"), MALFORMED
    yield "header with a byte order mark", spelled(b"\xef\xbb\xbf" + msgspec.json.encode(PROPER)), MALFORMED
    yield "header in UTF-16", spelled(msgspec.json.encode(PROPER).decode().encode("utf-16")), MALFORMED
    yield "header with NaN", spelled(b'{"alg":"EdDSA",' + proper + b',"z":NaN}'), MALFORMED
    yield "header 200 deep", spelled(b'{"alg":"EdDSA",' + proper + b',"z":' + b"[" * 200 + b"]" * 200 + b"}"), MALFORMED
    yield "header with half a surrogate", spelled(b'{"alg":"EdDSA",' + proper + b',"z":"\\ud800"}'), MALFORMED
    yield "header of 2 KiB", headed(later="x" * 2048), MALFORMED


def seed_public() -> bytes:
    return SeedSigner(seed("thief")).public


def spellings() -> Iterator[Case]:
    signed = HEADER + b"." + PAYLOAD
    last = SIGNATURE[-1:]
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    bits = alphabet[alphabet.index(last) + 1 :][:1]
    yield "signature padded", GOOD + b"==", MALFORMED
    yield "signature with half a padding", GOOD + b"=", MALFORMED
    yield "signature with trailing bits", GOOD[:-1] + bits, MALFORMED
    yield "signature cut by a byte", signed + b"." + b64.b64_encode(signature_bytes()[:-1]), MALFORMED
    yield "signature longer by a byte", signed + b"." + b64.b64_encode(signature_bytes() + b"\x00"), MALFORMED
    yield "signature doubled", signed + b"." + b64.b64_encode(signature_bytes() * 2), MALFORMED
    yield "signature empty", signed + b".", MALFORMED
    yield "signature of zeros", signed + b"." + b64.b64_encode(bytes(64)), FORGED
    yield "signature with S plus the group's order", signed + b"." + b64.b64_encode(malleable()), FORGED
    yield (
        "halves of the signature swapped",
        signed + b"." + b64.b64_encode(signature_bytes()[32:] + signature_bytes()[:32]),
        FORGED,
    )
    yield "standard alphabet", HEADER + b"." + PAYLOAD + b"." + SIGNATURE[:-9] + b"+" + SIGNATURE[-8:], MALFORMED
    for name, space in (("space", b" "), ("line feed", b"\n"), ("CR LF", b"\r\n"), ("tab", b"\t"), ("nul", b"\x00")):
        yield f"{name} before", space + GOOD, MALFORMED
        yield f"{name} behind", GOOD + space, MALFORMED
        yield f"{name} between", HEADER + space + b"." + PAYLOAD + b"." + SIGNATURE, MALFORMED
    yield (
        "line break inside the payload",
        HEADER + b"." + PAYLOAD[:76] + b"\n" + PAYLOAD[76:] + b"." + SIGNATURE,
        MALFORMED,
    )
    yield "byte order mark", b"\xef\xbb\xbf" + GOOD, MALFORMED
    yield "upper case", GOOD.upper(), MALFORMED
    yield "percent encoded dots", GOOD.replace(b".", b"%2E"), MALFORMED
    yield "full-width dots", GOOD.replace(b".", "．".encode()), MALFORMED
    yield "UTF-16", GOOD.decode().encode("utf-16-le"), MALFORMED
    yield "in quotes", b'"' + GOOD + b'"', MALFORMED
    yield "with Bearer", b"Bearer " + GOOD, MALFORMED


def signature_bytes() -> bytes:
    return b64.b64_decode(SIGNATURE) or b""


def malleable() -> bytes:
    """The same signature with S + L, which a careless verifier takes as well."""
    order = 2**252 + 27742317777372353535851937790883648493
    s = int.from_bytes(signature_bytes()[32:], "little") + order
    return signature_bytes()[:32] + s.to_bytes(32, "little")


def shapes() -> Iterator[Case]:
    other = seal_lease(lease(jti="lease_0002", serial=2), LEASE_KEY).split(b".")
    yield "nothing", b"", MALFORMED
    yield "a dot", b".", MALFORMED
    yield "two dots", b"..", MALFORMED
    yield "two parts", HEADER + b"." + PAYLOAD, MALFORMED
    yield "four parts", GOOD + b"." + SIGNATURE, MALFORMED
    yield "five parts, as encrypted", GOOD + b"..", MALFORMED
    yield "payload detached", HEADER + b".." + SIGNATURE, FORGED
    yield "header and payload swapped", PAYLOAD + b"." + HEADER + b"." + SIGNATURE, MALFORMED
    yield "payload and signature swapped", HEADER + b"." + SIGNATURE + b"." + PAYLOAD, MALFORMED
    yield "another lease's payload", HEADER + b"." + other[1] + b"." + SIGNATURE, FORGED
    yield "another lease's signature", HEADER + b"." + PAYLOAD + b"." + other[2], FORGED
    flattened = {"protected": HEADER.decode(), "payload": PAYLOAD.decode(), "signature": SIGNATURE.decode()}
    yield "flattened JSON serialization", msgspec.json.encode(flattened), MALFORMED
    general = {
        "payload": PAYLOAD.decode(),
        "signatures": [{"protected": HEADER.decode(), "signature": SIGNATURE.decode()}],
    }
    yield "general JSON serialization", msgspec.json.encode(general), MALFORMED
    yield "the bare claims", CLAIMS, MALFORMED
    yield "two leases in a row", GOOD + GOOD, MALFORMED
    yield "too large by a byte", GOOD + b"A" * (8 * 1024 + 1 - len(GOOD)), RefusalCode.MESSAGE_TOO_LARGE
    yield "a lease sealed in a lease", sign_token(TokenType.LEASE, GOOD, LEASE_KEY), MALFORMED


def claims() -> Iterator[Case]:
    yield "a claim twice", sign_token(TokenType.LEASE, CLAIMS[:-1] + b',"serial":9}', LEASE_KEY), MALFORMED
    yield (
        "a claim twice, escaped",
        sign_token(TokenType.LEASE, CLAIMS[:-1] + b',"\\u0073erial":9}', LEASE_KEY),
        MALFORMED,
    )
    yield "an unknown claim twice", sign_token(TokenType.LEASE, CLAIMS[:-1] + b',"z":1,"z":2}', LEASE_KEY), MALFORMED
    yield (
        "a claim twice deep inside",
        sign_token(TokenType.LEASE, CLAIMS[:-1] + b',"z":{"y":{"x":1,"x":2}}}', LEASE_KEY),
        MALFORMED,
    )
    for name, value in (
        ("iat", -1),
        ("iat", 253_402_300_800),
        ("iat", NOW + 0.5),
        ("iat", str(NOW)),
        ("iat", None),
        ("iat", True),
        ("exp", NOW),
        ("exp", NOW + 31 * DAY),
        ("nbf", NOW + 21 * DAY),
        ("serial", -1),
        ("serial", 2**53),
        ("serial", 2**63),
        ("epoch", 2**70),
        ("sub", ""),
        ("sub", "site\n"),
        ("sub", "x" * 65),
        ("sub", "Site"),
        ("aud", "backup"),
        ("aud", ["antivirus"]),
        ("kind", "eternal"),
        ("role", "admin"),
        ("spans", []),
        ("spans", None),
        ("features", "scan"),
        ("features", ["scan\x00"]),
        ("features", ["f"] * 129),
        ("limit", -1),
        ("limit", 10_000_001),
        ("allotment", 1e9),
        ("cnf", {}),
        ("cnf", {"jwk": {}}),
        ("cnf", {"jwk": {**to_jwk(SITE.public), "d": "AA"}}),
        ("cnf", {"jwk": {"kty": "oct", "k": "AA"}}),
        ("prev", "AA"),
        ("prev", "A" * 42 + "B"),
        ("provider", "Alpha\r\nIT"),
        ("device_port", "x"),
        ("sandbox", "no"),
        ("brand", {"renew_url": "javascript:alert(1)"}),
        ("figures", {"dns": "always"}),
        ("figures", {"reminders": [-1]}),
        ("refresh_after", NOW - 1),
        ("jti", msgspec.UNSET),
        ("cnf", msgspec.UNSET),
        ("contact_until", msgspec.UNSET),
    ):
        shown = "missing" if value is msgspec.UNSET else f"{value!r:.24}"
        yield f"{name} {shown}", claimed(**{name: value}), MALFORMED
    for name, payload in (
        ("an array", b"[]"),
        ("empty", b""),
        ("null", b"null"),
        ("not JSON", b"lease"),
        ("an empty object", b"{}"),
        ("with NaN", CLAIMS[:-1] + b',"z":NaN}'),
        ("not UTF-8", CLAIMS[:-1] + b',"z":"\xff"}'),
        ("followed by more", CLAIMS + b"{}"),
        ("with a byte order mark", b"\xef\xbb\xbf" + CLAIMS),
        ("40 deep", CLAIMS[:-1] + b',"z":' + b"[" * 40 + b"]" * 40 + b"}"),
        ("with half a surrogate", CLAIMS[:-1] + b',"z":"\\udfff"}'),
        ("with an integer of 70 bits", CLAIMS[:-1] + b',"z":1180591620717411303424}'),
    ):
        yield f"claims {name}", sign_token(TokenType.LEASE, payload, LEASE_KEY), MALFORMED


CASES: tuple[Case, ...] = (
    *algorithms(),
    *key_ids(),
    *purposes(),
    *types(),
    *headers(),
    *spellings(),
    *shapes(),
    *claims(),
)
