"""Templates: strict (a misspelt name is an error, not an empty place), escaped, the kit's own under `web/`."""

import secrets
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined

from tenure.web import charts, words
from tenure.web.assets import Assets
from tenure.web.frame import Frame
from tenure.web.replies import Screen
from tenure.web.sessions import Flash


class Templates:
    """The templates of one program beside those of the kit."""

    def __init__(self, package: str, assets: Assets, more: dict[str, Any]) -> None:
        self._environment = Environment(
            loader=ChoiceLoader(
                [PrefixLoader({"web": PackageLoader("tenure.web", "templates")}), PackageLoader(package, "templates")]
            ),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(words.FILTERS)
        self._environment.globals.update(
            asset=assets.address,
            brand_sheet=assets.brand,
            # A form that is sent twice carries the same key both times, and is done once.
            new_key=lambda: secrets.token_urlsafe(18),
            count=words.count,
            relative=words.relative,
            phases=words.PHASES,
            draw_timeline=lambda spans, now: charts.timeline(spans, now, words.date),
            **more,
        )

    def render(self, screen: Screen, visit: Any, flashes: list[Flash], token: str) -> str:
        """The page as HTML."""
        frame: Frame = visit.frame
        return self._environment.get_template(screen.template).render(
            **{"form": visit.form, **screen.values},
            visit=visit,
            frame=frame,
            flashes=flashes,
            token=token,
            now=words.instant_of(frame.now) or visit.now,
            now_text=frame.now,
        )
