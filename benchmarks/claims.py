"""Devices that claim and refresh seats at the site as shipped, over TLS."""

import secrets
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from typing import IO, NamedTuple, Self

import httpx2

from benchmarks.big_store import BY_HAND, BigStore, Device
from benchmarks.clients import READ, ClientGroup, body_of, http_request, whole_length
from benchmarks.in_process import PRODUCT
from benchmarks.programs import Program
from benchmarks.slices import SETTLE

AT_ONCE = 64
"""Requests under way: callers of one process, or connections."""
PIECE = 5_000
"""Requests that are sealed ahead."""
PATH = "/v1/device"
LATE = 5
"""Pieces from the end that tell what a claim costs among very many."""


class Cost(NamedTuple):
    """What a slice of requests cost."""

    rate: float
    """Answers a second, by the clock."""
    us: float
    """Microseconds of the site's processor time for each."""
    seconds: float


class Shipped:
    """The site as a program of its own, on its folder, and its devices on connections to it."""

    def __init__(self, big_store: BigStore, log: IO[str]) -> None:
        self._big_store = big_store
        self._program = Program("site", str(big_store.folder), log=log)
        self.cold_start = self._program.cold_start
        self.api = httpx2.Client(base_url=f"http://127.0.0.1:{self._program.port}", timeout=60)
        self.token = (big_store.folder / "admin.token").read_text().strip()
        self._tls = unproven_tls()

    def enroll(self, number: int) -> Cost:
        """So many first claims."""
        return self._flood(self._big_store.newcomers(number))

    def enroll_by_hand(self, number: int) -> None:
        """Devices of a group that gives no seats by itself: each is refused one, and waits."""
        self._flood(self._big_store.newcomers(number, BY_HAND), "refused")

    def refresh(self, number: int) -> Cost:
        """So many devices ask as they do every day."""
        return self._flood([device.refreshing() for device in self._big_store.devices[:number]])

    def refresh_all(self) -> list[Cost]:
        """Every device that has a seat, once."""
        known = self._big_store.devices
        return [
            self._flood([device.refreshing() for device in known[at : at + PIECE]])
            for at in range(0, len(known), PIECE)
        ]

    def fill(self, number: int) -> list[Cost]:
        """Enrolls devices until there are so many; what the last of them cost."""
        costs = []
        while (missing := number - len(self._big_store.devices)) > 0:
            costs.append(self.enroll(min(missing, PIECE)))
        return costs[-LATE:]

    def lonely(self, number: int) -> Cost:
        """Devices that come as they do in life: each on a connection of its own, sixteen at a time."""
        asking = [device.refreshing() for device in self._big_store.devices[:number]]
        cpu, begun = self._program.cpu(), time.perf_counter()
        with ThreadPoolExecutor(16) as hands:
            answers = list(hands.map(self._alone, asking))
        cost = _cost(number, time.perf_counter() - begun, self._program.cpu() - cpu)
        self._big_store.hear(asking, answers)
        return cost

    def _alone(self, device: Device) -> bytes:
        with self._tls.wrap_socket(socket.create_connection(("127.0.0.1", self._big_store.port))) as sock:
            sock.sendall(http_request(device.asked, PATH))
            answer = sock.recv(READ)
            while len(answer) < whole_length(answer):
                answer += sock.recv(READ)
        return body_of(answer)

    def _flood(self, asking: list[Device], result: str = "seat") -> Cost:
        hands = [hand for hand in (asking[at::AT_ONCE] for at in range(AT_ONCE)) if hand]
        waiting = [[http_request(device.asked, PATH) for device in hand] for hand in hands]
        group = ClientGroup(self._big_store.port, waiting, self._tls)
        time.sleep(SETTLE)
        cpu = self._program.cpu()
        taken = group.flood()
        used = self._program.cpu() - cpu
        group.close()
        asked = [device for hand in hands for device in hand]
        self._big_store.hear(asked, [body_of(answer) for _, answer in group.answered()], result)
        return _cost(taken.answered, taken.answered / taken.rate, used)

    def synchronize(self) -> None:
        """As by hand, at most once a minute: after its start a site protects new devices once it was answered."""
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": secrets.token_hex(16)}
        answer = self.api.post(f"/v1/licenses/{PRODUCT}/synchronize", headers=headers)
        if answer.status_code != 200:
            raise RuntimeError(answer.text)

    def megabytes(self) -> float:
        """Resident memory."""
        return self._program.megabytes()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.api.close()
        self._program.__exit__(None, None, None)


def unproven_tls() -> ssl.SSLContext:
    """TLS without a look at the certificate, which devices pin and this load does not have to."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _cost(number: int, seconds: float, used: float) -> Cost:
    return Cost(number / seconds, used / number * 1e6, seconds)
