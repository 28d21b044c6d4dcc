"""Options that many commands share, as rows: what they are called, what they mean, and what a command is handed.

A row becomes a parameter of the parser; nothing here looks at the outside.
"""

import inspect
from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
from cyclopts import Group, Parameter

from tenure.cli.profiles import TargetOptions

WRITING = Group.create_ordered("Options of every write")
COMMON = Group.create_ordered("Common options")


class SharedOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the shared options said."""

    site: str = ""
    json: bool = False
    debug: bool = False
    profile: str = ""
    url: str = ""
    provider: str = ""
    dry_run: bool = False
    preview: bool = False
    yes: bool = False
    outcome: str = ""
    idempotency_key: str = ""
    if_match: str = ""

    @property
    def target_asked(self) -> TargetOptions:
        """Which server, as whom."""
        return TargetOptions(profile=self.profile, url=self.url, provider=self.provider)


def make_option(
    name: str, kind: Any, text: str, default: Any = inspect.Parameter.empty, group: Any = None
) -> inspect.Parameter:
    """One option `--name` of the parser; without default it must be given."""
    # A group of None is no group at all for the parser: it would leave the option out of the help.
    grouped = {} if group is None else {"group": group}
    parameter = Parameter(help=text, negative=() if kind is bool else None, **grouped)
    return inspect.Parameter(
        name.replace("-", "_"), inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, parameter]
    )


def make_argument(name: str, kind: Any, text: str, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    """One argument in its place, which may also be given by name."""
    return inspect.Parameter(
        name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=Annotated[kind, Parameter(help=text)]
    )


_EVERYWHERE = (
    make_option("json", bool, "Print the answer as JSON, a refusal as problem+json on stderr.", False, COMMON),
    make_option("debug", bool, "Write the trace of an unforeseen error to a file.", False, COMMON),
)
_REMOTE = (
    make_option("profile", str, "The profile to use instead of the default one [env: TENURE_PROFILE].", "", COMMON),
    make_option("url", str, "The server's address [env: TENURE_URL].", "", COMMON),
    make_option("provider", str, "For the vendor's tokens: whose data is meant [env: TENURE_PROVIDER].", "", COMMON),
)
_KEY = make_option(
    "idempotency_key", str, "The key of an earlier try of the same command: it then has one effect.", "", WRITING
)
_DRY = make_option("dry_run", bool, "Do nothing; show what would happen.", False, WRITING)
_PREVIEW = make_option(
    "preview", bool, "Show what would happen, ask, then do exactly that (on a terminal the rule).", False, WRITING
)
_YES = make_option("yes", bool, "Do it without asking.", False, WRITING)
_OUTCOME = make_option("outcome", str, "The outcome hash of a dry run: do exactly that or nothing.", "", WRITING)
_IF_MATCH = make_option("if_match", str, "Do it only if the resource still has this ETag.", "", WRITING)

AT_SITE = (make_option("site", str, "The site's folder [env: TENURE_SITE].", ""),)
"""Put before the others by a command whose session is a site's."""
LOCAL = _EVERYWHERE
"""Commands that need no server."""
ASKING = (_YES, *_EVERYWHERE)
"""As `LOCAL`, of what cannot be undone: asked about first on a terminal."""
ERASING = (_DRY, _YES, *_EVERYWHERE)
"""What takes something away on this computer for good: shown and asked about first on a terminal."""
READING = (*_REMOTE, *_EVERYWHERE)
CREATING = (_DRY, _PREVIEW, _YES, _KEY, *READING)
"""A POST: one effect however often it is sent."""
ORDERING = (_DRY, _PREVIEW, _YES, _OUTCOME, _KEY, *READING)
"""An order: a POST whose preview can be applied by its name."""
CHANGING = (_DRY, _PREVIEW, _YES, _IF_MATCH, *READING)
"""PUT and DELETE, repeatable by nature."""
PUBLISHING = (_DRY, _PREVIEW, _YES, _OUTCOME, _IF_MATCH, *READING)
"""A PUT that does exactly what a report was about, when it is told the report's name."""
ACTING = (_DRY, _PREVIEW, _YES, _OUTCOME, _KEY, _IF_MATCH, *READING)
"""An action on a subscription: what was previewed can be applied by its name."""


def split_options(given: dict[str, Any], shared: Iterable[inspect.Parameter]) -> tuple[SharedOptions, dict[str, Any]]:
    """What was given, divided into the shared options and the command's own."""
    names = {each.name for each in shared}
    own = {name: value for name, value in given.items() if name not in names}
    return SharedOptions(**{name: value for name, value in given.items() if name in names}), own
