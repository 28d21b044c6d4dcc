"""`tenure providers` and `tenure tokens`: who sells, and who may use the API."""

from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from tenure.cli.api import Sending, path
from tenure.cli.desk import Desk
from tenure.cli.kinds import Limit
from tenure.cli.options import CHANGING, CREATING, READING
from tenure.cli.output import sentence
from tenure.cli.problems import invalid
from tenure.cli.show import Column, Screen
from tenure.cli.verbs import ACCESS, SELLING, Ended, noun, verb

PROVIDER = (
    Column("Provider", "id"),
    Column("Name", "name"),
    Column("Currency", "currency"),
    Column("Sandbox", "sandbox", "yes"),
    Column("Its clock", "now", "moment"),
)
TOKEN = (
    Column("Token", "id"),
    Column("Name", "name"),
    Column("Role", "role"),
    Column("Customer", "customer"),
    Column("Expires", "expires", "moment"),
    Column("Last used", "last_use", "moment"),
    Column("Scopes", "scopes", "list"),
)

ProviderId = Annotated[str, Parameter(help="The provider's id, `prv_…`.")]

_PROVIDERS = noun("providers", "Service providers: list, show, add, change.", SELLING)
_TOKENS = noun("tokens", "API tokens: list, add, withdraw.", ACCESS)


def add(app: App) -> None:
    """Add `tenure providers` and `tenure tokens`."""
    app.command(_PROVIDERS)
    app.command(_TOKENS)


@verb(_PROVIDERS, "list", READING, example="tenure providers list")
def list_providers(desk: Desk, *, limit: Limit = None) -> Ended:
    """List providers: all of them for the vendor, its own for a provider."""
    return desk.listed("/v1/providers", _providers, {}, limit=limit, tenant=False)


@verb(_PROVIDERS, "add", CREATING, example="tenure providers add 'Northern IT' --currency EUR")
def add_provider(
    desk: Desk,
    name: Annotated[str, Parameter(help="The provider's name.")],
    *,
    currency: Annotated[str, Parameter(help="ISO 4217, such as EUR: of all its prices and balances.")],
    sandbox: Annotated[bool, Parameter(negative=(), help="With a clock of its own, and worthless signatures.")] = False,
    brand: Annotated[str, Parameter(help="The name it shows to its customers.")] = "",
    logo: Annotated[str, Parameter(help="Address of its logo, https.")] = "",
    colour: Annotated[str, Parameter(help="Its colour, such as #0a5bd3.")] = "",
    support: Annotated[str, Parameter(help="How its support is reached.")] = "",
    renew_url: Annotated[str, Parameter(help="Where customers renew.")] = "",
) -> Ended:
    """Add a service provider (the vendor only)."""
    given = {"name": brand, "logo": logo, "colour": colour, "support": support, "renew_url": renew_url}
    body: dict[str, Any] = {"name": name, "currency": currency, "sandbox": sandbox}
    body["brand"] = {field: value for field, value in given.items() if value}
    sending = Sending(method="POST", path="/v1/providers", body=body, tenant=False)
    return desk.write(sending, _provider)


@verb(_PROVIDERS, "show", READING, example="tenure providers show prv_…")
def show_provider(desk: Desk, provider_id: ProviderId) -> Ended:
    """Show one provider."""
    return desk.shown(path("/v1/providers/{provider}", provider=provider_id), _provider, tenant=False)


@verb(_PROVIDERS, "change", CHANGING, example="tenure providers change prv_… 'Northern IT Ltd'")
def change_provider(
    desk: Desk, provider_id: ProviderId, name: Annotated[str, Parameter(help="Its name from now on.")]
) -> Ended:
    """Give a provider another name (the vendor only); its currency and its kind never change."""
    where = path("/v1/providers/{provider}", provider=provider_id)
    return desk.write(Sending(method="PUT", path=where, body={"name": name}, tenant=False), _provider)


@verb(_TOKENS, "list", READING, example="tenure tokens list")
def list_tokens(desk: Desk, *, limit: Limit = None) -> Ended:
    """List tokens, without their secrets."""
    return desk.listed("/v1/tokens", _tokens, {}, limit=limit)


@verb(_TOKENS, "add", CREATING, example="tenure tokens add billing --scope money:read --days 90")
def add_token(
    desk: Desk,
    name: Annotated[str, Parameter(help="What it is for.")],
    *,
    role: Annotated[
        Literal["vendor", "provider", "customer"], Parameter(help="As whom the program acts.")
    ] = "provider",
    customer: Annotated[str, Parameter(help="For the role `customer`: whose.")] = "",
    scope: Annotated[
        tuple[str, ...],
        Parameter(help="What it may do, such as `money:read`; repeat for more. Needed unless --everything."),
    ] = (),
    everything: Annotated[
        bool, Parameter(negative=(), help="All that its role may do, but for people and the audit.")
    ] = False,
    days: Annotated[int, Parameter(help="How long it is good for.")] = 365,
) -> Ended:
    """Make a token for a program; its secret is shown this once."""
    if everything == bool(scope):
        return invalid("Name what it may do with --scope, or say --everything instead.", "scope")
    body: dict[str, Any] = {"name": name, "role": role, "scopes": scope or ("*",), "days": days}
    if customer:
        body["customer"] = customer
    return desk.write(Sending(method="POST", path="/v1/tokens", body=body), _made)


@verb(_TOKENS, "withdraw", CHANGING, example="tenure tokens withdraw tok_…")
def withdraw_token(desk: Desk, token: Annotated[str, Parameter(help="The token's id, `tok_…`.")]) -> Ended:
    """Make a token good for nothing from now on."""
    where = path("/v1/tokens/{token}", token=token)
    return desk.write(Sending(method="DELETE", path=where), sentence(f"{token} is withdrawn."))


def _providers(screen: Screen, items: Any) -> None:
    screen.table(items, PROVIDER, "There are no providers yet.")


def _provider(screen: Screen, value: Any) -> None:
    screen.card(value, PROVIDER)


def _tokens(screen: Screen, items: Any) -> None:
    screen.table(items, TOKEN, "There are no tokens.")


def _made(screen: Screen, value: Any) -> None:
    screen.card(value, TOKEN)
    if value.get("token"):
        screen.line()
        screen.heading(value["token"])
        screen.line("This secret is shown once; put it where the program reads it, such as TENURE_TOKEN.")
