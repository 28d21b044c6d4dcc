"""Emails as text and HTML from the templates beside this file, in the provider's name, words through gettext.

A template is written once: `kit.txt` and `kit.html` say what a paragraph, a table and a button are in either form.
"""

import gettext
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path

import msgspec
from jinja2 import Environment, FileSystemLoader, TemplateNotFound

from tenure.core.lease.claims import Brand
from tenure.http.outgoing.smtp import is_mailbox
from tenure.server.messages.dates import format_text_date
from tenure.server.messages.harmless import harmless_text, harmless_values

FOLDER = Path(__file__).parent / "templates"
LOCALES = Path(__file__).parent / "locales"
COLOR = "#1f4fd8"
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_HTTPS = re.compile(r"https://[!-~]+")
_URL = re.compile(r"https?://[!-~]+")


class SenderIdentity(msgspec.Struct, frozen=True):
    """In whose name an email is written."""

    name: str
    logo: str = ""
    color: str = COLOR
    support: str = ""
    sandbox: bool = False

    @property
    def ink_color(self) -> str:
        """Black or white: what can be read on `color`."""
        red, green, blue = (int(self.color[at : at + 2], 16) for at in (1, 3, 5))
        return "#000000" if 299 * red + 587 * green + 114 * blue > 150_000 else "#ffffff"


class RenderedEmail(msgspec.Struct, frozen=True):
    """An email in words."""

    subject: str
    text: str
    html: str


def house_of(name: str, brand: Brand, *, sandbox: bool = False) -> SenderIdentity:
    """The provider's brand as emails show it; what cannot be shown safely is left out."""
    return SenderIdentity(
        name=harmless_text(brand.name or name),
        logo=brand.logo if brand.logo.startswith("https://") else "",
        color=brand.color if _HEX.fullmatch(brand.color) else COLOR,
        support=_support_contact(brand.support),
        sandbox=sandbox,
    )


def _support_contact(text: str) -> str:
    """How to reach the provider: a mailbox or one https address as it is, anything else as text."""
    plain = text.strip()
    return plain if is_mailbox(plain) or _HTTPS.fullmatch(plain) else harmless_text(plain)


def render_email(
    template: str, values: Mapping[str, str], house: SenderIdentity, language: str = "en"
) -> RenderedEmail | None:
    """The email in both forms; None when there is no such template."""
    plain, rich = _template_environment(language, rich=False), _template_environment(language, rich=True)
    try:
        text, html = plain.get_template(f"{template}.j2"), rich.get_template(f"{template}.j2")
    except TemplateNotFound:
        return None
    known = {**harmless_values(values), "house": house}
    subject = "".join(text.blocks["subject"](text.new_context(known)))
    prefix = "[Sandbox] " if house.sandbox else ""
    return RenderedEmail(prefix + " ".join(subject.split()), _tidy_text(text.render(known)), html.render(known))


_environments: dict[tuple[str, bool], Environment] = {}


def _template_environment(language: str, *, rich: bool) -> Environment:
    known = _environments.get((language, rich))
    if known is None:
        known = _environments[language, rich] = _new_environment(language, rich=rich)
    return known


def _new_environment(language: str, *, rich: bool) -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=rich,  # noqa: S701 - the other form is plain text, in which nothing is markup
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    words = gettext.translation("messages", LOCALES, [language], fallback=True)
    made.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]
    made.filters |= {"paragraph": _wrap_paragraph, "web": _safe_address, "when": format_text_date}
    made.policies["ext.i18n.trimmed"] = True
    made.globals |= {"frame": "frame.html" if rich else "frame.txt", "kit": "kit.html" if rich else "kit.txt"}
    return made


def _wrap_paragraph(text: str) -> str:
    """Running text in lines that every mail program shows whole; addresses are never broken."""
    return textwrap.fill(" ".join(text.split()), 72, break_long_words=False, break_on_hyphens=False)


def _safe_address(text: str) -> str:
    """An address that may stand behind a button; empty for anything else."""
    return text if isinstance(text, str) and _URL.fullmatch(text) else ""


def _tidy_text(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
