"""`tenure dns`: whether public DNS may be used to find the activation server, whose, and what came of it (B10)."""

from typing import Annotated, Any, Literal

from cyclopts import Parameter

from tenure.cli.api import CliRequest
from tenure.cli.options import LOCAL
from tenure.cli.output import CommandOutput
from tenure.cli.registration import add_noun, add_verb, add_words
from tenure.cli.screen import CommandScreen, TableColumn
from tenure.cli.site_session import HERE, SiteCommandSession

WAY = (
    TableColumn("Way", "kind"),
    TableColumn("Resolver", "resolver"),
    TableColumn("Address", "address"),
    TableColumn("Used", "count", "count"),
    TableColumn("Last", "last", "moment"),
)
CHECK = (
    TableColumn("Check", "name"),
    TableColumn("Result", "state"),
    TableColumn("Seen", "text"),
    TableColumn("Remedy", "remedy"),
)
Mode = Annotated[Literal["lease", "auto", "list", "off"], Parameter(help="`lease`: as the provider says.")]
Resolvers = Annotated[tuple[str, ...], Parameter(name="--resolver", help="In order; repeat for more.")]
Suffixes = Annotated[tuple[str, ...], Parameter(name="--private", help="Names never asked of a public resolver.")]

_APP = add_noun("dns", "How the activation server's name is found: show, set, test.", HERE)
add = add_words(_APP)


@add_verb(_APP, "show", LOCAL, example="tenure dns show")
def show_dns(here: SiteCommandSession) -> CommandOutput:
    """Show the setting in force, the way used last, and how often each was used."""
    return here.get_shown("/v1/dns", _print_dns)


@add_verb(_APP, "set", LOCAL, example="tenure dns set list --resolver https://dns.quad9.net/dns-query")
def set_dns(here: SiteCommandSession, mode: Mode, *, resolver: Resolvers = (), private: Suffixes = ()) -> CommandOutput:
    """Choose whether and which public resolvers may be asked; `off`: no packet to any."""
    return here.put("/v1/dns", _print_dns, _request_body(mode, resolver, private))


@add_verb(_APP, "test", LOCAL, example="tenure dns test off")
def test_dns(
    here: SiteCommandSession, mode: Mode, *, resolver: Resolvers = (), private: Suffixes = ()
) -> CommandOutput:
    """Test every way that a setting would allow, without changing it."""
    with here.show_busy("Trying every way …"):
        api = here.api()
        body = _request_body(mode, resolver, private)
        asked = CliRequest(method="POST", path="/v1/dns/test", body=body)
        answer = api.send(asked)
    return CommandOutput(answer.body, lambda screen, value: screen.table(value["checks"], CHECK))


def _request_body(mode: str, resolvers: tuple[str, ...], private: tuple[str, ...]) -> dict[str, Any]:
    return {
        "mode": "" if mode == "lease" else mode,
        "resolvers": list(resolvers),
        "private_suffixes": list(private),
    }


def _print_dns(screen: CommandScreen, value: Any) -> None:
    by = {"administrator": "chosen here", "provider": "the provider's lease says so", "default": "default, not chosen"}
    screen.line(f"Public DNS: {value['effective']} ({by[value['decided_by']]}).")
    if value["resolvers"]:
        screen.line(f"Resolvers, in order: {', '.join(value['resolvers'])}")
    if value["private_suffixes"]:
        screen.line(f"Never asked of them: {', '.join(value['private_suffixes'])}")
    screen.table(value["ways"], WAY, "No answer has come yet.")
    screen.line(f"Exchanges without an answer: {value['failed']}")
