"""A copy of a site: found at the stale copy's first synchronization, and no seat too many until it is settled (B9)."""

import shutil

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, HOUR, Phase
from tenure.sdk.outcomes import ActivationGranted, Rejected, Synchronized
from tenure.site.console.reasons import reason_of
from tenure.site.main import SiteReset, reset_site
from tests.site.callers import Caller
from tests.site.site_env import FEATURES, SiteEnv, SiteProcess

LICENSE = "/v1/licenses/editor"


def clone(house: SiteProcess) -> SiteProcess:
    """The whole disk, copied while the site runs."""
    folder = house.folder.with_name(f"{house.folder.name}-clone")
    house.site.store.close()
    shutil.copytree(house.folder, folder)
    house.open()
    made = SiteProcess(house.site_env, folder)
    house.site_env.sites.append(made)
    return made


def test_b09_the_stale_copy_is_found_and_signs_no_new_seat_but_its_devices_go_on(house: SiteProcess) -> None:
    agent = house.agent()
    assert agent.enroll(house.ticket()) is None
    ticket = house.ticket(uses=5)
    copy = clone(house)
    assert isinstance(house.sync(), Synchronized)
    found = copy.sync()
    assert isinstance(found, Synchronized)
    assert found.result == "forked"
    assert "fork_found" in copy.events()
    assert copy.look().lease_terms.contact_until <= house.site_env.time.now + 7 * DAY  # type: ignore[union-attr]
    fresh = copy.agent("fresh")
    refused = fresh.enroll(ticket)
    assert refused is not None
    assert refused.code is RefusalCode.LEASE_FORKED
    assert fresh.on == frozenset()
    assert [device.state for device in copy.devices()] == ["protected", "waiting"]
    agent.house = copy
    assert agent.refresh() is None
    assert agent.on == FEATURES
    assert house.agent("honest").enroll(ticket) is None


def test_a_forks_answer_does_not_open_a_site_that_has_just_started(house: SiteProcess) -> None:
    copy = clone(house)
    assert isinstance(house.sync(), Synchronized)
    copy.sync()
    assert not copy.look().opened
    house.site_env.wait(DAY)
    assert copy.look().opened, "after a day it would, but the fork still forbids"
    assert copy.agent("fresh").enroll(copy.ticket()) is not None


def test_no_fork_is_found_where_only_answers_were_lost(house: SiteProcess) -> None:
    for number in range(6):
        house.cable.loses_answer = number % 2 == 0
        outcome = house.sync()
        house.site_env.wait(2 * HOUR)
        if number % 2:
            assert isinstance(outcome, Synchronized)
            assert outcome.result != "forked"


def test_a_killed_site_sends_its_last_request_again_byte_for_byte(house: SiteProcess) -> None:
    house.cable.loses_answer = True
    assert isinstance(house.sync(), Rejected)
    house.cable.loses_answer = False
    house.restart()
    first = house.cable.sent[-1].body
    assert isinstance(house.sync(), Synchronized)
    again = [request.body for request in house.cable.sent if request.path == "/v1/sync"]
    assert again.count(first) == 2


def test_after_a_resolved_fork_one_round_of_refreshes_goes_by_before_a_new_seat(here: SiteEnv) -> None:
    house = here.site()
    name, code = here.order()
    house.activate(code)
    copy = clone(house)
    house.sync()
    copy.sync()
    assert copy.look().kept.forked
    look = copy.look()
    pretended = look.kept.present.epoch + 10
    copy.watch.note_change(copy.license)
    site = here.get(f"/v1/subscriptions/{name}")["sites"][0]
    assert site["forked"]
    # The server's word after the resolution: a lease of a later epoch, and no fork any more.
    kept = copy.license.keeper.holder.kept
    settled = msgspec.structs.replace(
        kept, forked=False, present=msgspec.structs.replace(kept.present, epoch=pretended)
    )
    copy.license.keeper.holder.save_state(settled)
    copy.license._answered = True
    copy.watch.note_change(copy.license)
    refused = copy.agent("fresh").enroll(copy.ticket(uses=3))
    assert refused is not None
    assert refused.code is RefusalCode.SITE_RESTORED_WAITING
    assert 0 < (refused.when or 0) - here.time.now <= 27 * HOUR, "it says when"
    assert "reached" not in refused.row.sentence
    console = Caller(copy)
    (device,) = console.get("/v1/devices")["items"]
    shown = reason_of(device, console.get(LICENSE), console.get("/v1/status"))
    assert shown.title.startswith("This administration server was restored"), shown
    assert shown.clicks == (), "there is nothing to click"
    here.wait(27 * HOUR)
    assert copy.agent("later").enroll(copy.ticket()) is None


