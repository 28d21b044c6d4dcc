"""The memory of a lease keeper (`sdk.kept.Memory`) in the site's store, one row for each product."""

import logging
from contextlib import AbstractContextManager, nullcontext

import msgspec

from tenure.core.refusals import Refused
from tenure.sdk.client_state import ClientState
from tenure.site.store import settings
from tenure.site.store.sqlite import SiteStore
from tenure.site.store.writer import Connection

log = logging.getLogger("tenure.site.store")


class StoredMemory:
    """What is kept of one product; see `sdk.kept.Memory`. The site is one process, which the store's lock ensures."""

    def __init__(self, store: SiteStore, product: str, world: str = "") -> None:
        """`world` names root, product and kind (`sdk.folder_owner`): what another left here goes aside and comes
        back."""
        self._store = store
        self._product = product
        if world:
            store.write(lambda conn: _enter_world(conn, product, world)).result()
        self._seen = (b"", ClientState())
        """What was saved when it was last read, and what it means."""

    @property
    def place(self) -> str:
        """The file of the site's state."""
        return str(self._store.path)

    def missing_files(self) -> tuple[str, ...]:
        """The file of the state, where it was deleted or replaced; `folder_guard` puts it back."""
        return (self._store.path.name,) if self._store.file_displaced else ()

    def load_state(self) -> ClientState:
        """What was saved last; an empty `ClientState` when nothing was."""
        row = self._store.read(lambda conn: conn.execute(_READ, (self._product,)).fetchone())
        if row is None:
            return ClientState()
        if row[0] == self._seen[0]:
            return self._seen[1]
        try:
            self._seen = (row[0], msgspec.json.decode(row[0], type=ClientState))
            return self._seen[1]
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            log.exception("the stored state of %s cannot be read: apply the activation code again", self._product)
            return ClientState()

    def save_state(self, kept: ClientState) -> None:
        """Durable when it returns; raises OSError when it cannot be saved."""
        body = msgspec.json.encode(kept)

        def work(conn: Connection) -> None:
            conn.execute(_WRITE, (self._product, body))

        outcome = self._store.write(work).result()
        if isinstance(outcome, Refused):
            raise OSError(outcome.detail)

    def hold_lock(self, *, wait: bool = True) -> AbstractContextManager[bool]:
        """See `StateStore.hold_lock`: no other process uses this store, so that the lock is always granted."""
        return nullcontext(enter_result=True)


class _StoredWorld(msgspec.Struct, frozen=True):
    name: str = ""


def _enter_world(conn: Connection, product: str, world: str) -> None:
    """One transaction, so that nothing of a change can be half done."""
    before = settings.get_setting(conn, f"world {product}", _StoredWorld)
    if before is not None and before.name == world:
        return
    if before is not None:
        log.warning("the stored state of %s belongs to another root document or sandbox: it is set aside", product)
        conn.execute(_MOVE, (f"{product} {before.name}", product))
        conn.execute(_MOVE, (product, f"{product} {world}"))
    settings.set_setting(conn, f"world {product}", _StoredWorld(world))


_MOVE = "update kept set product = ? where product = ?"
_READ = "select body from kept where product = ?"
_WRITE = "insert into kept values (?, ?) on conflict (product) do update set body = excluded.body"
