"""Calls to an API in this process, and what every refusal must look like."""

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2

from tenure.core.refusals import TABLE, RefusalCode
from tenure.http.certificates import CertificateFiles, ServedCertificate, open_certificate

JARGON = re.compile(r"Expected|`str`|`int`|regex|Object|\bgot\b|\bint\b|\bnull\b|\bstr\b|enum|RFC3339|\[\^|\\x")
"""Words of a decoder, and pieces of a pattern."""
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
    row = TABLE[RefusalCode(problem["code"])]
    assert (problem["status"], problem["title"], problem["remedy"]) == (row.status, row.sentence, row.remedy)
    assert answer.status_code == row.status
    assert problem["type"] == f"/refusals/{row.code}"
    assert problem["request_id"] == answer.headers["request-id"]
    return problem


def code_of(answer: httpx2.Response) -> str:
    return str(refused(answer)["code"])


def without(headers: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in names}


def shown(certificate: Path, key: Path) -> ServedCertificate:
    """The pair in these files, ready to be served."""
    key.chmod(0o600)
    opened = open_certificate(CertificateFiles(certificate=certificate, key=key), lambda: int(time.time()))
    assert isinstance(opened, ServedCertificate), opened
    return opened
