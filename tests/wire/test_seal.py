import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_sign

from tenure.core.refusals import Code, Refused
from tenure.wire import b64, seal
from tenure.wire.keys import SeedSigner, from_jwk, key_id
from tenure.wire.seal import CAPS, Typ
from tests.wire.samples import OTHER_SITE, SITE, seed

# RFC 8037, appendix A
RFC8037_SEED = b64.decode(b"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A") or b""
RFC8037_PUBLIC = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
RFC8037_JWS = (
    b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
    b"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)


def test_the_example_of_rfc_8037_is_made_and_verified() -> None:
    signed, _, signature = RFC8037_JWS.rpartition(b".")
    public = from_jwk(RFC8037_PUBLIC)
    assert isinstance(public, bytes)
    signer = SeedSigner(RFC8037_SEED)
    assert signer.public == public
    assert b64.encode(signer.sign(signed)) == signature
    # The example has no kid and no typ, so it is no message of ours; its signature is put to the test all the same.
    envelope = seal.Envelope(
        Typ.LEASE,
        "example",
        b64.decode(signed.split(b".")[1]) or b"",
        signed,
        b64.decode(signature) or b"",
        RFC8037_JWS,
    )
    opened = seal.verify(envelope, public)
    assert isinstance(opened, seal.Opened)
    assert opened.payload == b"Example of Ed25519 signing"
    assert isinstance(seal.verify(envelope, OTHER_SITE.public), Refused)
    assert isinstance(seal.unwrap(RFC8037_JWS, Typ.LEASE), Refused)


@given(st.binary(max_size=500), st.sampled_from(list(Typ)), st.binary(min_size=32, max_size=32))
def test_what_is_sealed_opens_to_the_same_bytes(payload: bytes, typ: Typ, secret: bytes) -> None:
    signer = SeedSigner(secret)
    token = seal.seal(typ, payload, signer)
    opened = seal.open_(token, typ, seal.by_owner(signer.public))
    assert opened == seal.Opened(typ, signer.kid, payload, signer.public, token)


@given(st.sampled_from(list(Typ)), st.sampled_from(list(Typ)))
def test_a_message_of_one_context_is_nothing_in_another(typ: Typ, expected: Typ) -> None:
    opened = seal.open_(seal.seal(typ, b"{}", SITE), expected, seal.by_owner(SITE.public))
    if typ is expected:
        assert isinstance(opened, seal.Opened)
    else:
        assert isinstance(opened, Refused)
        assert opened.code is Code.TYPE_UNEXPECTED


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_without_an_exception(token: bytes) -> None:
    assert isinstance(seal.open_(token, Typ.LEASE, seal.by_owner(SITE.public)), Refused)


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=5))
def test_arbitrary_parts_are_refused_without_an_exception(parts: list[bytes]) -> None:
    token = b".".join(b64.encode(part) for part in parts)
    assert isinstance(seal.open_(token, Typ.LEASE, seal.by_owner(SITE.public)), Refused)


def test_another_key_of_the_same_id_does_not_verify() -> None:
    token = seal.seal(Typ.LEASE, b"{}", SeedSigner(seed("thief"), "lease-1"))
    opened = seal.open_(token, Typ.LEASE, lambda kid: SITE.public)
    assert isinstance(opened, Refused)
    assert opened.code is Code.SIGNATURE_INVALID


@pytest.mark.parametrize("public", [b"", SITE.public[:31], SITE.public + b"\x00"], ids=len)
def test_a_key_of_another_length_verifies_nothing(public: bytes) -> None:
    opened = seal.open_(seal.seal(Typ.LEASE, b"{}", SITE), Typ.LEASE, lambda kid: public)
    assert isinstance(opened, Refused)
    assert opened.code is Code.SIGNATURE_INVALID


def test_a_key_id_that_does_not_follow_from_the_key_is_unknown() -> None:
    token = seal.seal(Typ.SYNC_REQUEST, b"{}", SeedSigner(seed("site"), "mine"))
    opened = seal.open_(token, Typ.SYNC_REQUEST, seal.by_owner(SITE.public))
    assert isinstance(opened, Refused)
    assert opened.code is Code.KEY_UNKNOWN


def test_size_is_looked_at_before_anything_else() -> None:
    for typ, cap in CAPS.items():
        refused = seal.unwrap(b"\xff" * (cap + 1), typ)
        assert isinstance(refused, Refused)
        assert refused.code is Code.MESSAGE_TOO_LARGE
        refused = seal.unwrap(b"\xff" * cap, typ)
        assert isinstance(refused, Refused)
        assert refused.code is Code.MESSAGE_MALFORMED


def test_nothing_is_signed_that_nobody_would_read() -> None:
    fits = 6 * 1024 - 200
    assert isinstance(seal.unwrap(seal.seal(Typ.LEASE, b"x" * fits, SITE), Typ.LEASE), seal.Envelope)
    with pytest.raises(ValueError, match="exceeds"):
        seal.seal(Typ.LEASE, b"x" * (6 * 1024), SITE)


def test_a_hardware_module_fits_the_port() -> None:
    class Module:
        """Signs inside; the secret never comes out."""

        kid = "lease-hsm"

        def sign(self, message: bytes) -> bytes:
            return crypto_sign(message, seed("hsm") + SeedSigner(seed("hsm")).public)[:64]

    token = seal.seal(Typ.LEASE, b'{"a":1}', Module())
    opened = seal.open_(token, Typ.LEASE, lambda kid: SeedSigner(seed("hsm")).public)
    assert isinstance(opened, seal.Opened)
    assert opened.kid == "lease-hsm"


def test_harmless_header_members_that_are_unknown_are_ignored() -> None:
    header = {"alg": "EdDSA", "kid": SITE.kid, "typ": Typ.LEASE.value, "cty": "JWT", "later": [1, {"a": None}]}
    signed = b64.encode(msgspec.json.encode(header)) + b"." + b64.encode(b"{}")
    token = signed + b"." + b64.encode(SITE.sign(signed))
    assert isinstance(seal.open_(token, Typ.LEASE, seal.by_owner(SITE.public)), seal.Opened)


def test_sealing_is_deterministic() -> None:
    assert seal.seal(Typ.LEASE, b"{}", SITE) == seal.seal(Typ.LEASE, b"{}", SeedSigner(seed("site")))
    assert SITE.kid == key_id(SITE.public)
