"""Ordinary JWT libraries read our leases: joserfc and PyJWT, with nothing but the published key set."""

import warnings

import joserfc.jwt
import jwt
import msgspec
import pytest
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from tenure.wire.jwks import jwk_set
from tenure.wire.keys import to_jwk
from tenure.wire.leases import seal_lease
from tests.wire.samples import NOW, SITE, lease, pinned, signer

TOKEN = seal_lease(lease(), signer("lease-1")).decode()
TAMPERED = TOKEN[:-6] + ("A" if TOKEN[-6] != "A" else "B") + TOKEN[-5:]


def by_joserfc(token: str) -> joserfc.jwt.Token:
    with warnings.catch_warnings():
        # The library prefers the name Ed25519 of RFC 9864; EdDSA is what every library knows.
        warnings.simplefilter("ignore")
        keys = KeySet.import_key_set(jwk_set(pinned(), NOW))  # type: ignore[arg-type]
        return joserfc.jwt.decode(token, keys, algorithms=["EdDSA"], registry=JWSRegistry(algorithms=["EdDSA"]))


def by_pyjwt(token: str, **options: bool) -> dict[str, object]:
    keys = {each.key_id: each for each in jwt.PyJWKSet.from_dict(jwk_set(pinned(), NOW)).keys}
    found = keys[jwt.get_unverified_header(token)["kid"]]
    # The sample is dated in the future of whoever runs this test.
    unchecked = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
    return jwt.decode(token, found.key, algorithms=["EdDSA"], audience="antivirus", options={**unchecked, **options})


def test_joserfc_verifies_a_lease_and_reads_its_claims() -> None:
    token = by_joserfc(TOKEN)
    assert token.header == {"alg": "EdDSA", "kid": "lease-1", "typ": "tenure-lease+jwt"}
    assert token.claims == msgspec.json.decode(msgspec.json.encode(lease()))
    with pytest.raises(BadSignatureError):
        by_joserfc(TAMPERED)


def test_pyjwt_verifies_a_lease_its_audience_and_its_times() -> None:
    claims = by_pyjwt(TOKEN)
    assert claims["features"] == ["scan", "update"]
    assert claims["cnf"] == {"jwk": to_jwk(SITE.public)}
    with pytest.raises(jwt.InvalidSignatureError):
        by_pyjwt(TAMPERED)
    with pytest.raises(jwt.ImmatureSignatureError):
        by_pyjwt(TOKEN, verify_nbf=True)
