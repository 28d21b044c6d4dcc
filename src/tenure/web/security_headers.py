"""The headers of every page: only a logo comes from elsewhere, no inline script runs, no other website frames it."""

from urllib.parse import urlsplit


def security_headers(logo: str = "", *, secure: bool = False) -> dict[str, str]:
    """Headers for a page; `logo` is the one picture that may come from another host, by https only."""
    parts = urlsplit(logo)
    pictures = "'self'"
    if parts.scheme == "https" and parts.netloc and all(character not in parts.netloc for character in ";, '\""):
        pictures += f" https://{parts.netloc}"
    found = {
        "Content-Security-Policy": (
            f"default-src 'self'; img-src {pictures}; object-src 'none'; base-uri 'none'; form-action 'self';"
            " frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        # Not `no-referrer`: with that, browsers would hide the origin of our own forms from us.
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Cache-Control": "no-store",
    }
    if secure:
        found["Strict-Transport-Security"] = "max-age=31536000"
    return found
