"""The device port: signed requests of devices in, signed answers out, durable before they are answered
[spec: enrollment].

TLS and HTTP are around it; what a device gets is decided in `device_reply`.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import NamedTuple

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.hot_operations import Deliver
from tenure.site.device_contact import ContactParts, answer_device
from tenure.site.license import LicenseSnapshot, ProductLicense
from tenure.site.seats import SeatTerms, refuse_unserved
from tenure.site.state_tokens import StateTokens
from tenure.site.store.loop_writes import LoopWrites
from tenure.site.store.sqlite import SiteStore
from tenure.site.store.writer import Connection, StoreUnavailable, Work, WriteOutcome
from tenure.wire.devices import ProvenDeviceRequest, read_request
from tenure.wire.keys import SeedSigner

UNAVAILABLE = Refused(RefusalCode.SERVER_BUSY, "The site's store is not available.")


class _ProductLook(NamedTuple):
    """What all requests for one product have in common as of one moment."""

    look: LicenseSnapshot
    terms: SeatTerms
    parts: ContactParts


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
        self._turn: dict[str, _ProductLook] = {}
        """What was looked at in this turn of the loop."""

    async def answer_device(self, body: bytes, _address: str) -> bytes | Refused:
        """The signed answer; an unsigned refusal for what is not proven, and while nothing is licensed here."""
        work = self._prepare_work(body, self._products_seen())
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
        work = self._prepare_work(body, {})
        return _stored_answer(work) if isinstance(work, Refused) else self._store.write(work)

    def begin_answering(self, body: bytes, _address: str, deliver: Deliver) -> bool:
        """`answer_device` by callback, its work in one set with that of all others of this turn of the loop."""
        work = self._prepare_work(body, self._products_seen())
        if isinstance(work, Refused):
            deliver(work)
        else:
            self._writes.post_job(work, lambda outcome: deliver(_answer_of(outcome)))
        return True

    def _products_seen(self) -> dict[str, _ProductLook]:
        """What was looked at for another request of this turn; empty for the first one."""
        if not self._writes.is_collecting:
            self._turn = {}
        return self._turn

    def _prepare_work(self, body: bytes, seen_before: dict[str, _ProductLook]) -> Work | Refused:
        """What is left to be done in the store for a proven request; `seen_before`: products of this turn."""
        asked = read_request(body)
        if isinstance(asked, Refused):
            return asked
        product = asked.message.product
        seen = seen_before.get(product) or self._look_at(product)
        if isinstance(seen, Refused):
            return seen
        seen_before[product] = seen
        return partial(_answer_in, seen, asked)

    def _look_at(self, product: str) -> _ProductLook | Refused:
        license_ = self._licenses.get(product)
        if license_ is None:
            return Refused(RefusalCode.NOT_FOUND, "This product is not licensed through this site.", "product")
        look = license_.take_snapshot()
        barred = refuse_unserved(look)
        if barred is not None or look.lease is None:
            return barred or Refused(RefusalCode.NOT_ACTIVATED)
        root = license_.keeper.holder.root.version
        parts = ContactParts(signer=self._signer, tokens=self._tokens, draw=self._draw, root=root)
        return _ProductLook(look, SeatTerms(look.lease, look.now), parts)


def _answer_in(seen: _ProductLook, asked: ProvenDeviceRequest, conn: Connection) -> bytes:
    return answer_device(seen.parts, conn, asked, seen.look, seen.terms)


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
