"""`tenure offline`: a site without a network asks and is answered by files; at the site and at the provider's desk."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter

from tenure.cli.api import Sending, path
from tenure.cli.desk import Desk
from tenure.cli.kinds import File, create, read_file
from tenure.cli.options import CREATING, LOCAL
from tenure.cli.output import Output
from tenure.cli.problems import Failed
from tenure.cli.show import People, Screen, moment
from tenure.cli.site_desk import HERE, Product, Site, site_desk
from tenure.cli.verbs import Ended, noun, verb
from tenure.web.qr import MOST, QUIET, Squares, blocks, encode

Out = Annotated[Path | None, Parameter(help="The file to write, never over another; otherwise it is printed.")]

_APP = noun("offline", "Licensing without a network, by files: request, answer, import.", HERE)


def add(app: App) -> None:
    """Add `tenure offline`."""
    app.command(_APP)


@verb(_APP, "request", LOCAL, example="tenure offline request --out request.txt")
def request(
    desk: Desk,
    *,
    activate: Annotated[bool, Parameter(help="Apply an activation code: asked for, or read from stdin.")] = False,
    successor: Annotated[bool, Parameter(help="Stage the code instead of applying it.")] = False,
    out: Out = None,
    qr: Annotated[
        bool | None, Parameter(help="Show it as a QR code too; on a terminal it is shown where it fits, unless --out.")
    ] = None,
    product: Product = "",
    site: Site = "",
) -> Ended:
    """At the site: make the request that is carried to the provider; the same one until it is answered."""
    body = {}
    if activate or successor:
        body = {"code": _asked(desk), "role": "successor" if successor else "active"}
    with site_desk(desk, site) as here:
        meant = here.product(product)
        if isinstance(meant, Failed):
            return meant
        where = path("/v1/licenses/{product}/offline/request", product=meant)
        done = here.write(Sending(method="POST", path=where, body=body, tenant=False), _request)
    done = _written(done, "request", out)
    wanted = qr if qr is not None else desk.screen.terminal and out is None
    return done if isinstance(done, Failed) or not wanted else Output(done.body, _pictured(done.people))


@verb(_APP, "answer", CREATING, example="tenure offline answer request.txt --out answer.txt")
def answer(desk: Desk, file: File, *, out: Out = None) -> Ended:
    """At the provider's or the customer's desk: answer a request that was carried here."""
    text = _text(desk, file)
    if isinstance(text, Failed):
        return text
    done = desk.write(Sending(method="POST", path="/v1/offline-exchange", body={"request": text}), show_answer)
    return done if desk.options.dry_run else _written(done, "answer", out)


@verb(_APP, "import", LOCAL, example="tenure offline import answer.txt")
def bring(desk: Desk, file: File, *, product: Product = "", site: Site = "") -> Ended:
    """At the site: import the answer that was carried back, once; a vendor's notice comes in this way too."""
    text = _text(desk, file)
    if isinstance(text, Failed):
        return text
    with site_desk(desk, site) as here:
        meant = here.product(product)
        if isinstance(meant, Failed):
            return meant
        where = path("/v1/licenses/{product}/offline/import", product=meant)
        return here.write(Sending(method="POST", path=where, body={"text": text}, tenant=False), _imported)


def _asked(desk: Desk) -> str:
    if desk.world.interactive:
        return desk.world.ask("Activation code: ").strip()
    return desk.world.stdin.readline(1_000).strip()


def _text(desk: Desk, file: Path) -> str | Failed:
    data = read_file(desk.world, file)
    return data if isinstance(data, Failed) else data.decode("utf-8", "replace")


def _written(done: Ended, name: str, out: Path | None) -> Ended:
    """The text in a file of its own, if one is named."""
    if out is None or isinstance(done, Failed):
        return done
    value = msgspec.json.decode(done.body)
    refused = create(out, str(value[name]).encode())
    if refused is not None:
        return refused

    def told(screen: Screen, value: Any) -> None:
        until = moment(value["import_by"], screen.zone)
        screen.line(f"{out} holds the {name}. The site takes the answer until {until}.")

    return Output(done.body, told)


def _request(screen: Screen, value: Any) -> None:
    screen.block(value["request"])


def _pictured(people: People) -> People:
    """What people are told, and below it the request as a QR code."""

    def told(screen: Screen, value: Any) -> None:
        people(screen, value)
        line = str(value["line"]).encode()
        squares = encode(line, "L") if len(line) <= MOST else ()
        too_large = _too_large(screen, line, squares)
        if too_large:
            screen.line(f"No QR code: {too_large} {INSTEAD}")
            return
        screen.line("The same as a QR code, for the camera of whoever carries it out:")
        for row in blocks(squares).splitlines():
            screen.line(row, "bright_white on black")

    return told


INSTEAD = "Use --out FILE and carry the file, copy the text above, or scan the code on the console's offline page."


def _too_large(screen: Screen, line: bytes, squares: Squares) -> str:
    """Why a code of `line` cannot be shown here; empty where it can. Without `squares` there is no such code."""
    if not squares:
        return f"the request has {len(line):,} characters, and a QR code holds {MOST:,}."
    if not screen.draws:
        return "this terminal cannot show block characters."
    columns = len(squares) + 2 * QUIET
    lines = (columns + 1) // 2 + 1
    width, height = screen.room
    if not screen.terminal or (columns <= width and lines <= height):
        return ""
    return (
        f"it takes {columns} by {lines} characters, and this terminal has {width} by {height}; a larger window or"
        " smaller letters would do."
    )


def show_answer(screen: Screen, value: Any) -> None:
    """The answer as it is copied from here to the site."""
    screen.block(value["answer"])


def _imported(screen: Screen, value: Any) -> None:
    screen.line(value["message"])
    screen.line(value["license"]["message"])
