"""Forwardings through the local API: who may what, what is refused and how, and that no secret is ever shown again."""

import ast
import asyncio
import re
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from tenure.site.forwarding.kinds import KINDS, SEVERITIES
from tests.server.mailbox import mailbox
from tests.server.receiver import answer, receiver
from tests.site.receiver import ANA, ForwardingEnv, by_mail, by_webhook
from tests.site.site_env import SiteProcess
from tests.site.test_accounts import Staff

WHERE = "/v1/forwardings"
PASSWORD = "correct horse battery"
MAIL = {"host": "mail.example.com", "sender": "tenure@example.com", "recipients": [ANA]}
HOOK = {"url": "https://hooks.example.com/services/very-secret"}


@pytest.fixture
def room(house: SiteProcess) -> ForwardingEnv:
    return ForwardingEnv(house)


def mail(**more: Any) -> dict[str, Any]:
    return {"name": "Mails", "mail": MAIL | more}


def hook(**more: Any) -> dict[str, Any]:
    return {"name": "Hook", "webhook": HOOK | more}


class TestRefusals:
    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"name": "Neither"}, "mail"),
            (mail() | {"webhook": HOOK}, "mail"),
            (mail() | {"name": ""}, "name"),
            (mail() | {"name": "two\nlines"}, "name"),
            (mail() | {"severity": "loud"}, "severity"),
            (mail() | {"kinds": ["seat_conflicts"]}, "kinds"),
            (mail() | {"kinds": ["fork_found", "fork_found"]}, "kinds"),
            (mail(host="no host"), "mail.host"),
            (mail(host="0x7f000001"), "mail.host"),
            (mail(host="169.254.169.254"), "mail.host"),
            (mail(port=0), "mail.port"),
            (mail(port=65_536), "mail.port"),
            (mail(security="ssl"), "mail.security"),
            (mail(security="none"), "mail.security"),
            (mail(sender="Tenure <tenure@example.com>"), "mail.sender"),
            (mail(recipients=[]), "mail.recipients"),
            (mail(recipients=[ANA, "nobody"]), "mail.recipients"),
            (mail(recipients=[ANA, ANA.upper()]), "mail.recipients"),
            (mail(recipients=[f"a{number}@example.com" for number in range(21)]), "mail.recipients"),
            (mail(user="ana"), "mail.password"),
            (mail(password=PASSWORD), "mail.user"),
            (mail(user="ana", password="pässword"), "mail.password"),
            (mail(authorities="no certificate"), "mail.authorities"),
            (mail(authorities="-----BEGIN PRIVATE KEY-----"), "mail.authorities"),
            (mail(unheard="of"), "mail.unheard"),
            (hook(url="http://hooks.example.com/"), "webhook.url"),
            (hook(url="ftp://hooks.example.com/"), "webhook.url"),
            (hook(url="https://ana:secret@hooks.example.com/"), "webhook.url"),
            (hook(url="https://hooks.example.com/#part"), "webhook.url"),
            (hook(url="https://hooks.example.com/ü"), "webhook.url"),
            (hook(url="https://169.254.169.254/latest/meta-data"), "webhook.url"),
            (hook(url="https://[::ffff:169.254.169.254]/"), "webhook.url"),
            (hook(url="https://[fe80::1]/"), "webhook.url"),
            (hook(url="https://[fd00:ec2::254]/"), "webhook.url"),
            (hook(url="https://0.0.0.0/"), "webhook.url"),
            (hook(url="http://10.0.0.8/"), "webhook.url"),
            (hook(url="https://hooks.example.com:0/"), "webhook.url"),
            (hook(url="hooks"), "webhook.url"),
        ],
    )
    def test_every_field_is_refused_by_its_name_with_what_to_write(
        self, room: ForwardingEnv, body: dict[str, Any], field: str
    ) -> None:
        said = room.root.send("POST", WHERE, body)
        assert said.status_code == 422, said.text
        problem = said.json()
        assert (problem["code"], problem["field"]) == ("field_invalid", field)
        assert problem["detail"]
        assert problem["remedy"]
        assert room.root.get(WHERE)["items"] == []

    def test_private_networks_are_the_administrators_own(self, room: ForwardingEnv) -> None:
        for number, host in enumerate(
            ("10.0.0.8", "192.168.1.2", "[fd12:3456::1]", "alerts.corp.internal", "127.0.0.1")
        ):
            assert (
                room.root.send("POST", WHERE, hook(url=f"https://{host}/") | {"name": f"N{number}"}).status_code == 201
            )

    def test_a_name_is_taken_once_and_there_is_an_end(self, room: ForwardingEnv) -> None:
        room.root.post(WHERE, hook())
        assert room.root.refused("POST", WHERE, hook()) == "already_exists"
        for number in range(19):
            room.root.post(WHERE, hook() | {"name": f"No. {number}"})
        assert room.root.refused("POST", WHERE, hook() | {"name": "one more"}) == "field_invalid"

    def test_what_is_not_there_is_not_found(self, room: ForwardingEnv) -> None:
        nowhere = f"{WHERE}/fwd_{'0' * 26}"
        for method, path, body in (
            ("GET", "", None), ("PUT", "", hook()), ("DELETE", "", None), ("GET", "/deliveries", None),
            ("POST", "/test", None), ("POST", "/resume", {}), ("POST", "/rotate-secret", {}),
        ):  # fmt: skip
            assert room.root.refused(method, nowhere + path, body) == "not_found", path

    def test_a_password_that_was_kept_is_not_shown_to_another_server(self, room: ForwardingEnv) -> None:
        made = room.root.post(WHERE, mail(user="ana", password=PASSWORD))
        where = f"{WHERE}/{made['forwarding']['id']}"
        assert room.root.send("PUT", where, mail(user="ana", recipients=["bob@example.com"])).status_code == 200
        for moved in ({"host": "evil.example.com"}, {"port": 2525}, {"user": "eve"}, {"security": "tls"}):
            said = room.root.send("PUT", where, mail(**({"user": "ana"} | moved)))
            assert said.json()["field"] == "mail.password", moved
        assert room.root.send("PUT", where, hook()).json()["field"] == "webhook"


