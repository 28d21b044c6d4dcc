"""docs/availability.md quotes the settings that the drill runs with."""

import json
import re
from pathlib import Path

from drills.cluster import DCS, HAPROXY
from drills.front import SETTINGS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "availability.md").read_text()


def _block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.S)
    assert found, language
    return found[1]


def _lasting(text: str) -> list[str]:
    """The lines of HAProxy's last section that name no address."""
    lines = text[text.index("listen ") :].splitlines()
    return [line for line in lines if line.strip() and not re.match(r"\s*(bind|server |\{)", line)]


def test_patroni_is_set_as_in_the_drill() -> None:
    assert json.loads(_block("json patroni")) == DCS


def test_haproxy_is_set_as_in_the_drill() -> None:
    assert _lasting(_block("haproxy primary")) == _lasting(HAPROXY)
    assert _lasting(_block("haproxy servers")) == _lasting(SETTINGS)
    assert len(_lasting(HAPROXY)) > 3
