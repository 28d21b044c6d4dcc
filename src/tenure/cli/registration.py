"""How a function becomes a command: it receives a session and its own arguments, and returns what there is to show.

The parser is cyclopts; only this module, `options`, `application` and `usage_errors` work with it.
"""

import inspect
import re
from collections.abc import Callable, Sequence
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from cyclopts import App, Group, Parameter, Token

from tenure.cli import options as shared
from tenure.cli.command_session import CommandSession
from tenure.cli.environment import CommandEnvironment
from tenure.cli.lookup import ids_of
from tenure.cli.output import CommandOutput
from tenure.cli.problems import CommandError
from tenure.cli.site_session import SiteCommandSession

Run = Callable[..., CommandOutput]
R = TypeVar("R", bound=Run)

CUSTOMERS_SIDE = Group.create_ordered("Customers and subscriptions")
SELLING = Group.create_ordered("Products and prices")
ACCESS = Group.create_ordered("Access")
SANDBOX = Group.create_ordered("Sandbox and demo")
SERVER = Group.create_ordered("The server itself")
HELPING = Group.create_ordered("Help")

_WHOLE = re.compile(r"-?[0-9]{1,18}")
"""As far as every database and every reader of JSON counts exactly."""
_WORLD = inspect.Parameter("world", inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[Any, Parameter(parse=False)])


def add_noun(name: str, text: str, group: Group) -> App:
    """A word under which verbs stand: `tenure <name> …`."""
    return App(name=name, help=text, group=group, version_flags=(), default_parameter=Parameter(negative_iterable=()))


def add_words(*words: App) -> Callable[[App], None]:
    """The `add` of a module that brings these words: it puts them into the application."""

    def add(app: App) -> None:
        for word in words:
            app.command(word)

    return add


def register_command(
    app: App,
    name: str | tuple[str, ...],
    run: Run,
    own: Sequence[inspect.Parameter],
    common: Sequence[inspect.Parameter],
    *,
    text: str,
    example: str,
    group: Group | None = None,
    session_type: type[CommandSession] = CommandSession,
) -> None:
    """Add `run` to `app` as a command, without a name as what the word alone does.

    `own` are its arguments, `common` the options it shares with others.
    """

    def command(*, world: CommandEnvironment, **given: Any) -> tuple[CommandSession, CommandOutput | CommandError]:
        options, arguments = shared.split_options(given, common)
        session = session_type(world, options)
        try:
            return session, _call_command(run, session, ids_of(session, arguments) if remote else arguments, several)
        except CommandError as failed:
            return session, failed
        finally:
            session.close()

    remote = any(each.name == "provider" for each in common)
    several = next((each.name for each in own if each.kind is each.VAR_POSITIONAL), "")
    parameters = [*map(_plain_parameter, own), *map(_plain_parameter, common), _WORLD]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    command.__doc__ = text
    if name:
        app.command(command, name=name, help_epilogue=f"Example: {example}", group=group)
    else:
        app.default(command)


def _call_command(run: Run, session: CommandSession, given: dict[str, Any], several: str) -> CommandOutput:
    """What `run` comes to; the argument that may be given several times stands behind those in their places."""
    if not several:
        return run(session, **given)
    places = [
        given.pop(name)
        for name, each in inspect.signature(run).parameters.items()
        if each.kind is each.POSITIONAL_OR_KEYWORD and name in given
    ]
    return run(session, *places, *given.pop(several, ()), **given)


def _plain_parameter(parameter: inspect.Parameter) -> inspect.Parameter:
    """The parameter as this command wants it read and shown.

    A whole number is one: the parser itself would round `1.5` devices to 2. A default that says nothing (no text,
    nothing listed, switched off) is not shown in the help, and nothing turns a list into none.
    """
    annotation = parameter.annotation
    if _is_number(annotation):
        annotation = Annotated[annotation, Parameter(converter=_join_tokens)]
    if get_origin(_argument_kind(annotation)) in (tuple, list):
        annotation = Annotated[annotation, Parameter(negative=())]
    if not parameter.default and parameter.default is not parameter.empty:
        annotation = Annotated[annotation, Parameter(show_default=False)]
    return parameter.replace(annotation=annotation)


def _argument_kind(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _is_number(annotation: Any) -> bool:
    kind = _argument_kind(annotation)
    return kind is int or (get_origin(kind) in (Union, UnionType) and int in get_args(kind))


def _join_tokens(_: Any, tokens: Sequence[Token]) -> int:
    text = tokens[0].value
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a whole number of at most 18 digits.")
    return int(text)


def add_verb(
    app: App,
    name: str,
    common: Sequence[inspect.Parameter],
    *,
    example: str,
    group: Group | None = None,
    also: Sequence[inspect.Parameter] = (),
) -> Callable[[R], R]:
    """The decorated function becomes the command `name` of `app`: its docstring is the help, a session is passed in.

    One of the type `SiteCommandSession` brings the option `--site`. Options `also` are those of several commands,
    declared once: the function gets them as `**given`.
    """

    def take(run: R) -> R:
        session, *declared = inspect.signature(run).parameters.values()
        own = [*(each for each in declared if each.kind is not each.VAR_KEYWORD), *also]
        options = (*shared.AT_SITE, *common) if session.annotation is SiteCommandSession else common
        text = inspect.getdoc(run) or ""
        register_command(
            app, name, run, own, options, text=text, example=example, group=group, session_type=session.annotation
        )
        return run

    return take
