"""What a command works with: the outside, the shared options, the server; and how every write is previewed and sent."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from tenure.cli import profiles
from tenure.cli.api import Answer, Api, Query, Sending
from tenure.cli.options import Options
from tenure.cli.output import Output, sentence
from tenure.cli.problems import Failed, invalid
from tenure.cli.show import People, Screen
from tenure.cli.world import World

Quiet = Callable[[int], None]


class Desk:
    """One run of one command; a context manager."""

    rehearses = True
    """Whether the other side does dry runs of everything."""

    def __init__(self, world: World, options: Options) -> None:
        self.world, self.options = world, options
        self.screen = Screen(world.stdout, world.zone, world.env)
        self.aside = Screen(world.stderr, world.zone, world.env)
        """For progress and questions: never mixed with what is piped on."""
        self._api: Api | None = None

    def close(self) -> None:
        """Let the connections go."""
        if self._api is not None:
            self._api.__exit__(None, None, None)

    def api(self) -> Api | Failed:
        """The server that options, environment and profiles name."""
        if self._api is None:
            found = profiles.target(self.world, self.options.asked)
            if isinstance(found, Failed):
                return found
            self._api = Api(found, self.world)
        return self._api

    def get(self, path: str, query: Query | None = None, *, tenant: bool = True) -> Answer | Failed:
        """What is at `path`."""
        api = self.api()
        return api if isinstance(api, Failed) else api.get(path, query, tenant=tenant)

    def shown(self, path: str, people: People, query: Query | None = None, *, tenant: bool = True) -> Output | Failed:
        """What is at `path`, to be shown by `people`."""
        answer = self.get(path, query, tenant=tenant)
        return answer if isinstance(answer, Failed) else Output(answer.body, people)

    def listed(
        self, path: str, people: People, query: Query, *, limit: int | None, tenant: bool = True
    ) -> Output | Failed:
        """A list with all its pages as one page; people are given its items."""
        if limit is not None and limit < 1:
            return invalid("At least one item is listed.", "limit")
        api = self.api()
        if isinstance(api, Failed):
            return api
        with self.counting() as progress:
            items = api.pages(path, query, limit=limit, tenant=tenant, progress=progress)
        if isinstance(items, Failed):
            return items
        body = msgspec.json.encode({"items": items, "next": None})
        return Output(body, lambda screen, value: people(screen, value["items"]))

    @contextmanager
    def busy(self, text: str) -> Iterator[None]:
        """A sign of life on a terminal, for work that cannot say how far it is."""
        if not self.aside.terminal or self.options.json:
            yield
            return
        with self.aside.console.status(text):
            yield

    @contextmanager
    def counting(self, text: str = "{task.completed:,} read") -> Iterator[Quiet]:
        """A count of what was done so far, on a terminal and only once there is something to count."""
        if not self.aside.terminal or self.options.json:
            yield lambda _: None
            return
        from rich.progress import Progress, SpinnerColumn, TextColumn

        with Progress(SpinnerColumn(), TextColumn(text), console=self.aside.console, transient=True) as bar:
            task = bar.add_task("", total=None, visible=False)
            yield lambda count: bar.update(task, completed=count, visible=True)

    def write(self, sending: Sending, people: People) -> Output | Failed:
        """One write as the options want it: rehearsed, previewed and confirmed, or done."""
        api = self.api()
        if isinstance(api, Failed):
            return api
        options = self.options
        if options.dry_run and options.preview:
            return invalid("`--dry-run` shows and ends, `--preview` shows and asks: give one of them.", "preview")
        key = (options.idempotency_key or self.world.new_key()) if sending.method == "POST" else ""
        sending = msgspec.structs.replace(
            _as_planned(sending, options.plan), key=key, if_match=options.if_match or sending.if_match
        )
        if options.preview or self._is_asked(sending):
            return self._previewed(api, sending, people)
        return self._sent(api, sending, people, rehearse=options.dry_run)

    def _is_asked(self, sending: Sending) -> bool:
        """Whether a person is shown first what a command that names neither a plan nor `--yes` would come to."""
        told = self.options.dry_run or self.options.yes or self.options.plan or self.options.json
        grave = sending.planned or sending.grave or sending.method == "DELETE"
        return self.rehearses and grave and not told and self.world.interactive

    def _sent(self, api: Api, sending: Sending, people: People, *, rehearse: bool) -> Output | Failed:
        if rehearse:
            # A rehearsal leaves no record of its key, so that the same key is good for the deed.
            query: Mapping[str, Any] = {**sending.query, "dry_run": True}
            sending = msgspec.structs.replace(sending, query=query)
        answer = api.send(sending)
        if isinstance(answer, Failed):
            return answer
        return Output(answer.body, _rehearsed(people) if rehearse else people)

    def _previewed(self, api: Api, sending: Sending, people: People) -> Output | Failed:
        if self.options.json or not self.world.interactive:
            return invalid("`--preview` asks a person; programs take `--dry-run` and then `--plan`.", "preview")
        shown = self._sent(api, sending, people, rehearse=True)
        if isinstance(shown, Failed):
            return shown
        shown.tell(self.aside)
        if self.world.ask("Do exactly this? [y/N] ").strip().lower() not in ("y", "yes"):
            return Output(b"", sentence("Nothing was done."))
        value = msgspec.json.decode(shown.body) if shown.body else {}
        return self._sent(api, _as_planned(sending, value.get("plan", "")), people, rehearse=False)


def _as_planned(sending: Sending, plan: str) -> Sending:
    """The same, to be done only if it comes out as the plan says, where the operation knows plans."""
    if not (sending.planned and plan and isinstance(sending.body, dict)):
        return sending
    return msgspec.structs.replace(sending, body={**sending.body, "plan": plan})


def _rehearsed(people: People) -> People:
    def show(screen: Screen, value: Any) -> None:
        screen.heading("Nothing was done. This is what would happen:")
        people(screen, value)

    return show
