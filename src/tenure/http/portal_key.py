"""How a server knows its own portal: a key that both have, and with it the visitor's address as the portal saw it.

Operations that are the portal's alone take `FromPortal` (see `inputs`).

Without it every visitor of a portal on another computer has the portal's address, and one who guesses passwords would
make everybody wait. Which key it is, is the server's; how the portal gets it, its operator's.
"""

import hmac

from tenure.http.asgi import App, Receive, Scope, Send, header_values

KEY_HEADER = "Tenure-Portal-Key"
SCOPE_KEY = "from_portal"
"""Where it stands in a request's scope that the portal's key was shown."""
_KEY = KEY_HEADER.lower().encode()


class BehindPortal:
    """An application whose callers may be visitors of the portal that shows `key`."""

    def __init__(self, app: App, key: str) -> None:
        self._app, self._key = app, key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the visitor's address over where the portal proves itself; a wrong key is as good as none."""
        if scope["type"] == "http":
            shown = next((value for name, value in scope["headers"] if name == _KEY), None)
            if shown is not None:
                named = header_values(scope, b"x-forwarded-for")
                kept = [pair for pair in scope["headers"] if pair[0] != _KEY]
                scope = {**scope, "headers": kept}
                scope[SCOPE_KEY] = hmac.compare_digest(shown, self._key)
                if scope[SCOPE_KEY] and len(named) == 1 and "," not in named[0]:
                    scope["client"] = (named[0], 0)
        await self._app(scope, receive, send)