class TestSecrets:
    def test_a_webhooks_secret_is_shown_once_and_a_rehearsal_shows_none(self, room: ForwardingEnv) -> None:
        assert room.root.post(WHERE, hook(), dry_run="true")["secret"] == ""
        assert room.root.get(WHERE)["items"] == []
        made = room.root.post(WHERE, hook())
        assert made["secret"].startswith("whsec_")
        assert made["secret"] not in room.root.send("GET", WHERE).text

    def test_nothing_of_them_lies_in_the_store_or_in_an_event(self, room: ForwardingEnv) -> None:
        made = room.root.post(WHERE, hook())
        room.root.post(WHERE, mail(user="ana", password=PASSWORD))
        folder = room.house.site.folder
        kept = b"".join(each.read_bytes() for each in folder.iterdir() if each.name.startswith("site.db"))
        for secret in (PASSWORD, made["secret"], made["secret"].removeprefix("whsec_")):
            assert secret.encode() not in kept
        events = room.root.send("GET", "/v1/events").text
        assert "very-secret" not in events
        assert PASSWORD not in events + room.root.send("GET", WHERE).text

    def test_auditors_and_operators_look_without_what_may_be_secret(self, room: ForwardingEnv) -> None:
        staff = Staff(room.house)
        made = room.root.post(WHERE, hook())
        where = f"{WHERE}/{made['forwarding']['id']}"
        for role in ("auditor", "operator"):
            user = staff.user(role, role)
            assert user.get(where)["webhook"]["url"] == "https://hooks.example.com/…"
            assert user.get(f"{where}/deliveries")["items"] == []
            for method, path, body in (
                ("POST", WHERE, hook()), ("PUT", where, hook()), ("DELETE", where, None),
                ("POST", f"{where}/test", None), ("POST", f"{where}/resume", {}),
                ("POST", f"{where}/rotate-secret", {}),
            ):  # fmt: skip
                assert user.refused(method, path, body) == "action_not_permitted", (role, path)
        ada = staff.user("ada", "administrator")
        assert ada.get(where)["webhook"]["url"] == HOOK["url"]

    def test_every_change_is_an_event_with_who_did_it(self, room: ForwardingEnv) -> None:
        ada = Staff(room.house).user("ada", "administrator")
        made = ada.post(WHERE, hook())["forwarding"]["id"]
        ada.send("PUT", f"{WHERE}/{made}", hook(url="https://other.example.com/") | {"active": False})
        ada.post(f"{WHERE}/{made}/rotate-secret", {"overlap_hours": 0})
        ada.post(f"{WHERE}/{made}/resume", {"skip": True})
        ada.send("DELETE", f"{WHERE}/{made}")
        told = [(each["kind"], each["text"]) for each in ada.get("/v1/events")["items"][:5]]
        assert [kind for kind, _ in told] == [
            "forwarding_removed", "forwarding_resumed", "forwarding_changed", "forwarding_changed", "forwarding_added",
        ]  # fmt: skip
        assert all(text.startswith("ada ") for _, text in told)
        assert "other.example.com:443" in told[3][1]


