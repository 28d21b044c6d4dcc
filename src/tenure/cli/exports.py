"""CSV files as the server makes them, written to a given path; shared by everything that can be exported."""

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from tenure.cli.argument_types import create_file
from tenure.cli.command_session import CommandSession
from tenure.cli.output import CommandOutput, sentence_output
from tenure.core.plurals import format_count
from tenure.http.client.api_exchange import Query

Out = Annotated[Path, Parameter(help="The file to write; it must not exist yet.", allow_leading_hyphen=True)]


def export_csv(session: CommandSession, path: str, query: Query, out: Path) -> CommandOutput:
    """The CSV at `path` as a new file, byte for byte; it says how many rows there are, the line of names aside."""
    answer = session.get(path, query)
    create_file(out, answer.body)
    rows = max(0, answer.body.count(b"\r\n") - 1)
    body = msgspec.json.encode({"file": str(out), "rows": rows})
    return CommandOutput(body, sentence_output(f"{format_count(rows, 'row was', 'rows were')} written to {out}."))
