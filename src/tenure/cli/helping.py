"""`tenure help` and `tenure completion`: what newcomers type first, beside the parser's own `--help`."""

import difflib
from typing import Annotated, Literal

from cyclopts import App, Parameter

from tenure.cli.desk import Desk
from tenure.cli.options import LOCAL
from tenure.cli.output import made
from tenure.cli.problems import invalid
from tenure.cli.verbs import HELPING, Ended, verb

Shell = Literal["bash", "zsh", "fish"]


def add(app: App) -> None:
    """Add `tenure help` and `tenure completion`, which speak of the whole application."""

    def explain(
        desk: Desk,
        *words: Annotated[
            str, Parameter(help="A command, such as `customers add`; `all`: every command; nothing: the way around.")
        ],
    ) -> Ended:
        """Explain a command, as `--help` behind it does; `help all` lists every command."""
        known: list[str] = []
        meant = app
        if words == ("all",):
            return made(
                {"command": "tenure", "help": str(app.help)},
                lambda screen, _: app.help_print([], console=screen.page()),
            )
        for word in words:
            names = [each for each in meant if not each.startswith("-")]
            if word not in names:
                return invalid(_unknown([*known, word], names), "words")
            known.append(word)
            meant = meant[word]
        told = {"command": " ".join(("tenure", *known)), "help": str(meant.help)}
        return made(told, lambda screen, _: app.help_print(known, console=screen.page()))

    def complete(desk: Desk, shell: Annotated[Shell, Parameter(help="Whose script.")]) -> Ended:
        """Print the completion script of a shell, to be kept where that shell looks for it."""
        script = app.generate_completion(shell=shell)
        return made({"shell": shell, "script": script}, lambda screen, _: screen.block(script))

    verb(app, "help", LOCAL, group=HELPING, example="tenure help customers add")(explain)
    verb(app, "completion", LOCAL, group=HELPING, example="tenure completion bash")(complete)


def _unknown(words: list[str], names: list[str]) -> str:
    close = difflib.get_close_matches(words[-1], names, n=1)
    hint = f' Did you mean "{" ".join((*words[:-1], close[0]))}"?' if close else ""
    return f'There is no command "{" ".join(words)}".{hint}'
