"""Answers kept by Idempotency-Key, so that a request repeated to the local API has one effect (`http.idempotency`).

They may hold an enrolment token, so they lie sealed; a request that was under way when the program died is forgotten.
"""

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import DAY, Instant
from tenure.http.answers import Answer, pack, unpack
from tenure.http.idempotency import Ticket
from tenure.site.store.writer import Connection

KEPT = DAY


class Answers:
    """The records of one run of the program."""

    def __init__(self, box: bytes, run: str) -> None:
        """`box`: 32 bytes that seal what is kept; `run` names this run."""
        self._box = SecretBox(box)
        self._run = run

    def begin(self, conn: Connection, ticket: Ticket, now: Instant) -> Answer[object] | Refused | None:
        """None: go on, the request is noted as under way. Otherwise what was answered before, or why not to go on."""
        row = conn.execute(
            "select payload, run, answer from answers where scope = ? and key = ?", (ticket.scope, ticket.key)
        ).fetchone()
        if row is not None:
            payload, run, answer = row
            if payload != ticket.payload_hash:
                return Refused(Code.IDEMPOTENCY_KEY_REUSED)
            if answer:
                return self._opened(answer)
            if run == self._run:
                return Refused(Code.REQUEST_IN_FLIGHT)
        conn.execute(
            "insert or replace into answers values (?, ?, ?, ?, ?, x'')",
            (ticket.scope, ticket.key, ticket.payload_hash, self._run, now),
        )
        return None

    def finish(self, conn: Connection, ticket: Ticket, answer: Answer[object], now: Instant) -> None:
        """Keep the answer."""
        conn.execute(
            "update answers set answer = ?, at = ? where scope = ? and key = ?",
            (bytes(self._box.encrypt(pack(answer))), now, ticket.scope, ticket.key),
        )

    def drop(self, conn: Connection, ticket: Ticket) -> None:
        """Nothing was done: the key is free again."""
        conn.execute("delete from answers where scope = ? and key = ?", (ticket.scope, ticket.key))

    def prune(self, conn: Connection, now: Instant) -> None:
        """Forget what is old enough."""
        conn.execute("delete from answers where at < ?", (now - KEPT,))

    def _opened(self, sealed: bytes) -> Answer[object] | Refused:
        try:
            return unpack(self._box.decrypt(sealed))
        except CryptoError:
            return Refused(Code.IDEMPOTENCY_KEY_REUSED, "The answer kept for this key cannot be read any more.")
