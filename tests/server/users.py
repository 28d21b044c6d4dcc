"""Users who come in by an invitation and sign in with a password, as tests of accounts need them."""

import itertools
from dataclasses import dataclass
from typing import Any

from tenure.store import emails
from tests.server.server_env import Caller, ServerEnv

PASSWORD = "nine lives of a cat"
_numbers = itertools.count(1)


@dataclass
class User(Caller):
    """Somebody with an account; `token` is the secret of the session in use."""

    email: str = ""
    id: str = ""
    membership: str = ""

    async def open(self, path: str, **query: Any) -> Any:
        """A POST without a body."""
        answer = await self.send("POST", path, **query)
        assert answer.status_code < 300, answer.text
        return answer.json()


def stranger(env: ServerEnv) -> Caller:
    """Somebody without anything to show."""
    return Caller(env.http, "")


async def joined(
    env: ServerEnv, by: Caller, role: str = "owner", *, email: str = "", password: str = PASSWORD, **more: Any
) -> User:
    """Somebody asked in by `by` who follows the link of the mail; `customer` and `provider` name the team."""
    email = email or f"user{next(_numbers)}@example.com"
    body = {"email": email, "name": "Ana", "role": role}
    if "customer" in more:
        body["customer"] = more.pop("customer")
    await by.post("/v1/invitations", body, **more)
    accepted = {"token": (await mails(env, email.lower()))[-1][1]["token"], "name": "Ana", "password": password}
    entered = await stranger(env).post("/v1/invitations/accept", accepted)
    return await arrived(env, entered["session"], email)


async def arrived(env: ServerEnv, session: str, email: str) -> User:
    """Whoever holds that session."""
    user = User(env.http, session, email=email)
    me = await user.get("/v1/me")
    user.id, user.membership = me["user"]["id"], me["membership"]
    return user


async def sign_in(env: ServerEnv, email: str, password: str = PASSWORD) -> Any:
    """The answer to a sign-in, as it came."""
    return await stranger(env).send("POST", "/v1/sign-in", {"email": email, "password": password})


async def mails(env: ServerEnv, to: str) -> list[tuple[str, dict[str, str]]]:
    """(template, values) of every mail that waits for that address."""
    waiting = await env.context.db.read(emails.due, env.clock(), 200)
    return [(each.template, each.template_values(env.context.safe) or {}) for each in waiting if each.recipient == to]


async def audited(caller: Caller, **query: Any) -> list[tuple[str, str]]:
    """(what, by which name) of the audit that `caller` sees, oldest first."""
    found = (await caller.get("/v1/audit", limit=200, **query))["items"]
    return [(each["what"], each["name"]) for each in reversed(found)]
