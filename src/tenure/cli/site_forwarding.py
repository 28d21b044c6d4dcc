"""`tenure site forwarding`: events that go out by mail or webhook: set up, tested, shown, resumed.

A password is never an argument: it is asked for, or read from a file or from standard input.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import Parameter

from tenure.cli.api import CliRequest
from tenure.cli.argument_types import Limit, read_file
from tenure.cli.command_session import CommandSession
from tenure.cli.options import ASKING, LOCAL
from tenure.cli.output import CommandOutput, sentence_output, show_table
from tenure.cli.problems import invalid_field
from tenure.cli.registration import add_noun, add_verb, add_words
from tenure.cli.screen import CommandScreen, TableColumn
from tenure.cli.site_session import HERE, SiteCommandSession
from tenure.core.refusals import ExitCode
from tenure.http.client.api_exchange import fill_path

LIST = (
    TableColumn("Name", "name"),
    TableColumn("To", "to"),
    TableColumn("From", "severity"),
    TableColumn("State", "state"),
    TableColumn("Waiting", "waiting", "count"),
    TableColumn("Last taken", "last_taken", "moment"),
)
CARD = (
    TableColumn("Forwarding", "id"),
    *LIST,
    TableColumn("Kinds", "kinds", "list"),
    TableColumn("Encryption", "mail.security"),
    TableColumn("User", "mail.user"),
    TableColumn("Sender", "mail.sender"),
    TableColumn("Recipients", "mail.recipients", "list"),
    TableColumn("Since", "since", "moment"),
    TableColumn("What is wrong", "what"),
    TableColumn("What helps", "remedy"),
    TableColumn("Answered", "said"),
    TableColumn("Next try", "next_try", "moment"),
)
DELIVERY = (
    TableColumn("When", "at", "moment"),
    TableColumn("Taken", "taken", "yes"),
    TableColumn("Events", "count", "count"),
    TableColumn("From no.", "first"),
    TableColumn("To no.", "last"),
    TableColumn("Status", "status"),
    TableColumn("Said", "said"),
    TableColumn("Message", "message"),
)
TESTED = (
    TableColumn("Taken", "taken", "yes"),
    TableColumn("What happened", "what"),
    TableColumn("What helps", "remedy"),
    TableColumn("Said", "said"),
    TableColumn("Answer", "answer"),
    TableColumn("Refused", "refused", "list"),
)

Name = Annotated[str, Parameter(help="The forwarding's name, or its id.")]
NewName = Annotated[str, Parameter(help="What it is called here.")]
Severity = Annotated[Literal["info", "warning", "critical"] | None, Parameter(help="The lowest that is forwarded.")]
Kinds = Annotated[tuple[str, ...], Parameter(name="--kind", help="Of this kind only; repeat for more.")]
Host = Annotated[str, Parameter(help="The mail server's name or address.")]
Port = Annotated[int | None, Parameter(help="587 (starttls), 465 (tls), 25 (starttls).")]
Security = Annotated[
    Literal["starttls", "tls", "none"] | None, Parameter(help="How it is encrypted; `none` to this computer alone.")
]
User = Annotated[str | None, Parameter(help="Who signs in at the mail server; its password is asked for.")]
PasswordFile = Annotated[
    Path | None, Parameter(help="The file with the password; `-` for standard input.", allow_leading_hyphen=True)
]
To = Annotated[tuple[str, ...], Parameter(name="--to", help="A recipient; repeat for more.")]
Authorities = Annotated[Path | None, Parameter(help="More trusted certificate authorities, a PEM file.")]

_APP = add_noun("forwarding", "Events by mail and webhook: mail, webhook, change, test, log, resume, remove.", HERE)
add = add_words(_APP)


@add_verb(_APP, "list", LOCAL, example="tenure site forwarding list")
def list_forwardings(here: SiteCommandSession) -> CommandOutput:
    """List the forwardings of events, with their status."""
    return here.get_list("/v1/forwardings", _print_forwardings, limit=None)


@add_verb(_APP, "show", LOCAL, example="tenure site forwarding show Operations")
def show_forwarding(here: SiteCommandSession, name: Name) -> CommandOutput:
    """Show one forwarding, with the remedy if it fails."""
    found = _find_forwarding(here, name)
    return CommandOutput(msgspec.json.encode(found), _print_forwarding)


@add_verb(_APP, "kinds", LOCAL, example="tenure site forwarding kinds")
def list_kinds(here: SiteCommandSession) -> CommandOutput:
    """List the kinds of events that one may be limited to."""
    columns = (TableColumn("Kind", "kind"), TableColumn("About", "family"), TableColumn("What happened", "text"))
    return here.get_list("/v1/event-kinds", lambda screen, items: screen.table(items, columns), limit=None)


@add_verb(
    _APP,
    "mail",
    LOCAL,
    example="tenure site forwarding mail Operations --host mail.example.com --user tenure --sender tenure@example.com"
    " --to ana@example.com",
)
def add_mail(
    here: SiteCommandSession,
    name: NewName,
    *,
    host: Host,
    sender: Annotated[str, Parameter(help="The sender's address.")],
    to: To,
    port: Port = None,
    security: Security = None,
    user: User = None,
    password_file: PasswordFile = None,
    authorities: Authorities = None,
    severity: Severity = None,
    kind: Kinds = (),
) -> CommandOutput:
    """Forward events from now on by email; events within a minute share one email."""
    chosen: str = security or "starttls"
    mail = {"host": host, "sender": sender, "recipients": to, "security": chosen, "port": port or _usual_port(chosen)}
    if user:
        password = _read_password(here, password_file)
        mail |= {"user": user, "password": password}
    pem = _read_pem(here, authorities)
    body = {"name": name, "severity": severity or "warning", "kinds": kind, "mail": mail | {"authorities": pem}}
    return _add_forwarding(here, body)


@add_verb(_APP, "webhook", LOCAL, example="tenure site forwarding webhook Alerts https://alerts.example.com/hook")
def add_webhook(
    here: SiteCommandSession,
    name: NewName,
    url: Annotated[
        str, Parameter(help="The target address, https; `-` reads it from standard input.", allow_leading_hyphen=True)
    ],
    *,
    authorities: Authorities = None,
    severity: Severity = None,
    kind: Kinds = (),
) -> CommandOutput:
    """Forward events from now on to a webhook; its secret is shown this once."""
    pem = _read_pem(here, authorities)
    webhook = {"url": here.world.stdin.readline(1_024).strip() if url == "-" else url, "authorities": pem}
    return _add_forwarding(here, {"name": name, "severity": severity or "warning", "kinds": kind, "webhook": webhook})


@add_verb(_APP, "change", LOCAL, example="tenure site forwarding change Operations --severity critical")
def change_forwarding(
    here: SiteCommandSession,
    name: Name,
    *,
    rename: Annotated[str, Parameter(help="Another name.")] = "",
    severity: Severity = None,
    kind: Kinds = (),
    all_kinds: Annotated[bool, Parameter(negative=(), help="Every kind again.")] = False,
    url: Annotated[str, Parameter(help="A webhook's new address.")] = "",
    host: Host = "",
    port: Port = None,
    security: Security = None,
    user: User = None,
    password: Annotated[bool, Parameter(negative=(), help="Ask for the password again.")] = False,
    password_file: PasswordFile = None,
    sender: Annotated[str, Parameter(help="The sender's address.")] = "",
    to: To = (),
    authorities: Authorities = None,
) -> CommandOutput:
    """Change what is given; the rest stays. Another mail server or user wants the password again."""
    mail: dict[str, Any] = {"host": host, "port": port, "security": security, "sender": sender, "recipients": to}
    if user or password or password_file:
        secret = _read_password(here, password_file)
        mail["password"] = secret
    pem = _read_pem(here, authorities)
    parts = {each: value for each, value in mail.items() if value} | ({"user": user} if user is not None else {})
    given: dict[str, Any] = {"name": rename, "severity": severity, "kinds": kind}
    changed = {each: value for each, value in given.items() if value} | ({"kinds": ()} if all_kinds else {})
    inner = {"mail": parts | _refuse_nothing(authorities=pem), "webhook": _refuse_nothing(url=url, authorities=pem)}
    return _change_forwarding(here, name, changed, inner)


@add_verb(_APP, "on", LOCAL, example="tenure site forwarding on Operations")
def switch_on(here: SiteCommandSession, name: Name) -> CommandOutput:
    """Switch one on again: it goes on where it stopped."""
    return _change_forwarding(here, name, {"active": True}, {})


@add_verb(_APP, "off", LOCAL, example="tenure site forwarding off Operations")
def switch_off(here: SiteCommandSession, name: Name) -> CommandOutput:
    """Switch one off: events of the meantime wait."""
    return _change_forwarding(here, name, {"active": False}, {})


@add_verb(_APP, "test", LOCAL, example="tenure site forwarding test Operations")
def test_forwarding(here: SiteCommandSession, name: Name) -> CommandOutput:
    """Send a test message now, and show the result and the remedy."""
    with here.show_busy("Sending …"):
        where = _forwarding_path(here, name, "/test")
        api = here.api()
        answer = api.send(CliRequest(method="POST", path=where))
    taken = msgspec.json.decode(answer.body)["taken"]
    return CommandOutput(answer.body, _print_test, ExitCode.DONE if taken else ExitCode.UNREACHABLE)


@add_verb(_APP, "log", LOCAL, example="tenure site forwarding log Operations --limit 20")
def list_deliveries(here: SiteCommandSession, name: Name, *, limit: Limit = None) -> CommandOutput:
    """List the last tries, latest first."""
    where = _forwarding_path(here, name, "/deliveries")
    return here.get_list(where, show_table(DELIVERY, "Nothing was sent yet."), limit=limit)


@add_verb(_APP, "resume", ASKING, example="tenure site forwarding resume Operations")
def resume_forwarding(
    here: SiteCommandSession,
    name: Name,
    *,
    skip: Annotated[bool, Parameter(negative=(), help="Leave out what waited.")] = False,
) -> CommandOutput:
    """Resume after it failed or was given up, with the waiting events."""
    where = _forwarding_path(here, name, "/resume")
    sure = f"The events that wait at the forwarding “{name}” will be left out for good." if skip else ""
    return here.post(where, _print_forwarding, {"skip": skip}, sure=sure)


@add_verb(_APP, "rotate-secret", LOCAL, example="tenure site forwarding rotate-secret Alerts --overlap-hours 48")
def rotate_secret(
    here: SiteCommandSession,
    name: Name,
    *,
    overlap_hours: Annotated[int, Parameter(help="For how many hours the old secret signs too.")] = 24,
) -> CommandOutput:
    """Make a new secret of a webhook, shown this once."""
    where = _forwarding_path(here, name, "/rotate-secret")
    body = {"overlap_hours": overlap_hours}
    return here.post(where, _with_secret, body)


@add_verb(_APP, "remove", ASKING, example="tenure site forwarding remove Operations")
def remove_forwarding(here: SiteCommandSession, name: Name) -> CommandOutput:
    """Remove one, its log and its waiting events."""
    found = _find_forwarding(here, name)
    where, name = fill_path("/v1/forwardings/{forwarding}", forwarding=found["id"]), found["name"]
    sure = f"The forwarding “{name}” will be removed, with its log and its waiting events."
    return here.delete(where, sentence_output(f"The forwarding “{name}” is gone."), sure=sure)


def _add_forwarding(here: SiteCommandSession, body: dict[str, Any]) -> CommandOutput:
    return here.post("/v1/forwardings", _with_secret, body)


def _change_forwarding(
    here: SiteCommandSession, name: str, changed: dict[str, Any], inner: dict[str, dict[str, Any]]
) -> CommandOutput:
    found = _find_forwarding(here, name)
    body = {each: found[each] for each in ("name", "severity", "kinds", "active")} | changed
    for way, parts in inner.items():
        if found[way] is None and set(parts) - {"authorities"}:
            field = next(iter(parts))
            raise invalid_field(f"{found['name']} goes by {'mail' if way == 'webhook' else 'webhook'}.", field)
    way = "mail" if found["mail"] else "webhook"
    kept = {each: value for each, value in found[way].items() if each != "password_set"}
    body[way] = kept | inner.get(way, {})
    where = fill_path("/v1/forwardings/{forwarding}", forwarding=found["id"])
    return here.put(where, _print_forwarding, body)


def _find_forwarding(here: SiteCommandSession, name: str) -> dict[str, Any]:
    answer = here.get("/v1/forwardings?limit=200")
    items: list[dict[str, Any]] = msgspec.json.decode(answer.body)["items"]
    found = next((each for each in items if name in (each["id"], each["name"])), None)
    if found is None:
        raise invalid_field(f"There is no forwarding called {name}; `tenure site forwarding list` shows all.", "name")
    return found


def _forwarding_path(here: SiteCommandSession, name: str, more: str = "") -> str:
    found = _find_forwarding(here, name)
    return fill_path("/v1/forwardings/{forwarding}", forwarding=found["id"]) + more


def _usual_port(security: str) -> int:
    return {"tls": 465, "none": 25}.get(security, 587)


def _read_password(session: CommandSession, file: Path | None) -> str:
    """From a file, from a pipe, or from the terminal without showing it."""
    if file is None and session.world.is_interactive:
        return session.world.ask_secret("Password of the mail server: ").strip("\r\n")
    data = read_file(session.world, file or Path("-"), "password_file", 1_024)
    return data.decode(errors="replace").rstrip("\r\n")


def _read_pem(session: CommandSession, file: Path | None) -> str:
    data = b"" if file is None else read_file(session.world, file, "authorities", 32_768)
    return data.decode(errors="replace")


def _refuse_nothing(**values: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _destination(item: Any) -> str:
    return ", ".join(item["mail"]["recipients"]) if item["mail"] else str(item["webhook"]["url"])


def _print_forwardings(screen: CommandScreen, items: Any) -> None:
    screen.table([{**each, "to": _destination(each)} for each in items], LIST, "Events are not forwarded anywhere.")


def _print_forwarding(screen: CommandScreen, value: Any) -> None:
    left = {"kinds"} if value["mail"] else {"kinds", "mail"}
    shown = [each for each in CARD if each.path.split(".")[0] not in left or value.get(each.path)]
    trouble = {"since", "what", "remedy", "said", "next_try"}
    screen.card(
        {**value, "to": _destination(value)}, [each for each in shown if each.path not in trouble or value[each.path]]
    )


def _with_secret(screen: CommandScreen, value: Any) -> None:
    _print_forwarding(screen, value["forwarding"])
    if value["secret"]:
        screen.line()
        screen.heading(value["secret"])
        screen.line("This secret is shown once; the receiver verifies messages with it (docs/site.md).")


def _print_test(screen: CommandScreen, value: Any) -> None:
    screen.card(value, [each for each in TESTED if each.path == "taken" or value[each.path]])
