"""CSV files as the server makes them, written where somebody says; shared by everything that can be exported."""

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from tenure.cli.api import Query
from tenure.cli.desk import Desk
from tenure.cli.kinds import create
from tenure.cli.output import Output, sentence
from tenure.cli.problems import Failed
from tenure.core.plurals import format_count

Out = Annotated[Path, Parameter(help="The file to write; it must not exist yet.", allow_leading_hyphen=True)]


def exported(desk: Desk, path: str, query: Query, out: Path) -> Output | Failed:
    """The CSV at `path` as a new file, byte for byte; it says how many rows there are, the line of names aside."""
    answer = desk.get(path, query)
    if isinstance(answer, Failed):
        return answer
    refused = create(out, answer.body)
    if refused is not None:
        return refused
    rows = max(0, answer.body.count(b"\r\n") - 1)
    body = msgspec.json.encode({"file": str(out), "rows": rows})
    return Output(body, sentence(f"{format_count(rows, 'row was', 'rows were')} written to {out}."))
