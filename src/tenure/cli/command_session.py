"""What a command works with: the outside, the shared options, the server; and how every write is previewed and sent."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from tenure.cli import profiles
from tenure.cli.api import ApiClient, CliRequest
from tenure.cli.environment import CommandEnvironment
from tenure.cli.options import SharedOptions
from tenure.cli.output import CommandOutput, nothing_done
from tenure.cli.problems import invalid_field
from tenure.cli.screen import CommandScreen, ScreenPrinter
from tenure.http.client.api_exchange import ApiAnswer, Query

Quiet = Callable[[int], None]
Body = Mapping[str, Any] | bytes | None


class CommandSession:
    """One run of one command; a context manager."""

    allows_dry_run = True
    """Whether the other side does dry runs of everything."""

    def __init__(self, world: CommandEnvironment, options: SharedOptions) -> None:
        self.world, self.options = world, options
        self.screen = CommandScreen(world.stdout, world.zone, world.env)
        self.aside = CommandScreen(world.stderr, world.zone, world.env)
        """For progress and questions: never mixed with what is piped on."""
        self._api: ApiClient | None = None

    def close(self) -> None:
        """Let the connections go."""
        if self._api is not None:
            self._api.__exit__(None, None, None)

    def api(self) -> ApiClient:
        """The server that options, environment and profiles name."""
        if self._api is None:
            found = profiles.resolve_target(self.world, self.options.target_asked)
            self._api = ApiClient(found, self.world)
        return self._api

    def get(self, path: str, query: Query | None = None, *, tenant: bool = True) -> ApiAnswer:
        """What is at `path`."""
        api = self.api()
        return api.get(path, query, tenant=tenant)

    def get_shown(
        self, path: str, printer: ScreenPrinter, query: Query | None = None, *, tenant: bool = True
    ) -> CommandOutput:
        """What is at `path`, to be shown by `printer`."""
        answer = self.get(path, query, tenant=tenant)
        return CommandOutput(answer.body, printer)

    def get_list(
        self, path: str, printer: ScreenPrinter, query: Query | None = None, *, limit: int | None, tenant: bool = True
    ) -> CommandOutput:
        """A list with all its pages as one page; `printer` is given its items."""
        if limit is not None and limit < 1:
            raise invalid_field("At least one item is listed.", "limit")
        api = self.api()
        with self.show_count() as progress:
            items = api.get_pages(path, query or {}, limit=limit, tenant=tenant, progress=progress)
        body = msgspec.json.encode({"items": items, "next": None})
        return CommandOutput(body, lambda screen, value: printer(screen, value["items"]))

    @contextmanager
    def show_busy(self, text: str) -> Iterator[None]:
        """A sign of life on a terminal, for work that cannot say how far it is."""
        if not self.aside.is_terminal or self.options.json:
            yield
            return
        with self.aside.console.status(text):
            yield

    @contextmanager
    def show_count(self, text: str = "{task.completed:,} read") -> Iterator[Quiet]:
        """A count of what was done so far, on a terminal and only once there is something to count."""
        if not self.aside.is_terminal or self.options.json:
            yield lambda _: None
            return
        from rich.progress import Progress, SpinnerColumn, TextColumn

        with Progress(SpinnerColumn(), TextColumn(text), console=self.aside.console, transient=True) as bar:
            task = bar.add_task("", total=None, visible=False)
            yield lambda count: bar.update(task, completed=count, visible=True)

    @contextmanager
    def show_share(self, things: str) -> Iterator[Callable[[int, int], None]]:
        """A bar on a terminal, of how many things out of how many are done."""
        if not self.aside.is_terminal or self.options.json:
            yield lambda done, total: None
            return
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (BarColumn(), TextColumn("{task.completed:,} of {task.total:,} " + things), TimeRemainingColumn())
        with Progress(*columns, console=self.aside.console, transient=True) as bar:
            task = bar.add_task("", total=1, visible=False)
            yield lambda done, total: bar.update(task, completed=done, total=total, visible=True)

    def post(
        self, path: str, printer: ScreenPrinter, body: Body = None, *, sure: str = "", **how: Any
    ) -> CommandOutput:
        """`write` of a POST; `how` are more members of the request."""
        return self.write(CliRequest(method="POST", path=path, body=body, **how), printer, sure)

    def put(self, path: str, printer: ScreenPrinter, body: Body = None, **how: Any) -> CommandOutput:
        """`write` of a PUT; `how` are more members of the request."""
        return self.write(CliRequest(method="PUT", path=path, body=body, **how), printer)

    def delete(self, path: str, printer: ScreenPrinter, *, sure: str = "", **how: Any) -> CommandOutput:
        """`write` of a DELETE; `how` are more members of the request."""
        return self.write(CliRequest(method="DELETE", path=path, **how), printer, sure)

    def write(self, sending: CliRequest, printer: ScreenPrinter, sure: str = "") -> CommandOutput:
        """One write as the options want it: rehearsed, previewed and confirmed, or done.

        `sure`, where the other side has no dry run, is a sentence about what cannot be undone: it is asked about first.
        """
        if sure and not self.is_confirmed(sure):
            return nothing_done()
        api = self.api()
        options = self.options
        if options.dry_run and options.preview:
            raise invalid_field("`--dry-run` shows and ends, `--preview` shows and asks: give one of them.", "preview")
        key = (options.idempotency_key or self.world.new_key()) if sending.method == "POST" else ""
        sending = msgspec.structs.replace(
            _with_outcome_hash(sending, options.outcome), key=key, if_match=options.if_match or sending.if_match
        )
        if options.preview or self._is_asked(sending):
            return self._preview_and_confirm(api, sending, printer)
        return self._send(api, sending, printer, dry_run=options.dry_run)

    def is_confirmed(self, what: str) -> bool:
        """Whether to do `what`, a sentence, where there is no dry run to show: a user at a terminal is asked first.

        Programs and pipes are not asked, nor is anyone after `--yes`.
        """
        if self.options.yes or self.options.json or not self.world.is_interactive:
            return True
        self.aside.line(what)
        return self._is_agreed()

    def _is_agreed(self) -> bool:
        return self.world.ask("Do exactly this? [y/N] ").strip().lower() in ("y", "yes")

    def _is_asked(self, sending: CliRequest) -> bool:
        """Whether a person is shown first what a command that names neither a plan nor `--yes` would come to."""
        told = self.options.dry_run or self.options.yes or self.options.outcome or self.options.json
        grave = sending.takes_outcome_hash or sending.grave or sending.method == "DELETE"
        return self.allows_dry_run and grave and not told and self.world.is_interactive

    def _send(self, api: ApiClient, sending: CliRequest, printer: ScreenPrinter, *, dry_run: bool) -> CommandOutput:
        if dry_run:
            # A dry run leaves no record of its key, so that the same key can be used for the real command.
            query: Mapping[str, Any] = {**sending.query, "dry_run": True}
            sending = msgspec.structs.replace(sending, query=query)
        answer = api.send(sending)
        return CommandOutput(answer.body, _with_dry_run_note(printer) if dry_run else printer)

    def _preview_and_confirm(self, api: ApiClient, sending: CliRequest, printer: ScreenPrinter) -> CommandOutput:
        if self.options.json or not self.world.is_interactive:
            raise invalid_field("`--preview` asks a person; programs take `--dry-run` and then `--outcome`.", "preview")
        shown = self._send(api, sending, printer, dry_run=True)
        shown.tell(self.aside)
        if not self._is_agreed():
            return nothing_done()
        value = msgspec.json.decode(shown.body) if shown.body else {}
        return self._send(api, _with_outcome_hash(sending, value.get("outcome_hash", "")), printer, dry_run=False)


def _with_outcome_hash(sending: CliRequest, outcome_hash: str) -> CliRequest:
    """The same, to be done only if it comes out as the plan says, where the operation knows plans."""
    if not (sending.takes_outcome_hash and outcome_hash and isinstance(sending.body, dict)):
        return sending
    return msgspec.structs.replace(sending, body={**sending.body, "outcome_hash": outcome_hash})


def _with_dry_run_note(printer: ScreenPrinter) -> ScreenPrinter:
    def show(screen: CommandScreen, value: Any) -> None:
        screen.heading("Nothing was done. This is what would happen:")
        printer(screen, value)

    return show
