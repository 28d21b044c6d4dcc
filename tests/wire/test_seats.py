import msgspec
import pytest

from tenure.core.lease.standing import SeatTerm
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY
from tenure.wire import jws, seats
from tenure.wire.jws import TokenType
from tenure.wire.keys import SeedSigner, key_thumbprint
from tenure.wire.leases import SealedLease, read_lease, seal_lease
from tenure.wire.seats import ErasureReceipt, SealedSeat, Seat, SeatBundle, SeatHolder, read_seat, sign_seat
from tests.wire.samples import DEVICE, NONCE, NOW, OTHER_SITE, SITE, lease, pinned, seed, signer


def sealed_lease(**changes: object) -> SealedLease:
    read = read_lease(seal_lease(lease(**changes), signer("lease-1")), pinned())
    assert isinstance(read, SealedLease)
    return read


def seal_seat(made: Seat, lease: SealedLease, signer: SeedSigner) -> bytes:
    """A signed seat with its lease, as a device keeps both."""
    return msgspec.json.encode(SeatBundle(sign_seat(made, lease, signer), lease.token.decode("ascii")))


LEASE = sealed_lease()


def seat(**changes: object) -> Seat:
    made = Seat(
        iss="site_0001",
        sub="dev_0001",
        aud="antivirus",
        jti="seat_0001",
        iat=NOW,
        nbf=NOW,
        exp=NOW + 14 * DAY,
        cnf=SeatHolder(key_thumbprint(DEVICE.public)),
        lease=LEASE.digest,
        features=("scan",),
    )
    return msgspec.structs.replace(made, **changes)


def bundled(token: bytes, lease_token: bytes = LEASE.token) -> bytes:
    return msgspec.json.encode(SeatBundle(token.decode(), lease_token.decode()))


def refused(read: object, code: RefusalCode, field: str | None = None) -> None:
    assert isinstance(read, Refused), read
    assert read.code is code, read
    if field is not None:
        assert read.field == field


def test_a_device_proves_root_lease_and_seat_offline() -> None:
    bundle = seal_seat(seat(), LEASE, SITE)
    read = read_seat(bundle, pinned(), product="antivirus")
    assert read == SealedSeat(seat(), LEASE, bundle)
    assert seat().as_term() == SeatTerm(
        thumbprint=key_thumbprint(DEVICE.public), lease=LEASE.digest, iat=NOW, until=NOW + 14 * DAY, features=("scan",)
    )


def test_a_seat_by_anybody_but_the_leases_holder_is_refused() -> None:
    for other, code in (
        (OTHER_SITE, RefusalCode.KEY_UNKNOWN),
        (SeedSigner(seed("thief"), SITE.key_id), RefusalCode.SIGNATURE_INVALID),
        (signer("lease-1"), RefusalCode.KEY_UNKNOWN),
        (DEVICE, RefusalCode.KEY_UNKNOWN),
    ):
        refused(read_seat(bundled(jws.sign_token(TokenType.SEAT, seat(), other)), pinned()), code)


def test_a_seat_does_not_move_to_another_lease() -> None:
    other = sealed_lease(jti="lease_0002", serial=2, contact_until=NOW + 31 * DAY)
    refused(
        read_seat(bundled(jws.sign_token(TokenType.SEAT, seat(), SITE), other.token), pinned()),
        RefusalCode.LEASE_NOT_MINE,
        "lease",
    )


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"exp": NOW + 30 * DAY + 1}, RefusalCode.LEASE_OUTSIDE_WINDOW, "exp"),
        ({"iss": "site_0002"}, RefusalCode.LEASE_NOT_MINE, "iss"),
        ({"aud": "backup"}, RefusalCode.LEASE_NOT_MINE, "aud"),
        ({"exp": NOW}, RefusalCode.MESSAGE_MALFORMED, "exp"),
        ({"nbf": NOW - 1}, RefusalCode.MESSAGE_MALFORMED, "exp"),
        ({"iat": -1}, RefusalCode.MESSAGE_MALFORMED, "iat"),
        ({"sub": "Device One"}, RefusalCode.MESSAGE_MALFORMED, "sub"),
        ({"cnf": SeatHolder("x")}, RefusalCode.MESSAGE_MALFORMED, "cnf.jkt"),
        ({"features": ("scan\n",)}, RefusalCode.MESSAGE_MALFORMED, "features[0]"),
    ],
)
def test_a_seat_that_its_lease_does_not_carry_is_neither_signed_nor_read(
    changes: dict[str, object], code: RefusalCode, field: str
) -> None:
    bad = seat(**changes)
    with pytest.raises(ValueError, match=field.split("[")[0]):
        seal_seat(bad, LEASE, SITE)
    refused(read_seat(bundled(jws.sign_token(TokenType.SEAT, bad, SITE)), pinned()), code, field)


def test_a_seat_may_end_with_its_lease() -> None:
    assert isinstance(read_seat(seal_seat(seat(exp=NOW + 30 * DAY), LEASE, SITE), pinned()), SealedSeat)


def test_the_lease_attached_is_proven_first() -> None:
    forged = seal_lease(lease(), SeedSigner(seed("thief"), "lease-1"))
    refused(
        read_seat(bundled(jws.sign_token(TokenType.SEAT, seat(), SITE), forged), pinned()),
        RefusalCode.SIGNATURE_INVALID,
    )
    refused(read_seat(seal_seat(seat(), LEASE, SITE), pinned(), product="backup"), RefusalCode.LEASE_NOT_MINE)
    swapped = msgspec.json.encode(SeatBundle(LEASE.token.decode(), LEASE.token.decode()))
    refused(read_seat(swapped, pinned()), RefusalCode.TYPE_UNEXPECTED)


@pytest.mark.parametrize(
    "bundle",
    [b"", b"{}", b"[]", b'{"seat":"","lease":""}', b'{"seat":"a.b.c","lease":"a.b.c"}', b"x" * 20_000],
)
def test_what_is_no_bundle_is_refused(bundle: bytes) -> None:
    assert isinstance(read_seat(bundle, pinned()), Refused)


def test_the_largest_lease_leaves_room_for_its_seat() -> None:
    features = tuple(f"feature-{number:03}-{'x' * 40}" for number in range(80))
    large = sealed_lease(features=features)
    assert len(large.token) > 6_000
    assert isinstance(read_seat(seal_seat(seat(lease=large.digest), large, SITE), pinned()), SealedSeat)


# --- receipts -------------------------------------------------------------------------------------------------------

ERASED = ErasureReceipt(what="seat", jti="seat_0001", sha256=NONCE, sub="dev_0001", iat=NOW)


def test_a_receipt_is_proven_by_the_key_of_whoever_erased() -> None:
    token = seats.seal_erased(ERASED, DEVICE)
    assert seats.read_erased(token, DEVICE.public) == ERASED
    refused(seats.read_erased(token, SITE.public), RefusalCode.KEY_UNKNOWN)
    forged = seats.seal_erased(ERASED, SeedSigner(seed("thief"), DEVICE.key_id))
    refused(seats.read_erased(forged, DEVICE.public), RefusalCode.SIGNATURE_INVALID)
    bad = jws.sign_token(TokenType.ERASED, msgspec.structs.replace(ERASED, iat=-1), DEVICE)
    refused(seats.read_erased(bad, DEVICE.public), RefusalCode.MESSAGE_MALFORMED, "iat")
