"""Whether what was seen is what was wanted; the small language of `want` and `seen`."""

from typing import Any

from conformance.keys import START
from conformance.scenario import seconds


class Wrong(Exception):
    """Something else was seen than was wanted."""


def compare(seen: dict[str, Any], want: dict[str, Any], now: int) -> None:
    """Raises Wrong for the first field that is otherwise.

    A wanted value is compared as it is; a text such as `+60d` (after the beginning) or `now+30s` is an instant; a
    table may hold `min`, `max` (instants or numbers), `has` (an item of a list, or a part of a text), `not`.
    """
    for name, wanted in want.items():
        if name not in seen:
            raise Wrong(f"`{name}` is missing in {seen}")
        if not _fits(seen[name], wanted, now):
            raise Wrong(f"{name} is {seen[name]!r}, wanted {wanted!r} in {seen}")


def _fits(seen: Any, wanted: Any, now: int) -> bool:
    if isinstance(wanted, dict) and wanted.keys() <= {"min", "max", "has", "not"}:
        least, most = _instant(wanted.get("min"), now), _instant(wanted.get("max"), now)
        return (
            (least is None or (seen is not None and seen >= least))
            and (most is None or (seen is not None and seen <= most))
            and ("has" not in wanted or wanted["has"] in seen)
            and ("not" not in wanted or seen != _instant(wanted["not"], now))
        )
    if isinstance(wanted, dict):
        return isinstance(seen, dict) and all(
            name in seen and _fits(seen[name], value, now) for name, value in wanted.items()
        )
    return bool(seen == _instant(wanted, now))


def _instant(wanted: Any, now: int) -> Any:
    if not isinstance(wanted, str):
        return wanted
    if wanted == "none":
        return None
    if wanted.startswith("now"):
        return now + seconds(wanted.removeprefix("now"))
    return START + seconds(wanted) if wanted[:1] in "+-" and wanted[1:2].isdigit() else wanted
