"""`tenure offline`: a site without a network asks and is answered by files; at the site and at the provider."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from tenure.cli.argument_types import File, create_file, read_file
from tenure.cli.command_session import CommandSession
from tenure.cli.options import CREATING, LOCAL
from tenure.cli.output import CommandOutput
from tenure.cli.registration import add_noun, add_verb, add_words
from tenure.cli.screen import CommandScreen, ScreenPrinter, format_moment
from tenure.cli.site_session import HERE, Product, SiteCommandSession
from tenure.http.client.api_exchange import fill_path
from tenure.web.qr import MOST, QUIET, Squares, encode, to_blocks

Out = Annotated[Path | None, Parameter(help="The file to write, never over another; otherwise it is printed.")]

_APP = add_noun("offline", "Licensing without a network, by files: request, answer, import.", HERE)
add = add_words(_APP)


@add_verb(_APP, "request", LOCAL, example="tenure offline request --out request.txt")
def make_request(
    here: SiteCommandSession,
    *,
    activate: Annotated[bool, Parameter(help="Apply an activation code; it is asked for or read from stdin.")] = False,
    successor: Annotated[bool, Parameter(help="Stage the code instead of applying it.")] = False,
    out: Out = None,
    qr: Annotated[
        bool | None, Parameter(help="Show it as a QR code too; on a terminal it is shown where it fits, unless --out.")
    ] = None,
    product: Product = "",
) -> CommandOutput:
    """At the site: make the request that is carried to the provider; the same one until it is answered."""
    body = {}
    if activate or successor:
        body = {"code": _root_document(here), "role": "successor" if successor else "active"}
    meant = here.choose_product(product)
    where = fill_path("/v1/licenses/{product}/offline/request", product=meant)
    done = here.post(where, _print_request, body)
    done = _write_file(done, "request", out)
    wanted = qr if qr is not None else here.screen.is_terminal and out is None
    return CommandOutput(done.body, _with_qr(done.printer)) if wanted else done


@add_verb(_APP, "answer", CREATING, example="tenure offline answer request.txt --out answer.txt")
def answer_request(session: CommandSession, file: File, *, out: Out = None) -> CommandOutput:
    """For the provider or the customer: answer a request that was carried here."""
    text = _read_text(session, file)
    done = session.post("/v1/offline-exchange", show_answer, {"request": text})
    return done if session.options.dry_run else _write_file(done, "answer", out)


@add_verb(_APP, "import", LOCAL, example="tenure offline import answer.txt")
def import_answer(here: SiteCommandSession, file: File, *, product: Product = "") -> CommandOutput:
    """At the site: import the answer, once; a vendor's notice is imported in the same way."""
    text = _read_text(here, file)
    meant = here.choose_product(product)
    where = fill_path("/v1/licenses/{product}/offline/import", product=meant)
    return here.post(where, _print_imported, {"text": text})


def _root_document(session: CommandSession) -> str:
    if session.world.is_interactive:
        return session.world.ask("Activation code: ").strip()
    return session.world.stdin.readline(1_000).strip()


def _read_text(session: CommandSession, file: Path) -> str:
    return read_file(session.world, file).decode("utf-8", "replace")


def _write_file(done: CommandOutput, name: str, out: Path | None) -> CommandOutput:
    """The text in a file of its own, if one is named."""
    if out is None:
        return done
    value = msgspec.json.decode(done.body)
    create_file(out, str(value[name]).encode())

    def told(screen: CommandScreen, value: Any) -> None:
        until = format_moment(value["import_by"], screen.zone)
        screen.line(f"{out} holds the {name}. The site takes the answer until {until}.")

    return CommandOutput(done.body, told)


def _print_request(screen: CommandScreen, value: Any) -> None:
    screen.block(value["request"])


def _with_qr(printer: ScreenPrinter) -> ScreenPrinter:
    """What people are told, and below it the request as a QR code."""

    def told(screen: CommandScreen, value: Any) -> None:
        printer(screen, value)
        line = str(value["line"]).encode()
        squares = encode(line, "L") if len(line) <= MOST else ()
        too_large = _too_large(screen, line, squares)
        if too_large:
            screen.line(f"No QR code: {too_large} {INSTEAD}")
            return
        screen.line("The same as a QR code, to be taken along as a photo:")
        for row in to_blocks(squares).splitlines():
            screen.line(row, "bright_white on black")

    return told


INSTEAD = "Use --out FILE and carry the file, copy the text above, or scan the code on the console's offline page."


def _too_large(screen: CommandScreen, line: bytes, squares: Squares) -> str:
    """Why a code of `line` cannot be shown here; empty where it can. Without `squares` there is no such code."""
    if not squares:
        return f"the request has {len(line):,} characters, and a QR code holds {MOST:,}."
    if not screen.can_draw:
        return "this terminal cannot show block characters."
    columns = len(squares) + 2 * QUIET
    lines = (columns + 1) // 2 + 1
    width, height = screen.terminal_size
    if not screen.is_terminal or (columns <= width and lines <= height):
        return ""
    return (
        f"it takes {columns} by {lines} characters, and this terminal has {width} by {height}; a larger window or"
        " smaller letters would do."
    )


def show_answer(screen: CommandScreen, value: Any) -> None:
    """The answer as it is copied from here to the site."""
    screen.block(value["answer"])


def _print_imported(screen: CommandScreen, value: Any) -> None:
    screen.line(value["message"])
    screen.line(value["license"]["message"])
