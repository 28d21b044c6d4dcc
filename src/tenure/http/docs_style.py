"""The one style sheet of pages that an API serves itself, and the policy that lets nothing else in."""

import base64
import hashlib

STYLE = (
    ":root{color-scheme:light dark;--ink:#17181c;--quiet:#555b66;--line:#d9dce2;--back:#fff;--soft:#f4f5f7;"
    "--link:#2853a8}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e8eaee;--quiet:#a3a9b5;--line:#343a45;--back:#111419;--soft:#1a1f27;"
    "--link:#8fb4ff}}"
    "*{box-sizing:border-box}"
    "body{margin:0;font:1rem/1.55 system-ui,sans-serif;color:var(--ink);background:var(--back)}"
    "a{color:var(--link)}"
    "code,pre{font-family:ui-monospace,monospace;font-size:.9em}"
    "code{overflow-wrap:anywhere}"
    "pre{margin:.5rem 0 1rem;padding:.75rem 1rem;background:var(--soft);border:1px solid var(--line);"
    "border-radius:.5rem;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere}"
    ".whole{display:grid;grid-template-columns:minmax(0,17rem) minmax(0,1fr);max-width:80rem;margin:auto}"
    ".contents{position:sticky;top:0;align-self:start;max-height:100vh;overflow-y:auto;padding:1.5rem 1rem;"
    "border-right:1px solid var(--line);font-size:.867rem}"
    ".contents ul{list-style:none;margin:0 0 .5rem;padding:0 0 0 .75rem}.contents li{margin:.2rem 0}"
    ".contents summary{cursor:pointer;font-weight:600;padding:.2rem 0}"
    ".contents a{text-decoration:none;overflow-wrap:anywhere}"
    "main{padding:1.5rem;min-width:0}main.alone{max-width:46rem;margin:auto}"
    "h1{line-height:1.2;margin:.2rem 0 .5rem}"
    "h2{margin:2.5rem 0 .5rem;padding-top:1rem;border-top:2px solid var(--line)}"
    "h3{font-size:1.05rem;margin:0 0 .25rem;overflow-wrap:anywhere}h4{margin:1rem 0 .25rem;font-size:.867rem}"
    "section.one{margin:1.25rem 0;padding:1rem;border:1px solid var(--line);border-radius:.5rem;scroll-margin-top:1rem}"
    ".method{display:inline-block;min-width:3.6rem;margin-right:.5rem;padding:.05rem .4rem;border-radius:.3rem;"
    "background:var(--soft);border:1px solid var(--line);text-align:center;font-size:.8rem}"
    ".quiet{color:var(--quiet);font-size:.9rem}"
    "table{width:100%;border-collapse:collapse;font-size:.9rem}"
    "th,td{padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;"
    "overflow-wrap:anywhere}th{color:var(--quiet);font-weight:600}"
    ".codes a{margin-right:.5rem}"
    "@media(max-width:52rem){.whole{display:block}.contents{position:static;max-height:none;border-right:0;"
    "border-bottom:1px solid var(--line)}thead{display:none}table,tbody,tr,td{display:block}"
    "tr{padding:.4rem 0;border-bottom:1px solid var(--line)}td{padding:0;border:0}td:empty{display:none}}"
)
CSP = (
    "default-src 'none'; frame-ancestors 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    + "'; base-uri 'none'; form-action 'none'"
)
"""No script, no picture, nothing from elsewhere; the sheet above by its digest alone."""
HTML = "text/html; charset=utf-8"


def whole_page(title: str, body: str) -> str:
    """`body`, which is HTML already, as one document; `title` is escaped by the caller."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
        f"<body>{body}</body></html>"
    )
