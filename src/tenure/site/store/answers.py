"""Answers kept by Idempotency-Key, so that a request repeated to the local API has one effect (`http.idempotency`).

They may hold an enrollment token, so they lie sealed; a request that was under way when the program died is forgotten.
"""

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, Instant
from tenure.http.idempotency import IdempotentRequest
from tenure.http.responses import ApiResponse, pack_response, unpack_response
from tenure.site.store.writer import Connection

KEPT = DAY


class StoredAnswers:
    """The records of one run of the program."""

    def __init__(self, box: bytes, run: str) -> None:
        """`box`: 32 bytes that seal what is kept; `run` names this run."""
        self._box = SecretBox(box)
        self._run = run

    def begin_request(
        self, conn: Connection, ticket: IdempotentRequest, now: Instant
    ) -> ApiResponse[object] | Refused | None:
        """None: go on, the request is noted as under way. Otherwise what was answered before, or why not to go on."""
        row = conn.execute(
            "select payload, run, answer from answers where scope = ? and key = ?", (ticket.scope, ticket.key)
        ).fetchone()
        if row is not None:
            payload, run, answer = row
            if payload != ticket.payload_hash:
                return Refused(RefusalCode.IDEMPOTENCY_KEY_REUSED)
            if answer:
                return self._open_answer(answer)
            if run == self._run:
                return Refused(RefusalCode.REQUEST_IN_FLIGHT)
        conn.execute(
            "insert or replace into answers values (?, ?, ?, ?, ?, x'')",
            (ticket.scope, ticket.key, ticket.payload_hash, self._run, now),
        )
        return None

    def finish_request(
        self, conn: Connection, ticket: IdempotentRequest, answer: ApiResponse[object], now: Instant
    ) -> None:
        """Keep the answer."""
        conn.execute(
            "update answers set answer = ?, at = ? where scope = ? and key = ?",
            (bytes(self._box.encrypt(pack_response(answer))), now, ticket.scope, ticket.key),
        )

    def drop_request(self, conn: Connection, ticket: IdempotentRequest) -> None:
        """Nothing was done: the key is free again."""
        conn.execute("delete from answers where scope = ? and key = ?", (ticket.scope, ticket.key))

    def prune_old(self, conn: Connection, now: Instant) -> None:
        """Forget what is old enough."""
        conn.execute("delete from answers where at < ?", (now - KEPT,))

    def _open_answer(self, sealed: bytes) -> ApiResponse[object] | Refused:
        try:
            return unpack_response(self._box.decrypt(sealed))
        except CryptoError:
            return Refused(RefusalCode.IDEMPOTENCY_KEY_REUSED, "The answer kept for this key cannot be read any more.")
