"""The story's chapter at a customer: an administration server, devices with agents, and what they lose, and when."""

import json
from functools import partial

from tenure.core.periods import parse_instant
from tenure.core.refusals import Refused
from tenure.core.timeline import DAY, HOUR, Instant
from tenure.sandbox.narrator import Narrator
from tenure.sandbox.site_processes import AgentDevice, SiteProcesses, wait_until
from tenure.sandbox.stage import StoryProvider, StoryStage, show_instant

GRACE = 14 * DAY
"""What the provider gives after the end (see `story`)."""


def protects(told: Narrator, stage: StoryStage) -> None:
    """M1, M5, M9, M14, M17, B8, P1, P2: devices protected up to the limit, cut off to the second, recovered alone."""
    provider = stage.north
    buyer = provider.customer("Two desktops", 2_400 * 4)
    sub, code = provider.order("editor-year", buyer, 2)
    place = SiteProcesses(stage.folder / "customer", stage.server.url, stage.root, provider.clock.file)
    with place:
        _begins(told, place, code)
        first, second = _devices(told, place)
        _reports_alone(told, stage, provider, place, sub)
        _ends_everywhere(told, stage, provider, place, (first, second))
        _recovers_untouched(told, stage, provider, place, sub, (first, second))
        _without_site(told, stage, provider, place, first)


def _begins(told: Narrator, place: SiteProcesses, code: str) -> None:
    exits, text = place.run_command("activate", "--preview", given=code + "\n")
    shown = "2 devices" in text and place.phase_and_cause().startswith("pending")
    told.expect(
        "the administrator looks at the code: the preview shows what it would start; nothing begins",
        (0, True),
        (exits, shown),
    )
    exits, _ = place.run_command("activate", given=code + "\n")
    told.expect("the administrator types the code at the site", (0, "active(paid)"), (exits, place.phase_and_cause()))


def _devices(told: Narrator, place: SiteProcesses) -> tuple[AgentDevice, AgentDevice]:
    first, second, third = (place.add_device(name) for name in ("reception", "workshop", "visitor"))
    ticket = place.enrollment_token(3)
    told.expect("a device enrolls and is protected", "enrolled", first.enroll(ticket))
    told.expect("and the second one", "enrolled", second.enroll(ticket))
    told.expect("the third is beyond the limit of two", "device_limit_reached", third.enroll(ticket))
    told.expect("the protected ones are not touched by that", (2, 0), _use(place))
    for each in (first, second):
        place.run_agent(each)
    told.expect("their agents switch the function on", (True, True), _on(first, second, wanted=True))
    return first, second


def _use(place: SiteProcesses) -> tuple[int, int]:
    line = place.license_row()
    return line["in_use"], line["free"]


def _on(*devices: AgentDevice, wanted: bool) -> tuple[bool, ...]:
    """Whether the agents have the function on, once they have had the time to notice."""
    return tuple(wait_until(partial(getattr, each, "on"), wanted) for each in devices)


def _reports_alone(told: Narrator, stage: StoryStage, provider: StoryProvider, place: SiteProcesses, sub: str) -> None:
    provider.clock.set(provider.clock.now + DAY + 3 * HOUR)
    reported = wait_until(lambda: _reported(provider, sub), (2, "timer"))
    told.expect("a day later the site has synchronized by itself, with its devices", (2, "timer"), reported)
    provider.clock.set(provider.clock.now + 120)
    exits, said = place.run_command("sync", "--json")
    result = json.loads(said)["result"] if exits == 0 else said
    told.expect("and by hand, nothing new", "unchanged", result)


def _reported(provider: StoryProvider, sub: str) -> tuple[int, str]:
    (site,) = provider.client.get("/v1/sites", subscription=sub)["items"]
    return site["devices"], site["last_trigger"]


def _ends_everywhere(
    told: Narrator, stage: StoryStage, provider: StoryProvider, place: SiteProcesses, devices: tuple[AgentDevice, ...]
) -> None:
    end = _instant(place.license_row()["paid_until"])
    provider.clock.set(end - HOUR)
    wait_until(lambda: place.license_row()["last_answered"] is not None and _answered(place) >= end - HOUR, True)
    stage.server.kill()
    provider.clock.only_file(end - 1)
    told.expect("the last second that is paid, the activation server killed", "active(paid)", _phase(place, "active"))
    provider.clock.only_file(end)
    told.expect("the first that is not is grace, with its cause", "grace(payment_ended)", _phase(place, "grace"))
    provider.clock.only_file(end + GRACE - 1)
    told.expect("the last second of grace, devices work", (True, True), _on(*devices, wanted=True))
    provider.clock.only_file(end + GRACE)
    told.expect("the next one functions are withdrawn at the site", "ended(payment_ended)", _phase(place, "ended"))
    told.expect("and on every device, without a server to ask", (False, False), _on(*devices, wanted=False))
    switched = {json.loads(each.status.read_bytes())["since"] for each in devices}
    told.expect("as of that very second", {show_instant(end + GRACE)}, switched)


def _answered(place: SiteProcesses) -> Instant:
    return _instant(place.license_row()["last_answered"])


def _phase(place: SiteProcesses, wanted: str) -> str:
    wait_until(lambda: place.license_row()["phase"], wanted)
    return place.phase_and_cause()


def _recovers_untouched(
    told: Narrator,
    stage: StoryStage,
    provider: StoryProvider,
    place: SiteProcesses,
    sub: str,
    devices: tuple[AgentDevice, ...],
) -> None:
    stage.server.restart(stage.server.port)
    provider.clock.set(provider.clock.now + DAY)
    provider.do(sub, "renew")
    provider.clock.set(provider.clock.now + DAY + 3 * HOUR)
    told.expect("renewed late, the site recovers without a touch", "active(paid)", _phase(place, "active"))
    provider.clock.set(provider.clock.now + 11 * 60)
    told.expect("and its devices when they ask next, within ten minutes", (True, True), _on(*devices, wanted=True))


def _without_site(
    told: Narrator, stage: StoryStage, provider: StoryProvider, place: SiteProcesses, device: AgentDevice
) -> None:
    """The site is gone as well: a device goes by its seat alone."""
    end = _instant(device.seat_until)
    stage.server.kill()
    place.program.kill()
    provider.clock.only_file(end - 1)
    told.expect(
        "with every server killed a device works to the last second of its seat", True, _on(device, wanted=True)[0]
    )
    provider.clock.only_file(end)
    told.expect("and not one longer", False, _on(device, wanted=False)[0])
    stage.server.restart(stage.server.port)
    place.start()
    provider.clock.set(end + 2 * HOUR)
    told.expect("the site is back, and so is the device", True, _on(device, wanted=True)[0])


def _instant(moment: str) -> Instant:
    read = parse_instant(moment)
    if isinstance(read, Refused):
        raise ValueError(moment)
    return read
