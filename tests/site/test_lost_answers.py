"""A lost answer never looks like a copy, whatever stands in the way of its repetition
[spec: exact-retry, fork-rule]."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.sdk.network.path import HttpExchange
from tenure.sdk.outcomes import ActivationGranted, Rejected, Synchronized
from tenure.sdk.transport import TransportRequest
from tests.site.site_env import BY_SYSTEM, SiteEnv, SiteProcess


class Gate:
    """A proxy in the customer's network that declines the next requests to activate with a page of its own."""

    def __init__(self, house: SiteProcess, pages: int = 1) -> None:
        self.way: Callable[[TransportRequest], HttpExchange | Refused] = house.cable.send
        self.pages = pages

    def send(self, request: TransportRequest) -> HttpExchange | Refused:
        if request.path != "/v1/activate" or not self.pages:
            return self.way(request)
        self.pages -= 1
        return HttpExchange(403, (("content-type", "text/html"),), b"<html>Not allowed</html>", BY_SYSTEM, 0.0)


@contextmanager
def gate(house: SiteProcess, pages: int = 1) -> Iterator[None]:
    send = house.cable.send
    house.cable.send = Gate(house, pages).send  # type: ignore[method-assign]
    yield
    house.cable.send = send  # type: ignore[method-assign]


def lost(house: SiteProcess, ask: Callable[[], Any]) -> None:
    """Asked and answered, and the answer does not arrive."""
    house.cable.loses_answer = True
    assert isinstance(ask(), Rejected)
    house.cable.loses_answer = False


def quiet(house: SiteProcess, name: str) -> None:
    """Nobody has found a copy, and the site goes on."""
    for _ in range(2):
        house.site_env.wait(7_200)
        answered = house.sync()
        assert isinstance(answered, Synchronized)
        assert answered.result != "forked"
    assert "ForkFound" not in house.site_env.ask(house.site_env.env.facts(name))


@pytest.mark.parametrize("role", ["active", "successor"])
def test_an_activation_whose_answer_was_lost_is_declined_when_repeated(here: SiteEnv, role: str) -> None:
    house = here.site()
    name, code = here.order(devices=3)
    _, later = here.order(devices=3)
    house.activate(code)
    typed = code if role == "active" else later
    lost(house, lambda: house.license.activate(typed, role=role))
    here.wait(7_200)
    with gate(house):
        answered = house.sync()
    assert isinstance(answered, Synchronized)
    assert answered.result != "forked"
    quiet(house, name)
    assert house.license.keeper.holder.kept.activation is None


def test_another_code_is_typed_after_the_answer_to_the_first_was_lost(here: SiteEnv) -> None:
    house = here.site()
    name, code = here.order(devices=3)
    _, other = here.order(devices=3)
    lost(house, lambda: house.license.activate(code))
    with gate(house):
        refused = house.license.activate(other)
    assert isinstance(refused, Rejected)
    assert refused.code is RefusalCode.SUBSCRIPTION_IN_FORCE
    outcome = house.license.activate(code)
    assert isinstance(outcome, ActivationGranted), outcome
    assert not outcome.forked
    quiet(house, name)


def test_a_code_that_was_declined_first_is_asked_anew_after_a_synchronization(here: SiteEnv) -> None:
    house = here.site()
    name, code = here.order(devices=3)
    _, later = here.order(devices=3)
    house.activate(code)
    with gate(house, pages=2):
        assert isinstance(house.license.activate(later, role="successor"), Rejected)
        here.wait(7_200)
        assert isinstance(house.sync(), Synchronized)
    outcome = house.license.activate(later, role="successor")
    assert isinstance(outcome, ActivationGranted), outcome
    assert not outcome.forked
    quiet(house, name)


def test_a_synchronization_and_an_activation_are_both_lost(here: SiteEnv) -> None:
    house = here.site()
    name, code = here.order(devices=3)
    _, later = here.order(devices=3)
    house.activate(code)
    lost(house, house.sync)
    lost(house, lambda: house.license.activate(code))
    with gate(house):
        outcome = house.license.activate(later, role="successor")
    assert isinstance(outcome, ActivationGranted), outcome
    assert not outcome.forked
    quiet(house, name)
