import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.lease.claims import Brand, Confirmation, Lease, SiteFigures
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, Phase, PhaseCause, Span
from tenure.wire import leases
from tenure.wire.jws import token_digest
from tenure.wire.keys import Purpose, to_jwk
from tenure.wire.leases import SealedLease, read_lease, seal_lease
from tests.wire.samples import NOW, SITE, document, key, lease, pinned, signer

KEY = signer("lease-1")


def test_a_sealed_lease_comes_back_as_the_same_value_and_bytes() -> None:
    token = seal_lease(lease(), KEY)
    assert read_lease(token, pinned(), product="antivirus") == SealedLease(
        lease(), token, token_digest(token), "lease-1"
    )


@pytest.mark.parametrize(
    ("plain", "bounded"),
    [
        (Lease, leases.LeaseClaims),
        (Span, leases.SpanClaim),
        (SiteFigures, leases._Figures),
        (Brand, leases._Brand),
        (Confirmation, leases._Cnf),
    ],
)
def test_every_claim_of_the_core_has_its_bounds_here(plain: type, bounded: type) -> None:
    """A claim added to the core without bounds would be one that a hostile lease could fill with anything."""
    ours = {**bounded.__annotations__}
    missing = {field.name for field in msgspec.structs.fields(plain)} - ours.keys() - {"phase", "why", "sandbox"}
    assert not missing
    assert [f.name for f in msgspec.structs.fields(bounded)] == [f.name for f in msgspec.structs.fields(plain)]
    assert [f.default for f in msgspec.structs.fields(bounded) if f.name not in ("figures", "brand")] == [
        f.default for f in msgspec.structs.fields(plain) if f.name not in ("figures", "brand")
    ]


WORDS = st.from_regex(r"\A[a-z0-9][a-z0-9_.-]{0,20}\Z")
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=60)


@st.composite
def some_lease(draw: st.DrawFn) -> Lease:
    start = draw(st.integers(NOW, NOW + 300 * DAY))
    length = draw(st.integers(2, 31 * DAY))
    edges = sorted(draw(st.sets(st.integers(start + 1, start + 90 * DAY), max_size=4)))
    begins, ends = [start, *edges], [*edges, None]
    spans = tuple(
        Span(
            begin,
            end,
            draw(st.sampled_from(Phase)),
            draw(st.sampled_from(PhaseCause)),
            tuple(draw(st.lists(WORDS, max_size=3))),
            5,
            draw(TEXT),
        )
        for begin, end in zip(begins, ends, strict=True)
    )
    return lease(
        iat=start,
        nbf=start,
        exp=start + draw(st.integers(1, length)),
        contact_until=start + length,
        refresh_after=start + draw(st.integers(0, length)),
        spans=spans,
        features=tuple(draw(st.lists(WORDS, max_size=4))),
        kind=draw(st.sampled_from(("limited", "unlimited", "trial"))),
        provider=draw(TEXT),
        serial=draw(st.integers(0, 2**53 - 1)),
        limit=draw(st.integers(0, 10_000_000)),
        prepaid_until=draw(st.none() | st.integers(0, 253_402_300_799)),
        figures=SiteFigures(reminders=tuple(draw(st.lists(st.integers(0, 400), max_size=8)))),
    )


@given(some_lease())
def test_any_lease_within_bounds_comes_back_as_it_went(one: Lease) -> None:
    read = read_lease(seal_lease(one, KEY), pinned(), product="antivirus")
    assert isinstance(read, SealedLease), read
    assert read.lease == one


def test_a_lease_may_live_as_long_as_its_key_may_sign_and_not_a_second_more() -> None:
    most = lease(contact_until=NOW + 31 * DAY)
    assert isinstance(read_lease(seal_lease(most, KEY), pinned()), SealedLease)
    more = read_lease(seal_lease(lease(contact_until=NOW + 31 * DAY + 1), KEY), pinned())
    assert isinstance(more, Refused)
    assert (more.code, more.field) == (RefusalCode.KEY_NOT_FOR_THIS, "contact_until")


