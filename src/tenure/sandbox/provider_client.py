"""A provider's client of the public API, with the few calls that a story needs; integrators use the same API."""

import uuid
from typing import Any

import httpx2
import msgspec


class RefusedCallError(Exception):
    """The server refused; `code` is the refusal's."""

    def __init__(self, problem: dict[str, Any]) -> None:
        self.code = problem.get("code", "unreadable")
        self.problem = problem
        super().__init__(f"{self.code}: {problem.get('detail') or problem.get('title')}")


class ProviderClient:
    """One token's view of the server at `url`."""

    def __init__(self, url: str, token: str) -> None:
        self.token = token
        self._http = httpx2.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=20, trust_env=False
        )

    def get(self, path: str, **query: Any) -> Any:
        """Read; raises `RefusedCallError`."""
        return self._read_answer(self._http.get(path, params=query))

    def post(self, path: str, body: dict[str, Any] | None = None, *, key: str = "", **query: Any) -> Any:
        """Do something, once under `key` (a fresh one unless given); raises `RefusedCallError`."""
        headers = {"Idempotency-Key": key or uuid.uuid4().hex, "Content-Type": "application/json"}
        content = msgspec.json.encode(body or {})
        return self._read_answer(self._http.post(path, content=content, headers=headers, params=query))

    def put(self, path: str, body: dict[str, Any], **query: Any) -> Any:
        """Change something; raises `RefusedCallError`."""
        headers = {"Content-Type": "application/json"}
        return self._read_answer(self._http.put(path, content=msgspec.json.encode(body), headers=headers, params=query))

    def refusal_of(self, path: str, body: dict[str, Any] | None = None) -> str:
        """The code with which doing something is refused; `accepted` when it is not."""
        try:
            self.post(path, body)
        except RefusedCallError as refused:
            return str(refused.code)
        return "accepted"

    def status_of(self, path: str) -> int:
        """The status with which reading is answered."""
        return self._http.get(path).status_code

    def set_clock(self, now: str) -> None:
        """Move the sandbox's clock."""
        self.put("/v1/sandbox/clock", {"now": now, "rate": 0})

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    @staticmethod
    def _read_answer(answer: httpx2.Response) -> Any:
        if answer.status_code >= 400:
            raise RefusedCallError(answer.json())
        return answer.json() if answer.content else None
