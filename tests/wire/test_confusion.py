import msgspec
import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY
from tenure.wire import b64, jws
from tenure.wire.jws import TokenType
from tenure.wire.keys import Purpose
from tenure.wire.leases import SealedLease, read_lease
from tenure.wire.root import TrustedRoot
from tests.wire.confusion import CASES, CLAIMS, GOOD, LEASE_KEY, PROPER, spelled
from tests.wire.samples import NOW, document, key, lease, pinned


@pytest.fixture(scope="module")
def root() -> TrustedRoot:
    """A root with a key for every way of being the wrong one."""
    base = document()
    others = (
        key("lease-other", Purpose.LEASE, products=("backup",)),
        key("lease-future", Purpose.LEASE, nbf=NOW + DAY),
        key("lease-past", Purpose.LEASE, naf=NOW),
    )
    return pinned(msgspec.structs.replace(base, keys=(*base.keys, *others)))


def test_the_set_is_large_and_names_every_case_once() -> None:
    names = [name for name, _, _ in CASES]
    assert len(set(names)) == len(names) >= 200


@pytest.mark.parametrize(("token", "code"), [pytest.param(token, code, id=name) for name, token, code in CASES])
def test_nothing_else_is_taken_for_a_lease(root: TrustedRoot, token: bytes, code: RefusalCode) -> None:
    refused = read_lease(token, root, product="antivirus")
    assert isinstance(refused, Refused)
    assert refused.code is code, refused


def test_the_good_one_is_taken_also_when_harmlessly_spelled_otherwise(root: TrustedRoot) -> None:
    assert isinstance(read_lease(GOOD, root, product="antivirus"), SealedLease)
    spaced = b'{ "typ" : "tenure-lease+jwt", "kid":"lease-1","alg":"EdDSA", "later": 1 }'
    for token in (
        spelled(spaced),
        spelled(msgspec.json.encode(PROPER), msgspec.json.format(CLAIMS, indent=1)),
        spelled(msgspec.json.encode(PROPER), CLAIMS[:-1] + b',"later":{"a":[1,{"b":2}]}}'),
        jws.sign_token(TokenType.LEASE, CLAIMS.replace(b'"aud"', b'"\\u0061ud"'), LEASE_KEY),
    ):
        read = read_lease(token, root, product="antivirus")
        assert isinstance(read, SealedLease), read
        assert read.lease == lease()
        assert read.token == token


def test_every_flipped_bit_of_a_lease_is_refused(root: TrustedRoot) -> None:
    for position in range(len(GOOD)):
        for bit in range(8):
            token = bytearray(GOOD)
            token[position] ^= 1 << bit
            assert isinstance(read_lease(bytes(token), root), Refused), (position, bit)


def test_every_flipped_bit_beneath_the_spelling_is_refused(root: TrustedRoot) -> None:
    for part in range(3):
        parts = GOOD.split(b".")
        raw = b64.b64_decode(parts[part]) or b""
        for bit in range(len(raw) * 8):
            flipped = bytearray(raw)
            flipped[bit // 8] ^= 1 << bit % 8
            parts[part] = b64.b64_encode(bytes(flipped))
            assert isinstance(read_lease(b".".join(parts), root), Refused), (part, bit)


def test_every_cut_of_a_lease_is_refused(root: TrustedRoot) -> None:
    for end in range(len(GOOD)):
        assert isinstance(read_lease(GOOD[:end], root), Refused), end
        assert isinstance(read_lease(GOOD[end + 1 :], root), Refused), end
