import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_sign

from tenure.core.refusals import RefusalCode, Refused
from tenure.wire import b64, jws
from tenure.wire.jws import CAPS, TokenType
from tenure.wire.keys import SeedSigner, from_jwk, key_id
from tests.wire.samples import OTHER_SITE, SITE, seed

# RFC 8037, appendix A
RFC8037_SEED = b64.b64_decode(b"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A") or b""
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
    assert b64.b64_encode(signer.sign(signed)) == signature
    # The example has no kid and no typ, so it is no message of ours; its signature is put to the test all the same.
    envelope = jws.ParsedToken(
        TokenType.LEASE,
        "example",
        b64.b64_decode(signed.split(b".")[1]) or b"",
        signed,
        b64.b64_decode(signature) or b"",
        RFC8037_JWS,
    )
    opened = jws.verify_token(envelope, public)
    assert isinstance(opened, jws.VerifiedToken)
    assert opened.payload == b"Example of Ed25519 signing"
    assert isinstance(jws.verify_token(envelope, OTHER_SITE.public), Refused)
    assert isinstance(jws.parse_token(RFC8037_JWS, TokenType.LEASE), Refused)


@given(st.binary(max_size=500), st.sampled_from(list(TokenType)), st.binary(min_size=32, max_size=32))
def test_what_is_sealed_opens_to_the_same_bytes(payload: bytes, typ: TokenType, secret: bytes) -> None:
    signer = SeedSigner(secret)
    token = jws.sign_token(typ, payload, signer)
    opened = jws.open_token(token, typ, jws.by_owner(signer.public))
    assert opened == jws.VerifiedToken(typ, signer.key_id, payload, signer.public, token)


@given(st.sampled_from(list(TokenType)), st.sampled_from(list(TokenType)))
def test_a_message_of_one_context_is_nothing_in_another(typ: TokenType, expected: TokenType) -> None:
    opened = jws.open_token(jws.sign_token(typ, b"{}", SITE), expected, jws.by_owner(SITE.public))
    if typ is expected:
        assert isinstance(opened, jws.VerifiedToken)
    else:
        assert isinstance(opened, Refused)
        assert opened.code is RefusalCode.TYPE_UNEXPECTED


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_without_an_exception(token: bytes) -> None:
    assert isinstance(jws.open_token(token, TokenType.LEASE, jws.by_owner(SITE.public)), Refused)


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=5))
def test_arbitrary_parts_are_refused_without_an_exception(parts: list[bytes]) -> None:
    token = b".".join(b64.b64_encode(part) for part in parts)
    assert isinstance(jws.open_token(token, TokenType.LEASE, jws.by_owner(SITE.public)), Refused)


def test_another_key_of_the_same_id_does_not_verify() -> None:
    token = jws.sign_token(TokenType.LEASE, b"{}", SeedSigner(seed("thief"), "lease-1"))
    opened = jws.open_token(token, TokenType.LEASE, lambda kid: SITE.public)
    assert isinstance(opened, Refused)
    assert opened.code is RefusalCode.SIGNATURE_INVALID


@pytest.mark.parametrize("public", [b"", SITE.public[:31], SITE.public + b"\x00"], ids=len)
def test_a_key_of_another_length_verifies_nothing(public: bytes) -> None:
    opened = jws.open_token(jws.sign_token(TokenType.LEASE, b"{}", SITE), TokenType.LEASE, lambda kid: public)
    assert isinstance(opened, Refused)
    assert opened.code is RefusalCode.SIGNATURE_INVALID


def test_a_key_id_that_does_not_follow_from_the_key_is_unknown() -> None:
    token = jws.sign_token(TokenType.SYNC_REQUEST, b"{}", SeedSigner(seed("site"), "mine"))
    opened = jws.open_token(token, TokenType.SYNC_REQUEST, jws.by_owner(SITE.public))
    assert isinstance(opened, Refused)
    assert opened.code is RefusalCode.KEY_UNKNOWN


def test_size_is_looked_at_before_anything_else() -> None:
    for typ, cap in CAPS.items():
        refused = jws.parse_token(b"\xff" * (cap + 1), typ)
        assert isinstance(refused, Refused)
        assert refused.code is RefusalCode.MESSAGE_TOO_LARGE
        refused = jws.parse_token(b"\xff" * cap, typ)
        assert isinstance(refused, Refused)
        assert refused.code is RefusalCode.MESSAGE_MALFORMED


def test_nothing_is_signed_that_nobody_would_read() -> None:
    fits = 6 * 1024 - 200
    assert isinstance(
        jws.parse_token(jws.sign_token(TokenType.LEASE, b"x" * fits, SITE), TokenType.LEASE), jws.ParsedToken
    )
    with pytest.raises(ValueError, match="exceeds"):
        jws.sign_token(TokenType.LEASE, b"x" * (6 * 1024), SITE)


def test_a_hardware_module_fits_the_port() -> None:
    class Module:
        """Signs inside; the secret never comes out."""

        key_id = "lease-hsm"

        def sign(self, message: bytes) -> bytes:
            return crypto_sign(message, seed("hsm") + SeedSigner(seed("hsm")).public)[:64]

    token = jws.sign_token(TokenType.LEASE, b'{"a":1}', Module())
    opened = jws.open_token(token, TokenType.LEASE, lambda kid: SeedSigner(seed("hsm")).public)
    assert isinstance(opened, jws.VerifiedToken)
    assert opened.kid == "lease-hsm"


def test_harmless_header_members_that_are_unknown_are_ignored() -> None:
    header = {"alg": "EdDSA", "kid": SITE.key_id, "typ": TokenType.LEASE.value, "cty": "JWT", "later": [1, {"a": None}]}
    signed = b64.b64_encode(msgspec.json.encode(header)) + b"." + b64.b64_encode(b"{}")
    token = signed + b"." + b64.b64_encode(SITE.sign(signed))
    assert isinstance(jws.open_token(token, TokenType.LEASE, jws.by_owner(SITE.public)), jws.VerifiedToken)


def test_sealing_is_deterministic() -> None:
    assert jws.sign_token(TokenType.LEASE, b"{}", SITE) == jws.sign_token(
        TokenType.LEASE, b"{}", SeedSigner(seed("site"))
    )
    assert SITE.key_id == key_id(SITE.public)