def test_every_kind_that_the_site_tells_of_is_in_the_list(room: ForwardingEnv) -> None:
    listed = {each["kind"] for each in room.root.get("/v1/event-kinds")["items"]}
    assert listed == KINDS
    source = Path(__file__).resolve().parents[2] / "src" / "tenure" / "site"
    named = {"forwarding_test"}
    for file in source.rglob("*.py"):
        named |= _kinds_in(file)
    assert named - KINDS == {"forwarding_test"}
    assert len(named) > 30
    page = (source.parents[2] / "docs" / "site.md").read_text()
    assert [kind for kind in sorted(KINDS) if f"`{kind}`" not in page] == []


class TestTests:
    """What a test message finds out, and what it says."""

    async def test_a_mail_that_is_taken_and_one_that_is_not(self, room: ForwardingEnv) -> None:
        async with mailbox() as box:
            made = await room.add(**by_mail(box))
            tested = await room.test(made["id"])
            assert tested["taken"]
            assert "look whether it arrives" in tested["what"]
            assert (
                box.mails[0]["Subject"]
                == "[Head office] This is a test. Its readers get the messages of this forwarding."
            )
            box.refused = "550 5.7.1 Relaying denied"
            tested = await room.test(made["id"])
            assert (tested["taken"], tested["cause"]) == (False, "recipients_refused")
            assert "Relaying denied" in tested["said"]
            assert "user and password" in tested["remedy"]
            log = await room.log(made["id"])
            assert [(each["taken"], each["first"], each["count"]) for each in log] == [
                (False, None, 0),
                (True, None, 0),
            ]

    async def test_tls_names_are_always_checked(self, room: ForwardingEnv) -> None:
        ca, contexts = trustme.CA(), {}
        for name in ("localhost", "another.example.com"):
            contexts[name] = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            ca.issue_cert(name).configure_cert(contexts[name])
        pem = ca.cert_pem.bytes().decode()

        async def tried(name: str, security: str, **more: Any) -> Any:
            given = {"starttls": contexts[name]} if security == "starttls" else {"tls": contexts[name]}
            async with mailbox(**given) as box:
                body = by_mail(box)["mail"] | {"host": "localhost", "security": security} | more
                made = await room.add(mail=body, name=f"{name} {security} {len(more)}")
                return await room.test(made["id"])

        for security in ("starttls", "tls"):
            assert (await tried("localhost", security, authorities=pem))["taken"]
            assert (await tried("another.example.com", security, authorities=pem))["cause"] == "tls_name"
            said = await tried("localhost", security)
            assert said["cause"] == "tls_untrusted"
            assert "authority" in said["remedy"]

    async def test_signing_in_is_explained(self, room: ForwardingEnv) -> None:
        ca = trustme.CA()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        ca.issue_cert("localhost").configure_cert(context)
        more = {"host": "localhost", "security": "starttls", "authorities": ca.cert_pem.bytes().decode(), "user": "ana"}
        async with mailbox(starttls=context) as box:
            body = by_mail(box)["mail"] | more
            made = await room.add(mail=body | {"password": "wrong"})
            said = await room.test(made["id"])
            assert said["cause"] == "sign_in_refused"
            assert "Enter both again" in said["remedy"]
            where = f"{WHERE}/{made['id']}"
            await room.aside(room.root.send, "PUT", where, {"name": "Operations", "mail": body | {"password": "right"}})
            assert (await room.test(made["id"]))["taken"]
            assert box.signed_in[-1] == (b"ana", b"right")
        async with mailbox(signs_in=False) as box:
            made = await room.add(**by_mail(box), name="plain")
            more = {"user": "ana", "password": "right"}
            body = by_mail(box)["mail"] | more
            await room.aside(room.root.send, "PUT", f"{WHERE}/{made['id']}", {"name": "plain", "mail": body})
            assert (await room.test(made["id"]))["cause"] == "sign_in_unknown"

    async def test_a_webhook_is_explained_by_what_it_answers(self, room: ForwardingEnv) -> None:
        async with receiver() as there:
            made = await room.add(**by_webhook(there))
            for status, cause in (
                ("200 Yes", ""), ("403 No", "not_allowed"), ("404 What", "not_found"), ("410 Gone", "gone"),
                ("500 Oh", "answered_otherwise"),
            ):  # fmt: skip
                there.answers = [answer(status, b"<b>words</b>")]
                said = await room.test(made["id"])
                assert (said["cause"], said["taken"]) == (cause, not cause)
                assert said["answer"] == "<b>words</b>"
            there.answers = [b"SSH-2.0-hello\r\n"]
            assert (await room.test(made["id"]))["cause"] == "not_understood"
        assert (await room.test(made["id"]))["cause"] == "connection_refused"
        assert (await room.read(made["id"]))["state"] == "new"

    async def test_a_name_that_is_none_and_a_port_without_tls(self, room: ForwardingEnv) -> None:
        async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            writer.write(answer("400 Bad Request"))
            writer.close()

        server = await asyncio.start_server(plain, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        for url, cause in ((f"https://localhost:{port}/", "tls_missing"), ("https://nowhere.invalid/", "name_unknown")):
            made = await room.add(webhook={"url": url}, name=cause)
            said = await room.test(made["id"])
            assert said["cause"] == cause
            assert said["remedy"]
        server.close()

    async def test_https_by_an_authority_of_ones_own(self, room: ForwardingEnv) -> None:
        ca = trustme.CA()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        ca.issue_cert("localhost").configure_cert(context)
        async with receiver(tls=context) as there:
            url = f"https://localhost:{there.port}/hook"
            made = await room.add(webhook={"url": url, "authorities": ca.cert_pem.bytes().decode()})
            assert (await room.test(made["id"]))["taken"]
            by_address = {"url": f"https://127.0.0.1:{there.port}/", "authorities": ca.cert_pem.bytes().decode()}
            other = await room.add(webhook=by_address, name="by address")
            assert (await room.test(other["id"]))["cause"] == "tls_name"
            third = await room.add(webhook={"url": url}, name="untrusted")
            assert (await room.test(third["id"]))["cause"] == "tls_untrusted"


def test_acknowledging_all_up_to_an_event_swallows_nothing_newer(room: ForwardingEnv) -> None:
    room.happen("one", "two")
    room.happen("three", severity="critical")
    newest = room.root.get("/v1/events")["items"][0]["number"]
    room.happen("four")
    done = room.root.send("PUT", "/v1/events-acknowledgment", {"number": newest, "severity": "warning"}).json()
    assert done["acknowledged"] >= 2
    left = [each["text"] for each in room.root.get("/v1/events", new="true")["items"] if each["text"] in _WORDS]
    assert left == ["four", "three"]
    assert room.root.refused("PUT", "/v1/events-acknowledgment", {"number": 0}) == "field_invalid"


_WORDS = {"one", "two", "three", "four"}


def _kinds_in(file: Path) -> set[str]:
    """The kinds of events that a file of the site names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            if (
                name in {"_add_event", "_note", "ForwardingEvent", "DeviceEvent"}
                or ast.unparse(node.func) == "events.add"
            ):
                words = [each for each in ast.walk(node) if isinstance(each, ast.Constant)]
                found |= {str(each.value) for each in words if _is_kind(each.value)}
        elif isinstance(node, ast.Tuple) and len(node.elts) > 1:  # severity, kind, sentence: told later
            severity, kind = (each.value if isinstance(each, ast.Constant) else None for each in node.elts[:2])
            found |= {str(kind)} if severity in SEVERITIES and _is_kind(kind) else set()
    return found - {"ops", "by_name"}


def _is_kind(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[a-z]+(_[a-z]+)+", value) is not None
