"""Writes the table of events in `docs/messages.md` from the catalog; `--check` only says whether it is behind."""

import sys
from pathlib import Path

from tenure.server.messages.catalog import CATALOG

PAGE = Path(__file__).parents[1] / "docs" / "messages.md"
HEAD = "| event | meaning |\n|---|---|\n"


def table() -> str:
    """The table's rows, by name."""
    return "".join(f"| `{kind}` | {meaning} |\n" for kind, meaning in sorted(CATALOG.items()))


def page(text: str) -> str:
    """`text` with the table as it has to be: all rows after its head up to the next blank line."""
    before, _, rest = text.partition(HEAD)
    _, blank, after = rest.partition("\n\n")
    return before + HEAD + table() + (blank[1:] + after if blank else "")


def main() -> int:
    """Write the page, or see whether it is up to date; 1 when it is not."""
    text = PAGE.read_text(encoding="utf-8")
    if "--check" in sys.argv[1:]:
        return int(page(text) != text)
    PAGE.write_text(page(text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