def test_b09_the_administrator_says_restored_at_the_copy_and_it_recovers_by_itself(house: SiteProcess) -> None:
    agent = house.agent()
    assert agent.enroll(house.ticket()) is None
    copy = clone(house)
    assert isinstance(house.sync(), Synchronized)
    copy.sync()
    console = Caller(copy)
    fork = console.get(LICENSE)["fork"]
    assert (fork["you_are_the_copy"], fork["separated"], fork["restores_left"]) == (True, False, 2)
    assert [each["which"] for each in fork["copies"]] == ["current", "copy"]
    assert copy.agent("fresh").enroll(copy.ticket()) is not None
    settled = console.post(f"{LICENSE}/resolve-fork", {"resolution": "restored"})
    assert settled["license"]["fork"] is None
    assert "fork_resolved" in copy.events()
    agent.house = copy
    assert agent.refresh() is None
    house.site_env.wait(27 * HOUR)
    assert copy.agent("later").enroll(copy.ticket()) is None
    found = house.sync()
    assert isinstance(found, Rejected)
    assert found.code is RefusalCode.LEASE_FORKED
    assert Caller(house).get(LICENSE)["fork"]["restores_left"] == 1


def test_b09_the_site_sees_its_copy_and_retires_it_for_good(house: SiteProcess) -> None:
    copy = clone(house)
    assert isinstance(house.sync(), Synchronized)
    copy.sync()
    house.sync()
    console = Caller(house)
    assert console.get(LICENSE)["fork"]["you_are_the_copy"] is False
    console.post(f"{LICENSE}/resolve-fork", {"resolution": "retired"})
    told = console.get(LICENSE)
    assert (told["fork"], told["messages"]) == (None, [])
    assert house.agent().enroll(house.ticket()) is None
    assert isinstance(copy.sync(), Rejected)
    shown = Caller(copy).get(LICENSE)
    assert (shown["phase"], shown["refusal"]["code"]) == ("ended", "copy_retired")
    assert "tenure site reset" in shown["message"]
    assert copy.agent("fresh").enroll(copy.ticket()) is not None


def test_b09_a_retired_copy_does_not_come_back_as_the_site_by_a_code(here: SiteEnv) -> None:
    house = here.site()
    _, code = here.order(devices=3)
    house.activate(code)
    copy = clone(house)
    assert isinstance(house.sync(), Synchronized)
    copy.sync()
    house.sync()
    Caller(house).post(f"{LICENSE}/resolve-fork", {"resolution": "retired"})
    copy.sync()
    here.wait(HOUR)
    assert isinstance(house.sync(), Synchronized)
    for refused in (copy.license.activate(code), copy.license.look_at(code)):
        assert isinstance(refused, Rejected)
        assert refused.code is RefusalCode.COPY_RETIRED
    here.wait(DAY)
    assert isinstance(house.sync(), Synchronized), "the site is not disturbed"
    assert house.agent().enroll(house.ticket()) is None
    copy.site.store.close()
    assert isinstance(reset_site(copy.folder, copy.hands.computer()), SiteReset)
    copy.open()
    copy.activate(code)
    assert copy.look().standing.phase is Phase.ACTIVE, "as a site of its own it is welcome"


def test_b09_a_site_that_was_retired_by_mistake_comes_back_by_its_code_and_a_word(here: SiteEnv) -> None:
    """A disk was put back, the provider took it for a copy, and nobody else has the identity."""
    house = here.site()
    _, code = here.order(devices=3)
    house.activate(code)
    copy = clone(house)
    assert isinstance(house.sync(), Synchronized)
    copy.sync()
    house.sync()
    Caller(house).post(f"{LICENSE}/resolve-fork", {"resolution": "retired"})
    assert isinstance(copy.sync(), Rejected)
    here.wait(DAY)
    image = clone(copy)
    typed = copy.license.activate(code)
    assert isinstance(typed, Rejected)
    assert typed.code is RefusalCode.LEASE_FORKED, "a code resolves no fork, but opens the question again"
    assert Caller(copy).get(LICENSE)["fork"]["copies"]
    Caller(copy).post(f"{LICENSE}/resolve-fork", {"resolution": "restored"})
    assert copy.look().standing.phase is Phase.ACTIVE
    assert isinstance(copy.sync(), Synchronized)
    older = image.sync()
    assert isinstance(older, Rejected)
    assert older.code is RefusalCode.LEASE_FORKED, (
        "an image from before is a copy like any other: nobody has told it to go"
    )


