"""Start and end of an application, as ASGI servers announce them; what begins and ends with it is handed in."""

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from traceback import format_exc
from typing import Any

from tenure.http.asgi import Receive, Send


async def live(contexts: Iterable[AbstractAsyncContextManager[Any]], receive: Receive, send: Send) -> None:
    """Enter `contexts` in their order, wait for the server's word, leave them in reverse; what fails is told it."""
    await receive()
    stage = "startup"
    try:
        async with AsyncExitStack() as stack:
            for each in contexts:
                await stack.enter_async_context(each)
            await send({"type": "lifespan.startup.complete"})
            stage = "shutdown"
            await receive()
    except BaseException:
        await send({"type": f"lifespan.{stage}.failed", "message": format_exc()})
        raise
    await send({"type": "lifespan.shutdown.complete"})
