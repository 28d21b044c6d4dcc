"""Templates: strict (a misspelled name is an error, not an empty place), escaped, the kit's own under `web/`."""

import re
import secrets
from types import CodeType
from typing import Any

from jinja2 import BytecodeCache, ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined
from jinja2.bccache import Bucket

from tenure.core.field_errors import field_label
from tenure.core.plurals import format_count
from tenure.web import charts, formatting
from tenure.web.assets import PageAssets
from tenure.web.frame import PageFrame
from tenure.web.replies import PageScreen
from tenure.web.sessions import FlashMessage

_SUMMED = re.compile(r'<a data-of-field href="#f-([\w.-]+)">[^<]*</a>')


class CompiledTemplates(BytecodeCache):
    """The code of templates by name and source: portal and consoles of one process compile each template once."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """See `jinja2.BytecodeCache`."""
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """See `jinja2.BytecodeCache`."""
        self._kept[bucket.key, bucket.checksum] = bucket.code


_COMPILED = CompiledTemplates()


class PageTemplates:
    """The templates of one program beside those of the kit."""

    def __init__(self, package: str, assets: PageAssets, more: dict[str, Any]) -> None:
        self._environment = Environment(
            loader=ChoiceLoader(
                [PrefixLoader({"web": PackageLoader("tenure.web", "templates")}), PackageLoader(package, "templates")]
            ),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            bytecode_cache=_COMPILED,
        )
        self._environment.filters.update(formatting.FILTERS)
        self._environment.globals.update(
            asset=assets.asset_url,
            brand_sheet=assets.brand_stylesheet_url,
            # A form that is sent twice carries the same key both times, and is done once.
            new_key=lambda: secrets.token_urlsafe(18),
            name_field=field_label,
            count=format_count,
            relative=formatting.relative_time,
            phases=formatting.PHASES,
            draw_timeline=lambda spans, now: charts.draw_timeline(spans, now, formatting.format_date),
            **more,
        )

    def render_page(self, screen: PageScreen, visit: Any, flashes: list[FlashMessage], token: str) -> str:
        """The page as HTML; a summary of faults calls each field as its form does."""
        frame: PageFrame = visit.frame
        page = self._environment.get_template(screen.template).render(
            **{"form": visit.form, **screen.values},
            visit=visit,
            frame=frame,
            flashes=flashes,
            token=token,
            now=formatting.instant_of(frame.now) or visit.now,
            now_text=frame.now,
        )
        return _SUMMED.sub(lambda found: _link_to_field(page, found[1], found[0]), page)


def _link_to_field(page: str, name: str, otherwise: str) -> str:
    """A link of the summary with the label that the form gives its field; `otherwise` where the page has no such field.

    The summary stands above its form, so that only the whole page knows the labels.
    """
    field = re.search(rf'<(?:input|select|textarea|fieldset)[^>]* (?:name="{name}"|id="f-{name}")[^>]*>', page)
    if field is None:
        return otherwise
    own = re.search(r' id="(f-[^"]+)"', field[0])
    if own and (label := re.search(rf'<label for="{own[1]}">(.*?)(?: <span class="optional"|</label>)', page)):
        return f'<a href="#{own[1]}">{label[1]}</a>'
    begin = page.rfind("<fieldset", 0, field.end())
    legend = re.search(r"<legend>(.*?)</legend>", page[begin:]) if begin >= 0 else None
    return f'<a href="#{own[1] if own else "main"}">{legend[1]}</a>' if legend else otherwise
