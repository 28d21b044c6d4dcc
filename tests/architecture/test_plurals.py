"""No sentence says "1 devices": a number that stands before a plural noun is written by `format_count`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

SRC = Path(__file__).resolve().parents[2] / "src" / "tenure"
NOUNS = (
    "applications|attempts|codes|customers|days|devices|entries|events|facts|files|groups|histories|hours|leases"
    "|licenses|lines|messages|minutes|months|offers|orders|people|periods|places|plans|products|providers|requests"
    "|rows|rules|seats|servers|sites|subscriptions|times|units|users|versions|warnings|weeks|years"
)
FOLLOWS = re.compile(rf" (?:more |other |of the )?(?:{NOUNS})\b")
IN_TEMPLATE = re.compile(rf"({{{{[^{{}}]*}}}}) (?:more |other )?(?:{NOUNS})\b")


def bare_plurals(source: str) -> list[str]:
    """The f-strings in which a number that may be one stands before a plural noun."""
    return [
        f"{part.lineno}: {ast.unparse(part.value)}{following.value}"
        for joined in ast.walk(ast.parse(source))
        if isinstance(joined, ast.JoinedStr)
        for part, following in _neighbors(joined)
        if FOLLOWS.match(str(following.value)) and not _never_one(part)
    ]


def bare_in_template(source: str) -> list[str]:
    """The same in a template; `count(…)` writes the noun itself."""
    return [found[0] for found in IN_TEMPLATE.finditer(source)]


def _neighbors(joined: ast.JoinedStr) -> Iterator[tuple[ast.FormattedValue, ast.Constant]]:
    for part, following in zip(joined.values, joined.values[1:], strict=False):
        if isinstance(part, ast.FormattedValue) and isinstance(following, ast.Constant):
            yield part, following


def _never_one(part: ast.FormattedValue) -> bool:
    """A number fixed in the program, which is above one, or a fraction such as `1.0 hours`."""
    fraction = part.format_spec is not None and re.search(r"\.\d+f", ast.unparse(part.format_spec))
    constant = isinstance(part.value, ast.Name) and part.value.id.isupper()
    return bool(fraction or constant)


def test_no_number_stands_before_a_fixed_plural() -> None:
    # The reports of the demo and the simulation are for the makers of this program.
    programs = [path for path in SRC.rglob("*.py") if "sandbox" not in path.parts]
    found = [f"{path.relative_to(SRC)}:{each}" for path in programs for each in bare_plurals(path.read_text())]
    templates = [path for path in SRC.rglob("*") if path.suffix in (".html", ".txt") and "templates" in path.parts]
    assert templates
    found += [f"{path.relative_to(SRC)}: {each}" for path in templates for each in bare_in_template(path.read_text())]
    assert found == []


def test_a_fixed_plural_is_seen() -> None:
    """The control: what is looked for is found, and what is right is not."""
    assert bare_plurals('f"{most} devices may"') == ["1: most devices may"]
    assert bare_plurals('f"{left:,} more times here"')
    assert not bare_plurals("f\"{format_count(most, 'device')} may\"")
    assert not bare_plurals('f"{MOST} devices may"')
    assert not bare_plurals('f"{hours:.1f} hours behind"')
    assert bare_in_template("<p>{{ free }} seats left</p>") == ["{{ free }} seats"]
    assert not bare_in_template('<p>{{ count(free, "seat") }} left</p>')
