"""`tenure help` and `tenure completion`: what newcomers type first, in addition to the parser's own `--help`."""

import difflib
from typing import Annotated, Literal

from cyclopts import App, Parameter

from tenure.cli.command_session import CommandSession
from tenure.cli.options import LOCAL
from tenure.cli.output import CommandOutput, make_output
from tenure.cli.problems import invalid_field
from tenure.cli.registration import HELPING, add_verb

Shell = Literal["bash", "zsh", "fish"]


def add(app: App) -> None:
    """Add `tenure help` and `tenure completion`, which speak of the whole application."""

    def explain(
        session: CommandSession,
        *words: Annotated[
            str, Parameter(help="A command, such as `customers add`; `all`: every command; nothing: an overview.")
        ],
    ) -> CommandOutput:
        """Explain a command, as `--help` behind it does; `help all` lists every command."""
        known: list[str] = []
        meant = app
        if words == ("all",):
            return make_output(
                {"command": "tenure", "help": str(app.help)},
                lambda screen, _: app.help_print([], console=screen.help_console()),
            )
        for word in words:
            names = [each for each in meant if not each.startswith("-")]
            if word not in names:
                raise invalid_field(_refuse_unknown([*known, word], names), "words")
            known.append(word)
            meant = meant[word]
        told = {"command": " ".join(("tenure", *known)), "help": str(meant.help)}
        return make_output(told, lambda screen, _: app.help_print(known, console=screen.help_console()))

    def complete(
        session: CommandSession, shell: Annotated[Shell, Parameter(help="The shell of the script.")]
    ) -> CommandOutput:
        """Print the completion script of a shell, to be kept where that shell looks for it."""
        script = app.generate_completion(shell=shell)
        return make_output({"shell": shell, "script": script}, lambda screen, _: screen.block(script))

    add_verb(app, "help", LOCAL, group=HELPING, example="tenure help customers add")(explain)
    add_verb(app, "completion", LOCAL, group=HELPING, example="tenure completion bash")(complete)


def _refuse_unknown(words: list[str], names: list[str]) -> str:
    close = difflib.get_close_matches(words[-1], names, n=1)
    hint = f' Did you mean "{" ".join((*words[:-1], close[0]))}"?' if close else ""
    return f'There is no command "{" ".join(words)}".{hint}'
