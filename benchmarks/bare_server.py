"""The yardstick: a do-nothing application on the server the product runs on: `python -m benchmarks.bare_server`."""

from typing import Any

from tenure.http.serve import HttpServer

ANSWER = b"x" * 700
"""About as long as a signed `unchanged`."""


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """The least that an application can do: take the request, send the same bytes back each time."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await receive()
    headers = [(b"content-type", b"application/jose"), (b"content-length", b"%d" % len(ANSWER))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": ANSWER})


if __name__ == "__main__":
    server = HttpServer(nothing)
    print(f"listening on {server.url}", flush=True)
    server.run()
