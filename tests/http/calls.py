"""Calls to an API in this process, and what every refusal must look like."""

from collections.abc import Mapping
from typing import Any

import httpx2

from tenure.core.refusals import TABLE, Code

NEW = {"name": "door", "shape": {"type": "square", "side": 2}}


def caller(app: Any, token: str = "writer-token") -> httpx2.AsyncClient:
    """A client of `app` that shows `token` (none when empty)."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://sample", headers=headers)


def key(name: str) -> dict[str, str]:
    return {"Idempotency-Key": name}


def refused(answer: httpx2.Response) -> dict[str, Any]:
    """The problem in `answer`, after looking at everything a problem promises."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem: dict[str, Any] = answer.json()
    row = TABLE[Code(problem["code"])]
    assert (problem["status"], problem["title"], problem["remedy"]) == (row.status, row.sentence, row.remedy)
    assert answer.status_code == row.status
    assert problem["type"] == f"/refusals/{row.code}"
    assert problem["request_id"] == answer.headers["request-id"]
    return problem


def code_of(answer: httpx2.Response) -> str:
    return str(refused(answer)["code"])


def without(headers: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in names}
