"""`kill -9` at any moment of what a site does: what was acknowledged is there, nothing is half done or done twice
(P3, P4, P5)."""

import base64
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from tenure.core.refusals import Refused
from tenure.sdk.network.path import HttpExchange
from tenure.sdk.transport import TransportRequest
from tests.site.callers import Caller
from tests.site.kill_site import NOTHING
from tests.site.site_env import BY_SYSTEM, FEATURES, UNREACHED, AgentProcess, SiteEnv, SiteProcess

HERE = Path(__file__).parents[2]
ROUNDS = 100 if os.environ.get("SOAK") else 4
"""A hundred with `SOAK=1`."""
LICENSE = "/v1/licenses/editor/offline"


class Program:
    """The site's process, and who waits for its answers."""

    def __init__(self, house: SiteProcess) -> None:
        self._house = house
        command = [sys.executable, "-m", "tests.site.kill_site", str(house.folder), str(house.site_env.time.now)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE, env={"PYTHONPATH": "src:."}
        )
        self.answers: dict[str, str] = {}
        self._told = threading.Condition()
        self._writing = threading.Lock()
        self._sent = 0
        self._asked: list[threading.Thread] = []
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if not line.endswith("\n"):
                break
            verb, *words = line.split()
            if verb == "ask":
                self._asked.append(threading.Thread(target=self._ask_the_server, args=words, daemon=True))
                self._asked[-1].start()
                continue
            with self._told:
                self.answers[words[0]] = words[1]
                self._told.notify_all()
        with self._told:
            self.answers["over"] = ""
            self._told.notify_all()

    def _ask_the_server(self, number: str, path: str, body: str) -> None:
        """What the site asks goes over the house's cable."""
        reply = self._house.cable.send(TransportRequest("POST", path, body.encode()))
        self._write("heard", number, NOTHING if isinstance(reply, Refused) else reply.body.decode())

    def _write(self, *words: str) -> bool:
        with self._writing:
            try:
                assert self.process.stdin is not None
                self.process.stdin.write(" ".join(words) + "\n")
                self.process.stdin.flush()
            except (BrokenPipeError, ValueError):
                return False
        return True

    def ask(self, verb: str, *words: str) -> str:
        """Asks for something and does not wait; the name of the answer."""
        with self._told:
            self._sent += 1
            name = f"n{self._sent}"
        self._write(verb, name, *words)
        return name

    def send(self, request: TransportRequest) -> HttpExchange | Refused:
        """A device's question, waited for."""
        name = self.ask("device", request.body.decode())
        with self._told:
            self._told.wait_for(lambda: name in self.answers or "over" in self.answers, 20)
            reply = self.answers.get(name, NOTHING)
        return UNREACHED if reply == NOTHING else HttpExchange(200, (), reply.encode(), BY_SYSTEM, 0.0)

    def kill(self) -> None:
        """SIGKILL; when it returns, everything it had said was read and everything it had asked was answered."""
        self.process.kill()
        self.process.wait()
        self._reader.join(20)
        for asked in self._asked:
            asked.join(20)


@contextmanager
def running(house: SiteProcess, agents: list[AgentProcess]) -> Iterator[Program]:
    program = Program(house)
    for agent in agents:
        agent.cable.send = program.send  # type: ignore[method-assign]
    try:
        yield program
    finally:
        program.kill()


def killed(house: SiteProcess, wait: float, verb: str, *words: str) -> bool:
    """Has the site's process do something and kills it `wait` seconds later; whether it had said that it was done."""
    house.site.store.close()
    with running(house, []) as program:
        name = program.ask(verb, *words)
        time.sleep(wait)
        program.kill()
    house.open()
    return program.answers.get(name, NOTHING) == "done"


def carried(house: SiteProcess, **body: str) -> str:
    """The answer of the provider's to what this site asks now, brought by hand."""
    text = Caller(house).post(f"{LICENSE}/request", body)["request"]
    answer: str = house.site_env.post("/v1/offline-exchange", {"request": text})["answer"]
    return answer


