"""The device port: signed requests of devices in, signed answers out, durable before they are answered
[spec: enrollment].

TLS and HTTP are around it; what a device gets is decided in `device_reply`.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.hot_operations import Deliver
from tenure.site.device_contact import ContactParts, answer_device
from tenure.site.license import LicenseSnapshot, ProductLicense
from tenure.site.seats import refuse_unserved
from tenure.site.state_tokens import StateTokens
from tenure.site.store.loop_writes import LoopWrites
from tenure.site.store.sqlite import SiteStore
from tenure.site.store.writer import Connection, StoreUnavailable, WriteOutcome
from tenure.wire.devices import ProvenDeviceRequest, read_request
from tenure.wire.keys import SeedSigner
from tenure.wire.leases import SealedLease

UNAVAILABLE = Refused(RefusalCode.SERVER_BUSY, "The site's store is not available.")


class DevicePort:
    """The operation behind `POST /v1/device`."""

    def __init__(
        self,
        licenses: Mapping[str, ProductLicense],
        store: SiteStore,
        signer: SeedSigner,
        tokens: StateTokens,
        draw: Callable[[int], bytes],
    ) -> None:
        self._licenses = licenses
        self._store = store
        self._signer, self._tokens, self._draw = signer, tokens, draw
        self._writes = LoopWrites(store)

    async def answer_device(self, body: bytes, _address: str) -> bytes | Refused:
        """The signed answer; an unsigned refusal for what is not proven, and while nothing is licensed here."""
        work = self._prepare_work(body)
        if isinstance(work, Refused):
            return work
        waiting: asyncio.Future[WriteOutcome] = asyncio.get_running_loop().create_future()
        self._writes.post_job(work, partial(_settle, waiting))
        answer = _answer_of(await waiting)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def answer_blocking(self, body: bytes) -> "Future[bytes | Refused]":
        """`answer_device` for callers without a loop; raises `StoreUnavailable`."""
        work = self._prepare_work(body)
        return _stored_answer(work) if isinstance(work, Refused) else self._store.write(work)

    def begin_answering(self, body: bytes, _address: str, deliver: Deliver) -> bool:
        """`answer_device` by callback, its work in one set with that of all others of this turn of the loop."""
        work = self._prepare_work(body)
        if isinstance(work, Refused):
            deliver(work)
        else:
            self._writes.post_job(work, lambda outcome: deliver(_answer_of(outcome)))
        return True

    def _prepare_work(self, body: bytes) -> "Callable[[Connection], bytes] | Refused":
        """What is left to be done in the store for a proven request."""
        asked = read_request(body)
        if isinstance(asked, Refused):
            return asked
        license_ = self._licenses.get(asked.message.product)
        if license_ is None:
            return Refused(RefusalCode.NOT_FOUND, "This product is not licensed through this site.", "product")
        look = license_.take_snapshot()
        barred = refuse_unserved(look)
        lease = look.lease
        if barred is not None or lease is None:
            return barred or Refused(RefusalCode.NOT_ACTIVATED)
        root = license_.keeper.holder.root.version
        parts = ContactParts(signer=self._signer, tokens=self._tokens, draw=self._draw, root=root)
        return partial(self._answer_in, parts, asked, look, lease)

    @staticmethod
    def _answer_in(
        parts: ContactParts, asked: ProvenDeviceRequest, look: LicenseSnapshot, lease: SealedLease, conn: Connection
    ) -> bytes:
        return answer_device(parts, conn, asked, look, lease)


def _settle(waiting: "asyncio.Future[WriteOutcome]", outcome: WriteOutcome) -> None:
    """Tells a caller that waits, unless it has gone away."""
    if not waiting.done():
        waiting.set_result(outcome)


def _answer_of(outcome: WriteOutcome) -> bytes | Refused | Exception:
    if outcome.fault is None:
        answer: bytes | Refused = outcome.value
        return answer
    return UNAVAILABLE if isinstance(outcome.fault, StoreUnavailable) else outcome.fault


def _stored_answer(refused: Refused) -> "Future[bytes | Refused]":
    done: Future[bytes | Refused] = Future()
    done.set_result(refused)
    return done
