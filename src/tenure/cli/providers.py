"""`tenure providers` and `tenure tokens`: who sells, and who may use the API."""

from typing import Annotated, Any, Literal

from cyclopts import Parameter

from tenure.cli.argument_types import Limit
from tenure.cli.command_session import CommandSession
from tenure.cli.options import CHANGING, CREATING, READING
from tenure.cli.output import CommandOutput, sentence_output, show_card, show_table
from tenure.cli.problems import invalid_field
from tenure.cli.registration import ACCESS, SELLING, add_noun, add_verb, add_words
from tenure.cli.screen import CommandScreen, TableColumn
from tenure.cli.thing_names import listed_name
from tenure.http.client.api_exchange import fill_path

PROVIDER = (
    TableColumn("Provider", "id"),
    TableColumn("Name", "name"),
    TableColumn("Currency", "currency"),
    TableColumn("Sandbox", "sandbox", "yes"),
    TableColumn("Its clock", "now", "moment"),
)
TOKEN = (
    TableColumn("Token", "id"),
    TableColumn("Name", "name"),
    TableColumn("Role", "role"),
    TableColumn("Customer", "customer"),
    TableColumn("Expires", "expires", "moment"),
    TableColumn("Last used", "last_use", "moment"),
    TableColumn("Scopes", "scopes", "list"),
)

ProviderId = Annotated[str, Parameter(help="The provider's id, `prv_…`.")]

_PROVIDERS = add_noun("providers", "Service providers: list, show, add, change.", SELLING)
_TOKENS = add_noun("tokens", "API tokens: list, add, withdraw.", ACCESS)
add = add_words(_PROVIDERS, _TOKENS)


@add_verb(_PROVIDERS, "list", READING, example="tenure providers list")
def list_providers(session: CommandSession, *, limit: Limit = None) -> CommandOutput:
    """List providers: all of them for the vendor, its own for a provider."""
    return session.get_list(
        "/v1/providers", show_table(PROVIDER, "There are no providers yet."), limit=limit, tenant=False
    )


@add_verb(_PROVIDERS, "add", CREATING, example="tenure providers add 'Northern IT' --currency EUR")
def add_provider(
    session: CommandSession,
    name: Annotated[str, Parameter(help="The provider's name.")],
    *,
    currency: Annotated[str, Parameter(help="ISO 4217, such as EUR: of all its prices and balances.")],
    sandbox: Annotated[
        bool, Parameter(negative=(), help="With its own clock, and signatures that production refuses.")
    ] = False,
    brand: Annotated[str, Parameter(help="The name it shows to its customers.")] = "",
    logo: Annotated[str, Parameter(help="Address of its logo, https.")] = "",
    color: Annotated[str, Parameter(help="Its color, such as #0a5bd3.")] = "",
    support: Annotated[str, Parameter(help="Contact of its support.")] = "",
    renew_url: Annotated[str, Parameter(help="Where customers renew.")] = "",
) -> CommandOutput:
    """Add a service provider (the vendor only)."""
    given = {"name": brand, "logo": logo, "color": color, "support": support, "renew_url": renew_url}
    body: dict[str, Any] = {"name": name, "currency": currency, "sandbox": sandbox}
    body["brand"] = {field: value for field, value in given.items() if value}
    return session.post("/v1/providers", show_card(PROVIDER), body, tenant=False)


@add_verb(_PROVIDERS, "show", READING, example="tenure providers show prv_…")
def show_provider(session: CommandSession, provider_id: ProviderId) -> CommandOutput:
    """Show one provider."""
    return session.get_shown(
        fill_path("/v1/providers/{provider}", provider=provider_id), show_card(PROVIDER), tenant=False
    )


@add_verb(_PROVIDERS, "change", CHANGING, example="tenure providers change prv_… 'Northern IT Ltd'")
def change_provider(
    session: CommandSession, provider_id: ProviderId, name: Annotated[str, Parameter(help="Its name from now on.")]
) -> CommandOutput:
    """Give a provider another name (the vendor only); its currency and its kind never change."""
    where = fill_path("/v1/providers/{provider}", provider=provider_id)
    return session.put(where, show_card(PROVIDER), {"name": name}, tenant=False)


@add_verb(_TOKENS, "list", READING, example="tenure tokens list")
def list_tokens(session: CommandSession, *, limit: Limit = None) -> CommandOutput:
    """List tokens, without their secrets."""
    return session.get_list("/v1/tokens", show_table(TOKEN, "There are no tokens."), limit=limit)


@add_verb(_TOKENS, "add", CREATING, example="tenure tokens add billing --scope money:read --days 90")
def add_token(
    session: CommandSession,
    name: Annotated[str, Parameter(help="What it is for.")],
    *,
    role: Annotated[
        Literal["vendor", "provider", "customer"], Parameter(help="The role in which the program acts.")
    ] = "provider",
    customer: Annotated[str, Parameter(help="For the role `customer`: which customer.")] = "",
    scope: Annotated[
        tuple[str, ...],
        Parameter(help="What it may do, such as `money:read`; repeat for more. Needed unless --everything."),
    ] = (),
    everything: Annotated[
        bool, Parameter(negative=(), help="All that its role may do, except users and the audit log.")
    ] = False,
    days: Annotated[int, Parameter(help="For how many days it is valid.")] = 365,
) -> CommandOutput:
    """Make a token for a program; its secret is shown this once."""
    if everything == bool(scope):
        raise invalid_field("Name what it may do with --scope, or say --everything instead.", "scope")
    body: dict[str, Any] = {"name": name, "role": role, "scopes": scope or ("*",), "days": days}
    if customer:
        body["customer"] = customer
    return session.post("/v1/tokens", _print_token, body)


@add_verb(_TOKENS, "withdraw", CHANGING, example="tenure tokens withdraw tok_…")
def withdraw_token(
    session: CommandSession, token: Annotated[str, Parameter(help="The token's id, `tok_…`.")]
) -> CommandOutput:
    """Make a token invalid from now on."""
    where = fill_path("/v1/tokens/{token}", token=token)
    called = listed_name(session, "/v1/tokens", token)
    return session.delete(where, sentence_output(f"The API token {called} is withdrawn."))


def _print_token(screen: CommandScreen, value: Any) -> None:
    screen.card(value, TOKEN)
    if value.get("token"):
        screen.line()
        screen.heading(value["token"])
        screen.line("This secret is shown once; put it where the program reads it, such as TENURE_TOKEN.")
