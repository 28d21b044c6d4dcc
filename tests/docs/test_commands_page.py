"""docs/commands.md is what the table of commands says; no surface keeps a list of its own beside the table."""

from tenure.core.business.command_table import COMMANDS
from tools.commands import PAGE, files_naming, page


def test_the_page_is_what_the_table_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: make docs"
    assert all(f"| `{row.verb}` |" in page() for row in COMMANDS)


def test_a_command_is_named_where_the_how_to_says() -> None:
    """`free_allotment`, of which 12 source files had told before there was a table; its own fact is counted as well."""
    source = {path for path in files_naming("free_allotment") if path.startswith("src/")}
    told = {path for path in source if path.startswith(("src/tenure/cli/", "src/tenure/portal/pages/"))}
    assert told == set(), "no list of the command line or the portal"
    core = "src/tenure/core/business"
    assert {f"{core}/commands.py", f"{core}/command_table/site_commands.py", f"{core}/decide/__init__.py"} <= source