def test_b09_a_second_site_is_reset_with_a_key_of_its_own(here: SiteEnv) -> None:
    house = here.site()
    name, code = here.order()
    house.activate(code)
    copy = clone(house)
    assert isinstance(house.sync(), Synchronized)
    copy.sync()
    assert Caller(copy).refused("POST", f"{LICENSE}/resolve-fork", {"resolution": "second_site"}) == "copy_separated"
    shown = Caller(copy).get(LICENSE)
    assert shown["fork"]["separated"]
    assert shown["phase"] == "active", "what was promised holds to its end"
    assert "tenure site reset" in shown["warnings"][0]["text"]
    running = reset_site(copy.folder, copy.hands.computer())
    assert isinstance(running, Refused)
    assert running.code is RefusalCode.FOLDER_IN_USE
    former = copy.site.secrets.site_signer.key_id
    copy.site.store.close()
    done = reset_site(copy.folder, copy.hands.computer())
    assert isinstance(done, SiteReset)
    assert done.key != former
    copy.open()
    copy.activate(code)
    refused = copy.agent("fresh").enroll(copy.ticket())
    assert refused is not None
    assert refused.code is RefusalCode.DEVICE_LIMIT_REACHED, (
        "the first site has it all, until it hears of the other's need"
    )
    for each in (copy, house, house, copy):
        assert isinstance(each.sync(), Synchronized)
    assert copy.agent("later").enroll(copy.ticket()) is None
    assert len(here.get(f"/v1/subscriptions/{name}")["sites"]) == 2
    assert house.look().kept.fork is None


def test_a_site_that_was_declared_lost_says_what_to_do_and_begins_anew(here: SiteEnv) -> None:
    house = here.site()
    name, code = here.order()
    house.activate(code)
    site = here.get(f"/v1/subscriptions/{name}")["sites"][0]["id"]
    here.post(f"/v1/subscriptions/{name}/declare-site-lost", {"site": site})
    assert isinstance(house.sync(), Rejected)
    assert "tenure site reset" in Caller(house).get(LICENSE)["message"]
    refused = house.license.activate(code)
    assert isinstance(refused, Rejected)
    assert refused.code is RefusalCode.SITE_LOST
    house.site.store.close()
    assert isinstance(reset_site(house.folder, house.hands.computer()), SiteReset)
    house.open()
    house.activate(code)


def test_a_staged_successor_is_dropped_at_the_site_and_its_code_is_free_again(here: SiteEnv) -> None:
    house = here.site()
    house.activate(here.order()[1])
    _, second = here.order("later")
    console = Caller(house)
    assert console.refused("POST", f"{LICENSE}/drop-successor") == "no_successor"
    house.activate(second, "successor")
    assert console.get(LICENSE)["successor"] is not None
    here.wait(HOUR)
    assert console.post(f"{LICENSE}/drop-successor")["license"]["successor"] is None
    assert house.license.staged_subscription() == ""
    house.activate(second, "successor")


def test_b09_a_code_typed_at_a_copy_finds_the_fork_and_gives_it_no_new_seat(here: SiteEnv) -> None:
    """`cp -r` of a running site, the code typed again at both: what synchronization says is said here too."""
    house = here.site()
    _, code = here.order(devices=3)
    house.activate(code)
    copy = clone(house)
    assert isinstance(house.sync(), Synchronized)
    outcome = copy.license.activate(code)
    assert isinstance(outcome, ActivationGranted)
    assert outcome.forked
    assert "Two copies" in outcome.message
    shown = Caller(copy).get(LICENSE)
    assert shown["fork"]["you_are_the_copy"]
    assert [each["code"] for each in shown["warnings"]] == ["lease_forked"]
    refused = copy.agent().enroll(copy.ticket())
    assert refused is not None
    assert refused.code is RefusalCode.LEASE_FORKED
    again = copy.license.activate(code)
    assert isinstance(again, Rejected)
    assert again.code is RefusalCode.LEASE_FORKED
    assert isinstance(house.sync(), Synchronized), "the honest site goes on"


def test_a_code_typed_after_a_lost_answer_makes_no_copy_of_the_site(here: SiteEnv) -> None:
    house = here.site()
    _, code = here.order(devices=3)
    house.activate(code)
    house.cable.loses_answer = True
    assert isinstance(house.sync(), Rejected)
    house.cable.loses_answer = False
    outcome = house.license.activate(code)
    assert isinstance(outcome, ActivationGranted)
    assert not outcome.forked
    assert isinstance(house.sync(), Synchronized)
