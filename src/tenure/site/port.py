"""The device port: signed requests of devices in, signed answers out, durable before they are answered
[spec: enrollment].

TLS and HTTP are around it; what a device gets is decided in `contact`.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Future

from tenure.core.refusals import Code, Refused
from tenure.site.contact import Contact, Desk
from tenure.site.license import ProductLicense
from tenure.site.seats import unserved
from tenure.site.store.lite import Store
from tenure.site.store.writer import Connection, Unavailable
from tenure.site.tokens import Tokens
from tenure.wire.devices import read_request
from tenure.wire.keys import SeedSigner


class DevicePort:
    """The operation behind `POST /v1/device`."""

    def __init__(
        self,
        licenses: Mapping[str, ProductLicense],
        store: Store,
        signer: SeedSigner,
        tokens: Tokens,
        draw: Callable[[int], bytes],
    ) -> None:
        self._licenses = licenses
        self._store = store
        self._signer, self._tokens, self._draw = signer, tokens, draw

    async def device(self, body: bytes, _address: str) -> bytes | Refused:
        """The signed answer; an unsigned refusal for what is not proven, and while nothing is licensed here."""
        try:
            return await asyncio.wrap_future(self.answer(body))
        except Unavailable:
            return Refused(Code.SERVER_BUSY, "The site's store is not available.")

    def answer(self, body: bytes) -> "Future[bytes | Refused]":
        """The same for callers without a loop."""
        asked = read_request(body)
        if isinstance(asked, Refused):
            return _already(asked)
        license_ = self._licenses.get(asked.message.product)
        if license_ is None:
            return _already(Refused(Code.NOT_FOUND, "This product is not licensed through this site.", "product"))
        look = license_.look()
        barred = unserved(look)
        lease = look.lease
        if barred is not None or lease is None:
            return _already(barred or Refused(Code.NOT_ACTIVATED))
        root = license_.keeper.holder.root.version
        desk = Desk(signer=self._signer, tokens=self._tokens, draw=self._draw, root=root)

        def work(conn: Connection) -> bytes:
            return Contact(desk, conn, asked, look, lease).answer()

        return self._store.write(work)


def _already(refused: Refused) -> "Future[bytes | Refused]":
    done: Future[bytes | Refused] = Future()
    done.set_result(refused)
    return done
