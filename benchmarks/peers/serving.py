"""What each peer's program does in the end: leave the requests that it is to be asked, listen, say where, and serve."""

import json
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import uvicorn

DEVICES, REQUESTS = 500, 4_096
"""How many devices there are, and requests at most; one device is asked for after the other."""


def serve(
    app: Any, folder: Path, path: str, media_type: str, bodies: Iterable[bytes], expected: dict[str, Any]
) -> None:
    """`expected`: what every answer holds, `text` within it or `length` of it."""
    with (folder / "requests").open("wb") as file:
        for body in bodies:
            file.write(len(body).to_bytes(4, "big") + body)
    (folder / "load.json").write_text(json.dumps({"path": path, "media_type": media_type, **expected}))
    sock = socket.create_server(("127.0.0.1", 0), backlog=512)
    print(f"listening on http://127.0.0.1:{sock.getsockname()[1]}", flush=True)
    uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning")).run(sockets=[sock])
