"""Every refusal as each of its readers sees it: in plain words, and with nothing that this reader does not have."""

import re

import pytest

from tenure.core.audience import INSTEAD, Audience, remedy_for, remedy_of_cause
from tenure.core.explain import BEFOREHAND, REMEDIES
from tenure.core.refusals import TABLE, RefusalCode, Refused
from tenure.core.timeline import PhaseCause

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
