"""Whether the user meant a write: it comes from one of our own pages and carries its token.

Two independent fences: what the browser says of the request's origin, and a token that only our own pages hold.
"""

import hashlib
import hmac

from tenure.web.cookies import CookiePlace

FIELD = "_token"
"""The form field that carries the token."""


def token_of(secret: str) -> str:
    """The token of a browser's secret (session or visitor): only the holder of the cookie can make it."""
    return hmac.new(secret.encode(), b"tenure form token", hashlib.sha256).hexdigest()


def refuse_forged(place: CookiePlace, origin: str | None, fetch_site: str | None, secret: str, given: str) -> str:
    """Why a write is refused; empty when it is our own.

    `origin` and `fetch_site` are the request's headers, None where an old browser sends none.
    """
    if fetch_site is not None and fetch_site not in {"same-origin", "none"}:
        return "The form was sent from another website."
    if origin is not None and origin.lower() != place.origin:
        return "The form was sent from another website."
    if not secret:
        return "The browser sent no cookie. Allow cookies for this website and try again."
    if not hmac.compare_digest(token_of(secret).encode(), given.encode()):
        return "The page was too old. Open it again and send the form again."
    return ""
