"""A client as a hurried developer writes it: believes answers unproven, saves nothing before it sends, asks its clock.

The kit must catch it; it stands for everything that a kit which only knows good clients would let through.
"""

import json
import secrets
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import msgspec

from tenure.core.lease.claims import Lease
from tenure.core.timeline import span_at
from tenure.wire import b64
from tenure.wire.exchanges import public_jwk, seal_request
from tenure.wire.keys import SeedSigner
from tenure.wire.messages import ActivateRequest, SyncRequest


def run(arguments: list[str]) -> dict[str, Any]:
    """The kit's commands."""
    command, flags = arguments[0], dict(zip(arguments[1::2], arguments[2::2], strict=False))
    file = Path(flags["--folder"]) / "license.json"
    if command == "init":
        file.parent.mkdir(parents=True, exist_ok=True)
        settings = {"server": flags["--server"], "readings": flags["--readings"], "seed": secrets.token_hex(32)}
        file.write_text(json.dumps(settings))
        return {"result": "ready"}
    state = json.loads(file.read_text())
    told = _status(state) if command == "status" else _asked(command, state, flags)
    file.write_text(json.dumps(state))
    return told


def _asked(command: str, state: dict[str, Any], flags: dict[str, str]) -> dict[str, Any]:
    signer = SeedSigner(bytes.fromhex(state["seed"]))
    own = {"nonce": b64.encode_text(secrets.token_bytes(32)), "request": f"req_{secrets.token_hex(16)}"}
    clock = json.loads(Path(state["readings"]).read_text())
    if command == "activate":
        request = seal_request(
            ActivateRequest(
                **own,
                code=flags["--code"],
                product="editor",
                version="12.0",
                name="",
                key=public_jwk(signer.public),
                wall=clock["wall"],
                uptime=0,
                root=1,
                installation="standalone",
            ),
            signer,
        )
    else:
        lease = _lease(state)
        request = seal_request(
            SyncRequest(
                **own,
                site=lease.sub,
                subscription=lease.subscription,
                product="editor",
                serial=lease.serial,
                epoch=lease.epoch,
                revision=lease.revision,
                token=state["token"],
                version="12.0",
                wall=clock["wall"],
                uptime=0,
                trigger="timer",
            ),
            signer,
        )
    try:
        with urllib.request.urlopen(f"{state['server']}/v1/{command}", request, timeout=2) as reply:  # noqa: S310
            payload = json.loads(b64.b64_decode(reply.read().split(b".")[1]) or b"")
    except urllib.error.HTTPError:
        state.pop("lease", None)
        return {"result": "refused", "code": "refused"}
    except (OSError, ValueError, IndexError):
        return {"result": "inconclusive", "code": "unreachable"}
    state["token"] = payload.get("token", "")
    if payload.get("lease"):
        state["lease"] = payload["lease"]
    return {"result": payload["result"], "code": payload.get("refusal", {}).get("code", "")}


def _lease(state: dict[str, Any]) -> Lease:
    return msgspec.json.decode(b64.b64_decode(state["lease"].encode().split(b".")[1]) or b"", type=Lease)


def _status(state: dict[str, Any]) -> dict[str, Any]:
    now = json.loads(Path(state["readings"]).read_text())["wall"]
    none = {"phase": "pending", "cause": "not_activated", "features": [], "serial": 0, "pending": False, "root": 1}
    if "lease" not in state:
        return {**none, "now": now, "warnings": []}
    lease = _lease(state)
    span = span_at(lease.spans, now)
    found = {"phase": span.phase.value, "cause": span.why.value, "features": sorted(span.features)}
    return {**none, **found, "now": now, "serial": lease.serial, "warnings": [], "contact_until": lease.contact_until}
