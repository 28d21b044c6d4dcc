"""A site without a network: requests and answers as text that people carry, and the five ways in which one is wrong."""

import asyncio

import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, HOUR
from tenure.sdk.outcomes import Rejected, Synchronized
from tenure.wire.armor import armor_message, read_armor
from tests.server.server_env import Caller as ProviderCaller
from tests.site.callers import Caller
from tests.site.site_env import FEATURES, SiteEnv, SiteProcess
from tests.site.test_time import amnesty

LICENSE = "/v1/licenses/editor"


@pytest.fixture
def cellar(here: SiteEnv) -> SiteProcess:
    """A site whose cable is out."""
    made = here.site("cellar")
    made.cable.cut = True
    return made


def request(house: SiteProcess, **body: str) -> str:
    text: str = Caller(house).post(f"{LICENSE}/offline/request", body)["request"]
    return text


def answered(here: SiteEnv, text: str) -> str:
    answer: str = here.post("/v1/offline-exchange", {"request": text})["answer"]
    return answer


def bring(house: SiteProcess, text: str) -> dict[str, object]:
    made: dict[str, object] = Caller(house).post(f"{LICENSE}/offline/import", {"text": text})
    return made


def refusal(house: SiteProcess, text: str) -> str:
    return Caller(house).refused("POST", f"{LICENSE}/offline/import", {"text": text})


def licensed(here: SiteEnv, house: SiteProcess) -> str:
    """The site with a code applied by hand; the subscription."""
    name, code = here.order()
    brought = bring(house, answered(here, request(house, code=code)))
    assert (brought["kind"], brought["result"]) == ("activation", "granted")
    return name


def test_b16_a_site_that_was_never_online_is_activated_and_synchronized_by_text(
    here: SiteEnv, cellar: SiteProcess
) -> None:
    name = licensed(here, cellar)
    assert frozenset(cellar.look().standing.features) == FEATURES
    terms = cellar.look().lease_terms
    assert terms is not None
    assert terms.contact_until == terms.iat + 90 * DAY
    assert cellar.agent().enroll(cellar.ticket()) is None
    here.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 30})
    here.wait(60 * DAY)
    assert cellar.look().standing.why.value == "paid", "nobody is warned that it does not synchronize"
    brought = bring(cellar, answered(here, request(cellar)))
    assert (brought["kind"], brought["result"]) == ("synchronization", "lease")
    terms = cellar.look().lease_terms
    assert terms is not None
    assert (terms.limit, terms.contact_until) == (30, terms.iat + 90 * DAY)
    assert here.get(f"/v1/subscriptions/{name}")["sites"][0]["forked"] is False


def test_b16_the_request_is_the_same_until_it_is_answered_and_so_is_the_answer(
    here: SiteEnv, cellar: SiteProcess
) -> None:
    licensed(here, cellar)
    text = request(cellar)
    here.wait(HOUR)
    cellar.watch.tick()
    assert read_armor(request(cellar)) == read_armor(text)
    line = Caller(cellar).post(f"{LICENSE}/offline/request", {})["line"]
    first = answered(here, text)
    assert read_armor(answered(here, line))[-1] == read_armor(first)[-1]  # type: ignore[index]  # it is no refusal
    bring(cellar, first)
    assert read_armor(request(cellar)) != read_armor(text)


def test_b16_an_answer_counts_once(here: SiteEnv, cellar: SiteProcess) -> None:
    licensed(here, cellar)
    answer = answered(here, request(cellar))
    bring(cellar, answer)
    assert refusal(cellar, answer) == "offline_same"


def test_b16_an_answer_is_good_for_thirty_days(here: SiteEnv, cellar: SiteProcess) -> None:
    licensed(here, cellar)
    answer = answered(here, request(cellar))
    here.wait(30 * DAY)
    assert refusal(cellar, answer) == "offline_older"


def test_b16_what_the_network_has_overtaken_is_refused_on_both_sides(here: SiteEnv, cellar: SiteProcess) -> None:
    licensed(here, cellar)
    text = request(cellar)
    answer = answered(here, text)
    cellar.cable.cut = False
    here.wait(HOUR)
    assert isinstance(cellar.sync(), Synchronized)
    assert refusal(cellar, answer) == "offline_changed_meanwhile"
    here.wait(HOUR)
    assert isinstance(cellar.sync(), Synchronized)
    again = here.ask(here.env.staff.refused("/v1/offline-exchange", {"request": text}))
    assert again in ("offline_changed_meanwhile", "offline_older")
    assert here.get("/v1/sites")["items"][-1]["forked"] is False, "it is no copy"


