"""Places of applications on their own where folders and machines are copied: none is multiplied, none is lost."""

from collections import Counter
from pathlib import Path

from tenure.core.timeline import DAY, HOUR
from tests.server.server_env import PlainSite, ServerEnv, office

ALIKE = dict.fromkeys(("machine", "disk", "network"), "A" * 43)
"""Hardware digests of machines that were cloned from one image."""


async def answer(site: PlainSite, code: str) -> str:
    """`granted`, or why not; `forked` where it was told so."""
    told = await site.activate(code)
    assert not isinstance(told, str), told
    return "forked" if told.forked else told.result if told.refusal is None else told.refusal.code


async def said(site: PlainSite, **more: object) -> str:
    """What a synchronization comes to."""
    told = await site.sync(**more)
    assert not isinstance(told, str), told
    if told.refusal is not None:
        return told.refusal.code
    return "forked" if told.forked else told.result


def app(env: ServerEnv, **hello: object) -> PlainSite:
    return env.site(alone=True, **hello)


async def test_machines_cloned_with_one_hardware_get_what_is_sold_and_one_installed_anew(tmp_path: Path) -> None:
    """Every second one took the place of the one before it, whose lease ran on: 22 applications ran for ten sold."""
    async with office(tmp_path) as env:
        _, code = await env.order(devices=10)
        apps = [app(env, hardware=ALIKE) for _ in range(30)]
        results = Counter[str]()
        for each in apps:
            results[await answer(each, code)] += 1
            env.clock.now += HOUR
        assert results == {"granted": 12, "device_limit_reached": 18}
        held = [each for each in apps if each.lease is not None]
        assert sum(env.clock.now < each.lease.lease.contact_until for each in held if each.lease) == 12
        assert Counter([await said(each) for each in held])["installation_replaced"] == 1


async def test_of_clones_in_use_the_one_heard_longest_ago_is_taken_for_the_one_installed_anew(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        _, code = await env.order(devices=10)
        wiped, busy = app(env, hardware=ALIKE), app(env, hardware=ALIKE)
        assert [await answer(wiped, code), await answer(busy, code)] == ["granted"] * 2  # the second in its place
        assert await said(wiped) == "installation_replaced"
        env.clock.now += 31 * DAY
        late = app(env, hardware=ALIKE)
        other = app(env, hardware=ALIKE)
        assert await said(busy) == "lease"
        assert await answer(late, code) == "granted"  # only `busy` matches: it was installed anew, as far as one sees
        env.clock.now += 31 * DAY
        assert await answer(other, code) == "granted"
        assert await said(late) == "installation_replaced"


async def test_a_clone_that_is_said_to_be_an_installation_of_its_own_does_not_put_the_first_one_out(
    tmp_path: Path,
) -> None:
    """The same hardware is no sign of its having been installed anew: somebody has said that both are there."""
    async with office(tmp_path) as env:
        name, code = await env.order(devices=5)
        first = app(env, hardware=ALIKE)
        assert await answer(first, code) == "granted"
        clone = first.clone()
        assert [await said(first), await said(clone)] == ["unchanged", "forked"]
        assert await said(clone, resolve="second_site") == "copy_separated"
        anew = app(env, hardware=ALIKE)
        assert await answer(anew, code) == "granted"
        assert await said(first) == "lease"
        assert "SiteReplaced" not in await env.facts(name)


async def test_a_place_is_given_back_while_a_copy_is_open_and_free_when_the_leases_are_over(tmp_path: Path) -> None:
    """The copy's week of truth is the newest lease: the receipt for the honest one's was refused, its place waited for
    sixty days of silence. Free at once it is not: the copy goes on by what it holds."""
    async with office(tmp_path) as env:
        _, code = await env.order(devices=1)
        first = app(env)
        assert await answer(first, code) == "granted"
        copy = first.clone()
        assert [await said(first), await said(copy)] == ["unchanged", "forked"]
        assert await said(first, erased=first.receipt()) == "released"
        assert await answer(app(env), code) == "device_limit_reached"
        env.clock.now += 30 * DAY
        assert await answer(app(env), code) == "granted"


async def test_a_receipt_of_another_application_frees_nothing_while_a_copy_is_open(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        _, code = await env.order(devices=2)
        first, other = app(env), app(env)
        assert [await answer(first, code), await answer(other, code)] == ["granted"] * 2
        copy = first.clone()
        assert [await said(first), await said(copy)] == ["lease", "forked"]
        first.lease, own = other.lease, first.lease
        receipt = first.receipt()
        first.lease = own
        assert await said(first, erased=receipt) == "lease_older"


async def test_a_folder_put_back_after_its_license_was_given_up_takes_a_place_by_its_code(tmp_path: Path) -> None:
    """It was `lease_forked`, and nobody could say what the copies are: the other one holds nothing."""
    async with office(tmp_path) as env:
        name, code = await env.order(devices=1)
        first = app(env)
        assert await answer(first, code) == "granted"
        backup = first.clone()
        assert await said(first, erased=first.receipt()) == "released"
        assert await said(backup) == "site_unknown"
        assert await answer(backup, code) == "granted"
        assert await answer(first, code) == "forked", "now it is the older one"
        assert await answer(app(env), code) == "device_limit_reached"
        assert (await env.facts(name)).count("ForkFound") == 1


async def test_copies_of_an_ephemeral_application_are_told_apart_by_its_own_side(tmp_path: Path) -> None:
    """It stands in no history: the fork was open, and every word about it was `nothing_to_change`."""
    async with office(tmp_path) as env:
        name, code = await env.order(devices=5)
        first = app(env, ephemeral=True)
        assert await answer(first, code) == "granted"
        copy = first.clone()
        for left in (1, 0):
            await said(first)
            assert await said(copy) in {"forked", "lease_forked"}
            assert await said(copy, resolve="restored") == "lease"
            told = await first.sync()
            assert not isinstance(told, str)
            assert told.fork is not None
            assert told.fork.restores_left == left
            first, copy = copy, first
        assert await said(copy, resolve="restored") == "restored_too_often"
        assert await said(first, resolve="second_site") in {"unchanged", "lease"}
        assert await said(copy) == "copy_separated"
        assert await said(first) == "unchanged"
        assert await env.facts(name) == ["Ordered"]
