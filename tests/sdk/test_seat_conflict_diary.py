"""A year of ten applications under one order, which becomes one for six: what each reads in its own license, and when.

The applications are the SDK's on real sockets, the server is the real one; the customer acts at the provider's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from conformance.web import Asked, Reply, Web
from tenure.core.refusals import RefusalCode
from tenure.core.timeline import DAY, HOUR, Phase, PhaseCause
from tenure.sdk import ActivationGranted, License, LicenseReleased, Network, Rejected, Synchronized
from tests.site.site_env import FakeComputer, SiteEnv, site_env

END = 1_798_761_600  # 2027-01-01: the paid year is over, and the lower limit begins
MINUTE = 60
"""An application asks by hand once in so long."""


class Street:
    """Ten applications, the order that they share, and the customer whose order it is."""

    def __init__(self, here: SiteEnv, url: str, folder: Path) -> None:
        self.site_env, self.url, self.folder = here, url, folder
        self.name, self.code = here.order(devices=10)
        self.apps = [self.application(f"desk {number}") for number in range(10)]
        for each in self.apps:
            assert isinstance(each.activate(self.code), ActivationGranted)
            here.wait(HOUR)

    def application(self, name: str) -> License:
        return License.open(
            product="editor",
            version="12.0",
            server=self.url,
            root=self.site_env.env.context.keys.root_of(sandbox=False).token,
            folder=self.folder / name,
            name=name,
            network=Network(dns="off", proxy="", loopback_http=True),
            computer=FakeComputer(self.site_env.time).computer(name),
        )

    def does(self, action: str, **body: Any) -> Any:
        """What the customer does at the provider's."""
        customer = self.site_env.ask(
            self.site_env.env.token("customer")
        )  # anew each time: one does not last for a year
        return self.site_env.ask(customer.post(f"/v1/subscriptions/{self.name}/{action}", body))

    def ids(self, *numbers: int) -> list[str]:
        found = [self.apps[number].lease for number in numbers]
        return [lease.sub for lease in found if lease is not None]

    def everybody_asks(self, *, twice: bool = False) -> None:
        for _ in range(2 if twice else 1):
            self.site_env.wait(MINUTE)
            for each in self.apps:
                assert isinstance(each.synchronize(), Synchronized)

    def wait_until(self, instant: int) -> None:
        self.site_env.wait(instant - self.site_env.time.now)

    def serving(self) -> list[int]:
        return [number for number, each in enumerate(self.apps) if each.allows("edit")]


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    with site_env(tmp_path) as here, on_a_socket(here) as url:
        yield Street(here, url, tmp_path)


@contextmanager
def on_a_socket(here: SiteEnv) -> Iterator[str]:
    """The town's server behind a real one."""

    def answer(asked: Asked) -> Reply:
        headers = {"Content-Type": "application/jose"} if asked.method == "POST" else {}
        told = here.ask(here.env.http.request(asked.method, asked.path, content=asked.body, headers=headers))
        return Reply(told.status_code, told.content, (("Content-Type", told.headers["content-type"]),))

    web = Web(answer)
    try:
        yield web.url
    finally:
        web.stop()


def test_whoever_is_struck_out_reads_what_happens_when_and_who_can_change_it_and_then_it_does(street: Street) -> None:
    street.does("change-devices", devices=6)
    street.everybody_asks()
    struck, stays = street.apps[9].standing, street.apps[0].standing
    assert struck.message == (
        "All functions are on: it is paid for. On 2027-01-01 00:00:00 UTC: ended, fewer devices are ordered than are in"
        " use, and this application is struck out; withdrawn then: edit, export."
    )
    assert [(each.who, each.how) for each in struck.remedies] == [
        (
            "customer",
            "Before that day say in the provider's portal that another application stops instead, or order more"
            " devices.",
        ),
        ("administrator", "Give up the license of an application that is no longer needed."),
    ]
    assert "struck out" not in stays.message
    assert stays.remedies == ()

    # Ten days before the end. The customer says that the first stops instead of the last: both hear of it.
    street.wait_until(END - 10 * DAY)
    street.does("renew")
    street.everybody_asks()
    street.does("edit-seat-conflict", going=street.ids(0, 6, 7, 8))
    street.everybody_asks(twice=True)
    assert "struck out" in street.apps[0].standing.message
    assert "struck out" not in street.apps[9].standing.message

    # To the second it happens, without any call.
    street.wait_until(END - 1)
    assert street.serving() == list(range(10))
    street.site_env.wait(1)
    assert street.serving() == [1, 2, 3, 4, 5, 9]
    over = street.apps[0].standing
    assert (over.phase, over.cause, over.features) == (Phase.ENDED, PhaseCause.SEAT_CONFLICT, ("read",))
    assert over.message.startswith(
        "Ended: fewer devices are ordered than are in use, and this application is struck out."
    )
    assert [each.how for each in over.remedies] == [
        "Order more devices in the provider's portal, or apply another activation code.",
        "Give up the license of an application that is no longer needed: this one then gets its place.",
    ]
    told = street.apps[0].synchronize()
    assert isinstance(told, Rejected)
    assert told.code is RefusalCode.DEVICE_LIMIT_REACHED
    assert "struck out from 2027-01-01T00:00:00Z on" in told.detail

    # What the remedies say is true: one gives its place up, another one takes another code, more are ordered.
    street.site_env.wait(MINUTE)
    assert isinstance(street.apps[1].release(), LicenseReleased)
    assert isinstance(street.apps[0].synchronize(), Synchronized)
    assert street.serving() == [0, 2, 3, 4, 5, 9]
    _, other = street.site_env.order(devices=1)
    assert isinstance(street.apps[6].activate(other), ActivationGranted)
    assert isinstance(street.apps[7].synchronize(), Rejected)
    street.does("change-devices", devices=8)
    street.site_env.wait(MINUTE)
    assert isinstance(street.apps[7].synchronize(), Synchronized)
    assert street.serving() == [0, 2, 3, 4, 5, 6, 7, 9]


def test_more_devices_or_a_place_given_up_before_the_day_take_the_date_back(street: Street) -> None:
    street.does("change-devices", devices=6)
    street.everybody_asks()
    assert [number for number, each in enumerate(street.apps) if each.standing.remedies] == [6, 7, 8, 9]
    assert isinstance(street.apps[2].release(), LicenseReleased)
    street.site_env.wait(MINUTE)
    street.apps[6].synchronize()
    assert street.apps[6].standing.remedies == ()
    assert street.apps[7].standing.remedies != ()
    street.does("drop-change", field="devices", effective="2027-01-01T00:00:00Z")
    street.site_env.wait(MINUTE)
    for number in (7, 8, 9):
        told = street.apps[number].synchronize()
        assert isinstance(told, Synchronized)
        assert told.before.remedies
        assert not told.after.remedies
        assert "struck out" not in told.after.message
