"""Points that are no sound public keys: a verification refuses them by itself, so that nothing looks at them before.

Under a point of small order a signature needs no secret key: with `S` = 0 and a fitting `R` the plain equation of
RFC 8032 holds for one message in at most eight. All such points are here, in every spelling that fits into 32 bytes.
"""

import msgspec
import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.wire import b64, devices, jws
from tenure.wire.jws import TokenType
from tenure.wire.keys import SeedSigner, from_jwk, is_public, key_id, proving_key
from tenure.wire.messages import Jwk
from tests.wire.test_devices import request

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
ORDER_EIGHT = int.from_bytes(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
)
"""A `y` of the points of order eight; the other one is its negative."""
SPELLINGS = sorted(
    {
        (y + more + sign * 2**255).to_bytes(32, "little")
        for y in (0, 1, P - 1, ORDER_EIGHT, P - ORDER_EIGHT)
        for more in (0, P)
        for sign in (0, 1)
        if y + more < 2**255
    }
)
MESSAGES = [b"message %d" % number for number in range(24)]


def test_all_points_whose_order_divides_eight_are_here_and_none_is_a_key() -> None:
    # By the law of addition the double of (x, y) has y = (y^2 + x^2) / (1 - d x^2 y^2): 0 is of order four.
    y, x2 = ORDER_EIGHT, (ORDER_EIGHT**2 - 1) * pow(D * ORDER_EIGHT**2 + 1, -1, P) % P
    assert (y * y + x2) * pow(1 - D * x2 * y * y, -1, P) % P == 0
    assert len(SPELLINGS) == 14
    assert not [each for each in SPELLINGS if is_public(each)]


@pytest.mark.parametrize("public", SPELLINGS, ids=[each.hex()[:8] + each.hex()[-2:] for each in SPELLINGS])
def test_nothing_verifies_under_a_point_of_small_order(public: bytes) -> None:
    for point in SPELLINGS:
        for message in MESSAGES:
            forged = jws.ParsedToken(TokenType.LEASE, "k", b"", message, point + bytes(32), b"")
            assert isinstance(jws.verify_token(forged, public), Refused)


@pytest.mark.parametrize("public", SPELLINGS, ids=[each.hex()[:8] + each.hex()[-2:] for each in SPELLINGS])
def test_a_device_that_names_such_a_key_is_refused(public: bytes) -> None:
    class Forger(SeedSigner):
        """Signs without a secret."""

        def __init__(self, point: bytes) -> None:
            super().__init__(b"s" * 32, key_id(public))
            self.point = point

        def sign(self, message: bytes) -> bytes:
            return self.point + bytes(32)

    named = Jwk("OKP", "Ed25519", b64.encode_text(public))
    jwk = msgspec.structs.asdict(named)
    assert isinstance(from_jwk(jwk), Refused)
    assert proving_key(jwk) == public
    for point in SPELLINGS:
        sealed = devices.seal_device_request(request(key=named), Forger(point))
        read = devices.read_request(sealed)
        assert isinstance(read, Refused)
        assert read.code is RefusalCode.SIGNATURE_INVALID