def limit(house: SiteProcess) -> int:
    terms = house.look().lease_terms
    return 0 if terms is None else terms.limit


def test_killed_while_an_answer_is_brought_in_it_counts_wholly_or_not_at_all_and_never_twice(
    here: SiteEnv, tmp_path: Path
) -> None:
    here.folder = tmp_path  # on a real disk
    house, random = here.site(), Random(5)  # noqa: S311 - chooses moments, no secrets
    house.cable.cut = True
    name, code = here.order(devices=10)
    answer, before = carried(house, code=code), 0
    for devices in range(10, 10 + ROUNDS):
        done = killed(house, random.random() * 0.06, "import", base64.b64encode(answer.encode()).decode())
        assert limit(house) in ((devices,) if done else (before, devices)), "what was said to be done is done"
        if limit(house) == before:
            Caller(house).post(f"{LICENSE}/import", {"text": answer})
        serial = house.look().kept.present.serial
        assert limit(house) == devices
        Caller(house).refused("POST", f"{LICENSE}/import", {"text": answer})
        assert house.look().kept.present.serial == serial, "an answer counts once"
        here.post(f"/v1/subscriptions/{name}/change-devices", {"devices": devices + 1})
        answer, before = carried(house), devices
    (site,) = here.get(f"/v1/subscriptions/{name}")["sites"]
    assert not site["forked"]


def test_killed_while_synchronizing_no_answer_is_lost_and_nobody_is_taken_for_a_copy(
    here: SiteEnv, tmp_path: Path
) -> None:
    here.folder = tmp_path  # on a real disk
    house, random = here.site(), Random(6)  # noqa: S311 - chooses moments, no secrets
    name, code = here.order(devices=10)
    house.activate(code)
    before = 10
    for devices in range(11, 11 + ROUNDS):
        here.post(f"/v1/subscriptions/{name}/change-devices", {"devices": devices})
        done = killed(house, random.random() * 0.08, "sync")
        assert limit(house) in ((devices,) if done else (before, devices)), "what was said to be done is done"
        house.sync()
        assert limit(house) == before + 1 == devices
        (site,) = here.get(f"/v1/subscriptions/{name}")["sites"]
        assert not site["forked"] and not house.look().kept.forked
        before = devices
    history = here.get(f"/v1/subscriptions/{name}/history", limit=200)["items"]
    kinds = [fact["kind"] for fact in history]
    assert kinds.count("SiteActivated") == 1 and "ForkFound" not in kinds


def test_killed_while_claiming_and_refreshing_nothing_acknowledged_is_lost_and_no_place_is_given_twice(
    here: SiteEnv, tmp_path: Path
) -> None:
    here.folder = tmp_path  # on a real disk
    house = here.site()
    house.activate(here.order(devices=100)[1])
    ticket = house.ticket(uses=100)
    random, most = Random(4), house.allotment  # noqa: S311 - chooses moments, no secrets
    agents = [house.agent(f"desk-{number}") for number in range(most + 5)]
    house.site.store.close()
    for agent in agents:
        assert agent.agent.keeper.prepare_enrollment(ticket) is None
    for _ in range(6):
        acknowledged = {agent.kept.device for agent in agents if agent.kept.seat}
        with running(house, agents) as program:
            asking = [threading.Thread(target=agent.refresh, daemon=True) for agent in random.sample(agents, 8)]
            for thread in asking:
                thread.start()
            time.sleep(random.random() * 0.04)
            program.kill()
            for thread in asking:
                thread.join(20)
        house.open()
        rows = {device.id: device for device in house.devices()}
        assert house.counted == sum(device.counted for device in rows.values()) <= most
        assert all(rows[name].counted for name in acknowledged)
        house.site.store.close()
    house.open()
    house.license._answered = True
    for agent in agents:
        agent.cable = type(agent.cable)(lambda: house)
        agent.agent.keeper.way.forget_way()
        agent.refresh()
    protected = [agent for agent in agents if agent.on == FEATURES]
    assert len(protected) == house.counted == most
    assert "device_copied" not in house.events(), "a lost answer is no copy"
