"""A site on whose pool no other draws keeps its allotment without a reckoning, where the whole one says the same."""

from hypothesis import given
from hypothesis import strategies as st

from tenure.core.subscription.allotment import Pool, SiteShare, give_allotment, keeps_allotment
from tenure.core.timeline import DAY

NOW = 1_000 * DAY
COUNTS = st.integers(0, 130)


@given(COUNTS, COUNTS, COUNTS, COUNTS, st.integers(-40, 40), COUNTS, st.sampled_from([0, 10, 100]))
def test_what_is_told_at_once_is_what_the_whole_reckoning_says(
    signed: int, held: int, in_use: int, wanted: int, word: int, limit: int, tolerance: int
) -> None:
    share = SiteShare(site="a", signed=signed, held=max(signed, held), word_until=NOW + word * DAY)
    own = share.after_report(in_use, max(in_use, wanted), NOW)
    if keeps_allotment(own, limit, tolerance, NOW):
        given_now = give_allotment(Pool(limit, tolerance, (own,)), own, NOW)
        assert (given_now.allotment, given_now.called, given_now.withheld) == (own.signed, (), False)


def test_it_is_told_at_once_with_a_margin_and_within_the_limit_alone() -> None:
    def keeps(signed: int, in_use: int, limit: int) -> bool:
        share = SiteShare(site="a", signed=signed, held=signed, word_until=NOW + DAY)
        return keeps_allotment(share.after_report(in_use, in_use, NOW), limit, 10, NOW)

    assert keeps(20, 10, 20)
    assert keeps(22, 10, 20)
    assert not keeps(23, 10, 20), "it is beyond limit and tolerance"
    assert not keeps(20, 16, 20), "less than half of its margin is free"
    assert not keeps(20, 21, 20), "it is short"
