"""Every refusal as each of its readers sees it: in plain words, and with nothing that this reader does not have."""

import re

import pytest

from tenure.core.audience import INSTEAD, Audience, remedy_for, remedy_of_cause
from tenure.core.business.commands import OccupiedPlaces
from tenure.core.business.decide.places import full_pool
from tenure.core.explain import BEFOREHAND, REMEDIES
from tenure.core.refusals import TABLE, RefusalCode, Refused
from tenure.core.renewal_outlook import format_moments_in
from tenure.core.timeline import PhaseCause
from tenure.sdk.outcomes import Rejected
from tenure.sdk.presentation import refusal_words

JARGON = (
    r"Retry-After|Idempotency|Content-Type|Content-Encoding|If-Match|ETag|\bJSON\b|\bJWS\b|Bearer|request id|operator"
)
TOOLS = r"`tenure|\bconsole\b|\bportal\b|docs/|\bheader\b"
NEVER = {
    Audience.APPLICATION: f"{JARGON}|{TOOLS}|\\bsite\\b",
    Audience.DEVICE: f"{JARGON}|{TOOLS}",
    Audience.SITE: r"Retry-After|\(\d+,",
    Audience.PROVIDER: r"Retry-After|\(\d+,",
}
PROVIDER_S_OWN = frozenset(
    code
    for code, row in TABLE.items()
    # What answers a program, a provider or the vendor at the server and cannot reach an application as a refusal.
    if row.who in ("provider", "vendor", "caller", "customer")
)


@pytest.mark.parametrize("audience", Audience)
@pytest.mark.parametrize("code", RefusalCode)
def test_no_reader_is_sent_to_what_he_does_not_have(code: RefusalCode, audience: Audience) -> None:
    told = remedy_for(Refused(code), audience)
    if audience in (Audience.APPLICATION, Audience.DEVICE) and code in PROVIDER_S_OWN and code not in INSTEAD[audience]:
        pattern = r"`tenure|Retry-After|request id to the operator|\bconsole\b"
    else:
        pattern = NEVER[audience]
    found = re.search(pattern, told)
    assert found is None, f"{code.value} to {audience.value}: {told}"
    assert told.endswith(".")
    assert told[0].isupper() or told[0] == "`"


@pytest.mark.parametrize("why", PhaseCause)
@pytest.mark.parametrize("audience", [Audience.APPLICATION, Audience.DEVICE])
def test_no_standing_sends_its_reader_to_what_he_does_not_have(why: PhaseCause, audience: Audience) -> None:
    for each in (*REMEDIES[why], *BEFOREHAND.get(why, ())):
        told = remedy_of_cause(why, each.how, audience)
        assert re.search(r"`tenure|console|Retry-After", told) is None, told


def test_instants_in_a_sentence_are_written_for_people() -> None:
    told = format_moments_in("Renewal opens on 2026-10-03T00:00:00Z, until 2027-01-01T12:30:05Z.")
    assert told == "Renewal opens on 2026-10-03 00:00:00 UTC, until 2027-01-01 12:30:05 UTC."
    assert format_moments_in("sub_2026-10-03T00 2026-10-03") == "sub_2026-10-03T00 2026-10-03"


def test_what_a_refusal_tells_an_applications_user_names_instants_in_words() -> None:
    refused = Refused(RefusalCode.RENEWAL_TOO_EARLY, "Renewal opens on 2026-10-03T00:00:00Z.")
    assert "2026-10-03 00:00:00 UTC" in refusal_words(refused)
    assert "00Z" not in Rejected(refused.code, refused.detail, when=0, conclusive=True).message


def test_a_full_subscription_says_what_helps_once() -> None:
    refused = full_pool(OccupiedPlaces(allowed=11, alone=11, spare=2))
    for audience in Audience:
        remedy = remedy_for(refused, audience)
        told = refusal_words(refused, remedy)
        assert told.count(remedy) == 1
        assert "no longer needed" in told
        assert told.count("no longer needed") == 1
