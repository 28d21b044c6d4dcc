"""A provider's client of the public API, with the few calls that a story needs; integrators use the same API."""

import time
import uuid
from typing import Any

import httpx2

from tenure.http.client.api_exchange import ApiAnswer, ApiCaller, ApiOutcome, ApiRefusal, ApiRequest, NoAnswer, exchange
from tenure.http.client.transports import SyncTransport


class RefusedCallError(Exception):
    """The server refused; `code` is the refusal's, `status` the answer's."""

    def __init__(self, refusal: ApiRefusal) -> None:
        self.code, self.status = refusal.problem.code, refusal.problem.status
        super().__init__(f"{self.code}: {refusal.problem.detail or refusal.problem.title}")


class ProviderClient:
    """One token's view of the server at `url`. Raises ConnectionError where it gives no answer."""

    def __init__(self, url: str, token: str) -> None:
        self.token = token
        self._http = httpx2.Client(base_url=url, timeout=20, trust_env=False)
        self._transport, self._caller = SyncTransport(self._http, time.sleep), ApiCaller(token=token)

    def get(self, path: str, **query: Any) -> Any:
        """Read; raises `RefusedCallError`."""
        return _value_of(self._send("GET", path, query=query))

    def post(self, path: str, body: dict[str, Any] | None = None, *, key: str = "", **query: Any) -> Any:
        """Do something, once under `key` (a fresh one unless given); raises `RefusedCallError`."""
        return _value_of(self._send("POST", path, body=body or {}, key=key or uuid.uuid4().hex, query=query))

    def put(self, path: str, body: dict[str, Any], **query: Any) -> Any:
        """Change something; raises `RefusedCallError`."""
        return _value_of(self._send("PUT", path, body=body, query=query))

    def refusal_of(self, path: str, body: dict[str, Any] | None = None) -> str:
        """The code with which doing something is refused; `accepted` when it is not."""
        try:
            self.post(path, body)
        except RefusedCallError as refused:
            return str(refused.code)
        return "accepted"

    def status_of(self, path: str) -> int:
        """The status with which reading is answered."""
        outcome = _answer_of(self._send("GET", path))
        return outcome.problem.status if isinstance(outcome, ApiRefusal) else outcome.status

    def set_clock(self, now: str) -> None:
        """Move the sandbox's clock."""
        self.put("/v1/sandbox/clock", {"now": now, "rate": 0})

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def _send(self, method: str, path: str, **more: Any) -> ApiOutcome:
        return self._transport.run(exchange(ApiRequest(method=method, path=path, **more), self._caller))


def _answer_of(outcome: ApiOutcome) -> ApiAnswer | ApiRefusal:
    if isinstance(outcome, NoAnswer):
        raise ConnectionError(outcome.why)
    return outcome


def _value_of(outcome: ApiOutcome) -> Any:
    answer = _answer_of(outcome)
    if isinstance(answer, ApiRefusal):
        raise RefusedCallError(answer)
    return answer.value
