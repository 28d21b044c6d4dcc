"""byxlozax as it comes, on SQLite, with devices that send the heartbeat of their session: `POST /api/v1/ping`."""

import json
import os
import sys
from itertools import islice
from pathlib import Path

FOLDER = Path(sys.argv[1])
os.environ["BYXLOZAX_DATABASE_URL"] = f"sqlite:///{FOLDER}/peer.sqlite3"
os.environ["BYXLOZAX_SECRET_DIR"] = str(FOLDER)

# Its settings are read when it is imported.
from itertools import cycle  # noqa: E402

from byxlozax_server.bootstrap import ensure_demo_data  # noqa: E402
from byxlozax_server.constants import SESSION_ACTIVE  # noqa: E402
from byxlozax_server.database import init_db, session_scope  # noqa: E402
from byxlozax_server.main import app  # noqa: E402
from byxlozax_server.models import LicenseKey, Session  # noqa: E402

from benchmarks.peers.serving import DEVICES, REQUESTS, serve  # noqa: E402


def furnish() -> list[bytes]:
    """Keys with an active session each, and their heartbeats."""
    init_db()
    with session_scope() as db:
        owner, tool, _ = ensure_demo_data(db)
        for number in range(DEVICES):
            name = f"key-{number}"
            key = LicenseKey(
                owner_id=owner.id,
                tool_id=tool.id,
                key=name,
                key_hash=name,
                key_preview=name,
                hwid=f"hw-{number}",
                active_session_id=f"session-{number}",
            )
            db.add(key)
            db.flush()
            session = Session(
                session_id=f"session-{number}",
                owner_id=owner.id,
                tool_id=tool.id,
                license_key_id=key.id,
                telegram="@bench",
                hwid=f"hw-{number}",
                client_version="1.0.6",
                status=SESSION_ACTIVE,
            )
            db.add(session)
        names = {"owner_key": owner.owner_key, "tool_name": tool.name, "version": tool.version}
    return [_heartbeat(number, names) for number in range(DEVICES)]


def _heartbeat(number: int, names: dict[str, str]) -> bytes:
    own = {"key": f"key-{number}", "hwid": f"hw-{number}", "session_id": f"session-{number}"}
    return json.dumps({"telegram": "@bench", "client_version": "1.0.6", **names, **own}).encode()


if __name__ == "__main__":
    asked = islice(cycle(furnish()), REQUESTS)
    serve(app, FOLDER, "/api/v1/ping", "application/json", asked, {"text": '"allowed":true'})
