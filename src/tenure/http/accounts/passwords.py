"""Passwords: which are good enough, and their Argon2id hashes, made a few at a time beside the event loop.

The caller decides where a hash is kept and how often a user may try (see `login_backoff`).
"""

import asyncio
import base64
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import msgspec
from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.accounts.common_passwords import COMMON
from tenure.http.fairness import FairShares

SHORTEST: Final = 12
LONGEST: Final = 256
"""Characters; more would only make work for the server."""
DIFFERENT: Final = 5
"""So many different characters at least."""
AT_ONCE: Final = 2
WAITING_MOST: Final = 64

T = TypeVar("T")


class HashingCost(msgspec.Struct, frozen=True):
    """What one guess costs: passes and KiB of memory, in one lane. Above the least that OWASP names for Argon2id."""

    passes: int = 2
    memory: int = 46 * 1024


class PasswordHashes:
    """Hashes and checks passwords: so many at once, so many waiting, the rest refused as `server_busy`."""

    def __init__(self, cost: HashingCost | None = None) -> None:
        self._cost = cost or HashingCost()
        self._unknown_account = _dummy_hash(self._cost)
        self._workers = ThreadPoolExecutor(AT_ONCE, "passwords")
        self._waiting = FairShares(AT_ONCE + WAITING_MOST)

    async def hash_password(self, password: str, who: str = "") -> str | Refused:
        """The hash to keep, with its salt and cost inside; `who` asks, as `verify_password` says."""
        return await self._run_in_thread(lambda: _hash(normalize_password(password), self._cost), who)

    async def verify_password(self, kept: str | None, password: str, who: str = "") -> bool | Refused:
        """Whether `password` is the one behind `kept`; None (no such account) costs the same work and gives False.

        `who` is the network whose place in the queue it takes (`block_of` an address): each gets a fair share at most.
        """
        return await self._run_in_thread(
            lambda: _verify(kept or self._unknown_account, normalize_password(password)), who
        )

    async def _run_in_thread(self, work: Callable[[], T], who: str) -> T | Refused:
        if not self._waiting.has_room(who):
            return Refused(RefusalCode.SERVER_BUSY, "Too many sign in at once.")
        self._waiting.take_share(who)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._workers, work)
        finally:
            self._waiting.give_back(who)


def _hash(password: str, cost: HashingCost) -> str:
    return argon2id.str(password.encode(), opslimit=cost.passes, memlimit=cost.memory * 1024).decode()


def _verify(kept: str, password: str) -> bool:
    try:
        return argon2id.verify(kept.encode(), password.encode())
    except CryptoError:  # the wrong one, or no hash at all
        return False


def normalize_password(password: str) -> str:
    """One spelling of what may be typed in several ways: Unicode's NFKC."""
    return unicodedata.normalize("NFKC", password)


def refuse_unfit(password: str, *known: str) -> Refused | None:
    """None when it will do; refuses `password_unfit` what is too short, too plain, or one of the `known` (e-mail)."""
    plain = normalize_password(password).casefold()
    if not SHORTEST <= len(plain) <= LONGEST:
        return _refuse_password(f"It needs {SHORTEST} to {LONGEST} characters.")
    if plain in {normalize_password(each).casefold() for each in known}:
        return _refuse_password("It is something that others know of you.")
    if len(set(plain)) < DIFFERENT:
        return _refuse_password(f"It needs at least {DIFFERENT} different characters.")
    if plain in COMMON or plain.rstrip("0123456789!.?") in COMMON:
        return _refuse_password("It is among the most common passwords.")
    return None


def _refuse_password(why: str) -> Refused:
    return Refused(RefusalCode.PASSWORD_UNFIT, why, "password")


def _dummy_hash(cost: HashingCost) -> str:
    """A hash in form, of no password: to be checked where there is no account, at the same cost."""
    salt, body = (base64.b64encode(bytes(size)).decode().rstrip("=") for size in (16, 32))
    return f"$argon2id$v=19$m={cost.memory},t={cost.passes},p=1${salt}${body}"
