import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.refusals import RefusalCode, Refused
from tenure.wire import b64, keys
from tests.wire.samples import SITE, seed

X = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"


def test_jwk_and_thumbprint_are_those_of_rfc_8037() -> None:
    public = keys.from_jwk({"kty": "OKP", "crv": "Ed25519", "x": X})
    assert isinstance(public, bytes)
    assert keys.to_jwk(public) == {"kty": "OKP", "crv": "Ed25519", "x": X}
    assert keys.key_thumbprint(public) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@given(st.binary(min_size=32, max_size=32))
def test_every_key_has_an_id_of_the_alphabet_that_is_fit_for_production(secret: bytes) -> None:
    signer = keys.SeedSigner(secret)
    assert signer.key_id == keys.key_id(signer.public)
    assert len(signer.key_id) == 32
    assert keys.is_production_kid(signer.key_id)
    assert keys.is_id_of(signer.key_id, signer.public)
    for other in (signer.key_id[:-1], signer.key_id[:-1] + "1", signer.key_id.upper(), "", keys.key_id(bytes(32))):
        assert not keys.is_id_of(other, signer.public)
    assert keys.from_jwk(keys.to_jwk(signer.public)) == signer.public


@pytest.mark.parametrize(
    "kid",
    ["", "A", "a" * 33, "a\n", "a b", "../a", "a/b", "ä", "a.b", "kid'--", "a\x00", "ａ", "١", "K"],
)
def test_an_id_outside_the_alphabet_is_none(kid: str) -> None:
    assert not keys.is_kid(kid)
    assert not keys.is_production_kid(kid)
    with pytest.raises(ValueError, match="key id"):
        keys.SeedSigner(seed("x"), kid or " ")


def test_development_and_sandbox_ids_are_not_for_production() -> None:
    assert not keys.is_production_kid("dev-lease")
    assert not keys.is_production_kid("sandbox-1")
    assert keys.is_production_kid("lease-dev-1")
    assert keys.is_production_kid("device-1")


@pytest.mark.parametrize(
    ("jwk", "field"),
    [
        pytest.param({"kty": "OKP", "crv": "Ed25519", "x": X, "d": X}, "jwk.d", id="private part"),
        pytest.param({"kty": "EC", "crv": "Ed25519", "x": X}, "jwk.kty", id="another kind"),
        pytest.param({"kty": "OKP", "crv": "X25519", "x": X}, "jwk.kty", id="another curve"),
        pytest.param({"kty": "OKP", "crv": "Ed25519"}, "jwk.x", id="no x"),
        pytest.param({"kty": "OKP", "crv": "Ed25519", "x": 1}, "jwk.x", id="number"),
        pytest.param({"kty": "OKP", "crv": "Ed25519", "x": X + "="}, "jwk.x", id="padding"),
        pytest.param({"kty": "OKP", "crv": "Ed25519", "x": X[:-1] + "p"}, "jwk.x", id="trailing bits"),
        pytest.param({"kty": "OKP", "crv": "Ed25519", "x": X[:-4]}, "jwk.x", id="too short"),
        pytest.param({"kty": "OKP", "crv": "Ed25519", "x": b64.encode_text(bytes(32))}, "jwk.x", id="small order"),
        pytest.param(
            {"kty": "OKP", "crv": "Ed25519", "x": b64.encode_text(b"\x01" + bytes(31))}, "jwk.x", id="identity"
        ),
        pytest.param({"kty": "OKP", "crv": "Ed25519", "x": b64.encode_text(b"\xff" * 32)}, "jwk.x", id="not canonical"),
        pytest.param(
            {"kty": "OKP", "crv": "Ed25519", "x": b64.encode_text(b"\x02" + bytes(31))}, "jwk.x", id="off curve"
        ),
        pytest.param({}, "jwk.kty", id="empty"),
    ],
)
def test_what_is_no_public_key_is_refused_by_field(jwk: dict[str, object], field: str) -> None:
    refused = keys.from_jwk(jwk)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.field) == (RefusalCode.MESSAGE_MALFORMED, field)


def test_a_fingerprint_is_eight_words_that_change_with_any_bit() -> None:
    # The examples of arXiv:0901.4016: 127.0.0.1 and 63.84.220.193.
    assert keys.digest_words(bytes([127, 0, 0, 1]), 2) == "lusab-babad"
    assert keys.digest_words(bytes([63, 84, 220, 193]), 2) == "gutih-tugad"
    digest = seed("fingerprint")
    words = {keys.digest_words(bytes([*digest[:at], digest[at] ^ 1, *digest[at + 1 :]])) for at in range(16)}
    assert len(words | {keys.digest_words(digest)}) == 17
    assert len(keys.digest_words(digest).split("-")) == 8
    with pytest.raises(ValueError, match="short"):
        keys.digest_words(b"1234")


def test_a_signer_does_not_show_its_secret() -> None:
    assert repr(SITE) == f"SeedSigner({SITE.key_id})"
    with pytest.raises(ValueError, match="32 bytes"):
        keys.SeedSigner(b"short")
