"""`tenure dns`: whether public DNS may be used to find the licensing server, whose, and what came of it (B10)."""

from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from tenure.cli.api import Sending
from tenure.cli.desk import Desk
from tenure.cli.options import LOCAL
from tenure.cli.output import Output
from tenure.cli.problems import Failed
from tenure.cli.show import Column, Screen
from tenure.cli.site_desk import HERE, Site, site_desk
from tenure.cli.verbs import Ended, noun, verb

WAY = (
    Column("Way", "kind"),
    Column("Resolver", "resolver"),
    Column("Address", "address"),
    Column("Used", "count", "count"),
    Column("Last", "last", "moment"),
)
CHECK = (Column("Check", "name"), Column("Result", "state"), Column("Seen", "text"), Column("Remedy", "remedy"))
Mode = Annotated[Literal["lease", "auto", "list", "off"], Parameter(help="`lease`: as the provider says.")]
Resolvers = Annotated[tuple[str, ...], Parameter(name="--resolver", help="In order; repeat for more.")]
Suffixes = Annotated[tuple[str, ...], Parameter(name="--private", help="Names never asked of a public resolver.")]

_APP = noun("dns", "How the licensing server's name is found: show, set, test.", HERE)


def add(app: App) -> None:
    """Add `tenure dns`."""
    app.command(_APP)


@verb(_APP, "show", LOCAL, example="tenure dns show")
def show_dns(desk: Desk, *, site: Site = "") -> Ended:
    """Show the choice that holds, the way used last, and how often each was used."""
    with site_desk(desk, site) as here:
        return here.shown("/v1/dns", _dns, tenant=False)


@verb(_APP, "set", LOCAL, example="tenure dns set list --resolver https://dns.quad9.net/dns-query")
def set_dns(desk: Desk, mode: Mode, *, resolver: Resolvers = (), private: Suffixes = (), site: Site = "") -> Ended:
    """Choose whether and which public resolvers may be asked; `off`: no packet to any."""
    with site_desk(desk, site) as here:
        return here.write(
            Sending(method="PUT", path="/v1/dns", body=_body(mode, resolver, private), tenant=False), _dns
        )


@verb(_APP, "test", LOCAL, example="tenure dns test off")
def test_dns(desk: Desk, mode: Mode, *, resolver: Resolvers = (), private: Suffixes = (), site: Site = "") -> Ended:
    """Try every way that a choice would allow, without making it."""
    with site_desk(desk, site) as here, here.busy("Trying every way …"):
        api = here.api()
        body = _body(mode, resolver, private)
        asked = Sending(method="POST", path="/v1/dns/test", body=body, tenant=False)
        answer = api if isinstance(api, Failed) else api.send(asked)
    if isinstance(answer, Failed):
        return answer
    return Output(answer.body, lambda screen, value: screen.table(value["checks"], CHECK))


def _body(mode: str, resolvers: tuple[str, ...], private: tuple[str, ...]) -> dict[str, Any]:
    return {
        "mode": "" if mode == "lease" else mode,
        "resolvers": list(resolvers),
        "private_suffixes": list(private),
    }


def _dns(screen: Screen, value: Any) -> None:
    by = {"administrator": "chosen here", "provider": "the provider's lease says so", "default": "nobody chose"}
    screen.line(f"Public DNS: {value['effective']} ({by[value['decided_by']]}).")
    if value["resolvers"]:
        screen.line(f"Resolvers, in order: {', '.join(value['resolvers'])}")
    if value["private_suffixes"]:
        screen.line(f"Never asked of them: {', '.join(value['private_suffixes'])}")
    screen.table(value["ways"], WAY, "No answer has come yet.")
    screen.line(f"Exchanges without an answer: {value['failed']}")
