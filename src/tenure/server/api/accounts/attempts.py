"""Tries that failed, counted in the store for all servers together: who fails repeatedly waits longer each time.

Names are kept as keyed digests: a password typed into the field for the address must not end up in the database.
"""

import hmac

from tenure.http.accounts.account_store import FailureCounter
from tenure.http.accounts.login_backoff import ACCOUNT, ADDRESS, WIDER, WIDEST
from tenure.http.fairness import networks_of
from tenure.server.api.accounts.places import SecretPrefix
from tenure.server.context import ServerContext
from tenure.store.users import UserRow


class LoginAttempts:
    """Whose tries are counted, and under which keys; counting is `http.accounts.flows`'."""

    def __init__(self, context: ServerContext) -> None:
        self._context = context

    def of_account(self, email: str) -> FailureCounter:
        """The account behind an e-mail, whether there is one or not."""
        return FailureCounter(self.counter_key("account", email), ACCOUNT)

    def of_device(self, user: UserRow, shown: str | None) -> FailureCounter | None:
        """The browser that signed this user in before and shows what it was given; None where it shows nothing good.

        It waits for its own failures alone: neither for those of strangers who guess, nor for its neighbors'. What it
        was given ends with the password.
        """
        _, _, rest = (shown or "").partition("_")
        name, _, mark = rest.partition("_")
        good = hmac.compare_digest(self._device_mark(user, name).encode(), mark.encode())
        return FailureCounter(self.counter_key("device", f"{user.id}:{name}"), ACCOUNT) if name and good else None

    def known_device(self, user: UserRow) -> str:
        """What a browser is given that has signed this user in."""
        name = self._context.draw(8).hex()
        return f"{SecretPrefix.DEVICE}{name}_{self._device_mark(user, name)}"

    def _device_mark(self, user: UserRow, name: str) -> str:
        return self._context.keys.token_digest(f"device:{user.id}:{user.password}:{name}").hex()[:32]

    def of_address(self, address: str) -> FailureCounter:
        """The network that a request comes from, and those around it."""
        narrow, *wider = zip(networks_of(address), (ADDRESS, WIDER, WIDEST), strict=False)
        return FailureCounter(
            self.counter_key("address", narrow[0]),
            narrow[1],
            tuple(FailureCounter(self.counter_key("address", n), p) for n, p in wider),
        )

    def counter_key(self, kind: str, name: str) -> str:
        """See `AccountSecrets.counter_key`."""
        return f"{kind} {self._context.keys.token_digest(f'{kind}:{name}').hex()}"