def test_b16_another_sites_answer_is_told_from_an_unknown_signers(here: SiteEnv, cellar: SiteProcess) -> None:
    licensed(here, cellar)
    other = here.site("attic")
    other.cable.cut = True
    licensed(here, other)
    request(cellar)
    assert refusal(cellar, answered(here, request(other))) == "offline_other_site"
    answer = read_armor(answered(here, request(cellar)))
    assert not isinstance(answer, Refused)
    forged = bytearray(answer[-1].token)
    forged[-20] ^= 1
    assert refusal(cellar, armor_message("ANSWER", bytes(forged))) in ("offline_unknown_signer", "message_malformed")


def test_b16_only_the_sites_own_provider_and_customer_answer_for_it(here: SiteEnv, cellar: SiteProcess) -> None:
    name, code = here.order()
    text = request(cellar, code=code)
    strangers = asyncio.run_coroutine_threadsafe(_stranger(here), here.loop).result(30)
    assert here.ask(strangers.refused("/v1/offline-exchange", {"request": text})) == "code_unknown"
    bring(cellar, answered(here, text))
    text = request(cellar)
    assert here.ask(strangers.refused("/v1/offline-exchange", {"request": text})) == "offline_other_site"
    mine = here.ask(here.env.token())
    seen = here.ask(mine.post("/v1/offline-exchange", {"request": text}, dry_run="true"))
    assert (seen["kind"], seen["answer"]) == ("synchronization", "")
    bring(cellar, here.ask(mine.post("/v1/offline-exchange", {"request": text}))["answer"])
    assert here.get(f"/v1/subscriptions/{name}")["phase"] == "active"


async def _stranger(here: SiteEnv) -> ProviderCaller:
    """Another customer of the same provider."""
    customer = (await here.env.staff.post("/v1/customers", {"name": "Stranger"}))["id"]
    return await here.env.token(of=customer)


def test_b16_a_character_lost_on_the_way_is_noticed(here: SiteEnv, cellar: SiteProcess) -> None:
    _, code = here.order()
    text = request(cellar, code=code)
    lines = text.splitlines()
    middle = lines[len(lines) // 2]
    broken = text.replace(middle, middle[1:])
    assert here.ask(here.env.staff.refused("/v1/offline-exchange", {"request": broken})) == "message_malformed"
    for readable in (text.replace("\n", "\r\n"), "\n".join(f"> {line}" for line in lines), f"Hello,\n\n{text}\nBye"):
        assert read_armor(readable) == read_armor(text)


def test_b16_another_code_waits_for_the_first_ones_answer(here: SiteEnv, cellar: SiteProcess) -> None:
    request(cellar, code=here.order()[1])
    other = here.order()[1]
    assert Caller(cellar).refused("POST", f"{LICENSE}/offline/request", {"code": other}) == "request_in_flight"
    empty = here.site("empty")
    assert Caller(empty).refused("POST", f"{LICENSE}/offline/request", {}) == "not_activated"


def test_b15_b16_a_notice_comes_in_as_a_file_too(here: SiteEnv, cellar: SiteProcess) -> None:
    licensed(here, cellar)
    before, now = cellar.look().standing.contact_until, here.time.now
    brought = bring(cellar, armor_message("NOTICE", amnesty(cellar, now, now + 5 * DAY)))
    assert brought["kind"] == "notice"
    after = cellar.look().standing.contact_until
    assert before is not None
    assert after is not None
    assert after > before


def test_an_answer_without_a_question_is_refused(here: SiteEnv, cellar: SiteProcess) -> None:
    licensed(here, cellar)
    assert isinstance(cellar.license.import_answers(()), Rejected)
    outcome = cellar.license.import_answers(read_armor("a.b.c"))  # type: ignore[arg-type]  # it is one bare message
    assert isinstance(outcome, Rejected)
    assert outcome.code in (RefusalCode.MESSAGE_MALFORMED, RefusalCode.TYPE_UNEXPECTED)