def test_a_successors_length_counts_from_its_beginning() -> None:
    begin = NOW + 100 * DAY
    staged = lease(role="successor", nbf=begin, exp=begin + DAY, contact_until=begin + 30 * DAY)
    assert isinstance(read_lease(seal_lease(staged, KEY), pinned()), SealedLease)
    # It may begin after its key has stopped signing: the date of signing counts.
    closing = pinned(document(keys=(key("lease-1", Purpose.LEASE, naf=NOW + DAY),)))
    assert isinstance(read_lease(seal_lease(staged, KEY), closing), SealedLease)


def test_a_key_for_another_product_signs_nothing_even_for_a_reader_that_expects_none_in_particular() -> None:
    root = pinned(document(keys=(key("lease-1", Purpose.LEASE, products=("backup",)),)))
    read = read_lease(seal_lease(lease(), KEY), root)
    assert isinstance(read, Refused)
    assert (read.code, read.field) == (RefusalCode.KEY_NOT_FOR_THIS, "product")


def test_a_lease_signed_in_the_last_second_of_a_key_stays_verifiable() -> None:
    root = pinned(document(keys=(key("lease-1", Purpose.LEASE, nbf=NOW, naf=NOW + 1),)))
    assert isinstance(read_lease(seal_lease(lease(), KEY), root), SealedLease)


def test_sandbox_leases_are_read_in_a_sandbox_only() -> None:
    token = seal_lease(lease(sandbox=True), signer("sandbox-1"))
    assert isinstance(read_lease(token, pinned(), sandbox=True), SealedLease)
    assert isinstance(read_lease(token, pinned()), Refused)
    hidden = read_lease(seal_lease(lease(), signer("sandbox-1")), pinned(), sandbox=True)
    assert isinstance(hidden, Refused)
    assert hidden.field == "sandbox"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"limit": -1}, "limit"),
        ({"provider": "a\nb"}, "provider"),
        ({"exp": NOW}, "exp"),
        ({"aud": "backup"}, "aud"),
        ({"cnf": Confirmation({**to_jwk(SITE.public), "d": "secret"})}, "cnf.jwk.d"),
        ({"spans": ()}, "spans"),
        ({"nbf": NOW + 1}, "nbf"),
        ({"refresh_after": NOW - 1}, "refresh_after"),
    ],
)
def test_a_lease_that_no_reader_would_accept_is_not_signed(changes: dict[str, object], field: str) -> None:
    with pytest.raises(ValueError, match=rf"^{field}"):
        seal_lease(lease(**changes), KEY)


OWN_PARTS: list[tuple[dict[str, object], str]] = [
    ({"sub": "Site"}, "sub"),
    ({"sub": "site 1"}, "sub"),
    ({"jti": "x" * 65}, "jti"),
    ({"subscription": ""}, "subscription"),
    ({"prev": "A" * 42 + "B"}, "prev"),
    ({"prev": "A"}, "prev"),
    ({"code_last_group": "abc"}, "code_last_group"),
    ({"serial": -1}, "serial"),
    ({"epoch": 2**53}, "epoch"),
    ({"revision": 2**53}, "revision"),
    ({"prepaid_until": 253_402_300_800}, "prepaid_until"),
    ({"prepaid_until": -1}, "prepaid_until"),
    ({"refresh_after": 253_402_300_800}, "refresh_after"),
    ({"cnf": Confirmation({**to_jwk(SITE.public), "use": "sig\n"})}, "cnf.jwk"),
    ({"spans": (msgspec.structs.replace(lease().spans[0], since=-1), *lease().spans[1:])}, "spans"),
    ({"device_port": "A"}, "device_port"),
    ({"plan_name": "a\nb"}, "plan_name"),
]


@pytest.mark.parametrize(("changes", "field"), OWN_PARTS)
def test_it_is_not_signed_either_where_another_with_the_same_common_part_was(
    changes: dict[str, object], field: str
) -> None:
    seal_lease(lease(), KEY)
    with pytest.raises(ValueError, match=rf"^{field}"):
        seal_lease(lease(**changes), KEY)


def test_a_lease_too_large_is_not_signed() -> None:
    features = tuple(f"feature-{number:03}-{'x' * 50}" for number in range(90))
    with pytest.raises(ValueError, match="exceeds"):
        seal_lease(lease(features=features), KEY)
