"""How people prove who they are: passwords hashed dearly, codes good once, waits that grow; whoever keeps them."""

import asyncio
import base64
import re
import secrets
import statistics
import time
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.accounts import login_backoff, recovery, totp
from tenure.http.accounts.login_backoff import BackoffPolicy, FailedTries
from tenure.http.accounts.passwords import AT_ONCE, WAITING_MOST, HashingCost, PasswordHashes, refuse_unfit

CHEAP = HashingCost(passes=1, memory=64)
NOW = 1_800_000_000
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_at(moment: int) -> str:
    """What an application shows then."""
    return pyotp.TOTP(SECRET).at(moment)


# -- passwords --


@pytest.mark.anyio
async def test_a_password_holds_against_its_own_hash_alone() -> None:
    keeper = PasswordHashes(CHEAP)
    kept = await keeper.hash_password("nine lives of a cat")
    assert isinstance(kept, str)
    assert kept.startswith("$argon2id$")
    assert await keeper.verify_password(kept, "nine lives of a cat") is True
    assert await keeper.verify_password(kept, "nine lives of a dog") is False
    assert await keeper.verify_password(None, "nine lives of a cat") is False
    assert await keeper.verify_password("damaged", "nine lives of a cat") is False
    assert await keeper.hash_password("nine lives of a cat") != kept, "each has a salt of its own"


@pytest.mark.anyio
async def test_one_spelling_of_what_keyboards_write_differently() -> None:
    keeper = PasswordHashes(CHEAP)
    kept = await keeper.hash_password("caf\u00e9 au lait au lit")
    assert isinstance(kept, str)
    assert await keeper.verify_password(kept, "cafe\u0301 au lait au lit") is True


@pytest.mark.anyio
async def test_nobodys_password_costs_as_much_as_somebodys() -> None:
    """The real cost; the control: a cheaper hash is told apart."""
    keeper = PasswordHashes()
    kept, cheap = (
        await keeper.hash_password("nine lives of a cat"),
        await PasswordHashes(CHEAP).hash_password("nine lives of a cat"),
    )
    assert isinstance(kept, str)
    assert isinstance(cheap, str)

    async def cost(of: str | None) -> float:
        seen = []
        for _ in range(5):
            began = time.perf_counter()
            assert await keeper.verify_password(of, "wrong") is False
            seen.append(time.perf_counter() - began)
        return statistics.median(seen)

    somebodys, nobodys = await cost(kept), await cost(None)
    assert 0.5 < nobodys / somebodys < 2
    assert await cost(cheap) < somebodys / 2
    assert somebodys > 0.02, "a guess costs at least that many seconds of a core"


@pytest.mark.anyio
async def test_no_more_than_so_many_wait_and_the_loop_goes_on() -> None:
    keeper = PasswordHashes(HashingCost(passes=1, memory=8 * 1024))
    share = (AT_ONCE + WAITING_MOST) // 2
    waiting = [asyncio.create_task(keeper.verify_password(None, "wrong", "192.0.2.1")) for _ in range(share)]
    await asyncio.sleep(0)
    refused = await keeper.verify_password(None, "wrong", "192.0.2.1")
    assert isinstance(refused, Refused)
    assert refused.code is RefusalCode.SERVER_BUSY
    waiting.append(asyncio.create_task(keeper.verify_password(None, "wrong", "192.0.2.2")))
    await asyncio.sleep(0)
    assert not waiting[-1].done(), "another network has places of its own"
    turns = 0
    while not all(each.done() for each in waiting):
        await asyncio.sleep(0)
        turns += 1
    assert turns > 100, "others were served meanwhile"
    assert await asyncio.gather(*waiting) == [False] * len(waiting)
    assert await keeper.verify_password(None, "wrong") is False, "and then there is room again"


@pytest.mark.parametrize(
    "password",
    ["short", "elevenchars", "passwordpassword", "Password1234", "qwertyuiop123", "aaaaaaaaaaaaaaaa", "121212121212",
     "ana@example.com", "Ana@Example.com", "Anastasia Romanova", "x" * 257, "CorrectHorseBatteryStaple1!"],
)  # fmt: skip
def test_what_anybody_would_try_first_will_not_do(password: str) -> None:
    refused = refuse_unfit(password, "ana@example.com", "Anastasia Romanova")
    assert refused is not None
    assert refused.code is RefusalCode.PASSWORD_UNFIT
    assert password not in refused.detail


@pytest.mark.parametrize(
    "password", ["nine lives of a cat", "korrekt-häst-batteri", "x7#kPq9!mZ2w", "四つの長い言葉を並べた合言葉だよ"]
)
def test_what_is_long_and_ones_own_will_do(password: str) -> None:
    assert refuse_unfit(password, "ana@example.com", "Ana") is None


# -- second factor --


def test_an_application_that_reads_the_address_shows_the_same_codes() -> None:
    secret = totp.new_secret(secrets.token_bytes)
    read = urlsplit(totp.enrollment_uri(secret, "ana@example.com", "Tenure"))
    assert (read.scheme, read.netloc) == ("otpauth", "totp")
    told = parse_qs(read.query)
    assert (told["secret"], told["issuer"]) == ([secret], ["Tenure"])
    assert totp.step_of(secret, pyotp.parse_uri(read.geturl()).at(NOW), NOW, 0) == NOW // totp.STEP  # type: ignore[union-attr]


@pytest.mark.parametrize(("apart", "good"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_clocks_may_be_a_step_apart(apart: int, good: bool) -> None:
    step = totp.step_of(SECRET, code_at(NOW + apart), NOW, 0)
    assert step == ((NOW + apart) // totp.STEP if good else None)


def test_a_code_that_was_used_and_every_earlier_one_are_over() -> None:
    used = totp.step_of(SECRET, code_at(NOW), NOW, 0)
    assert used is not None
    assert totp.step_of(SECRET, code_at(NOW), NOW, used) is None
    assert totp.step_of(SECRET, code_at(NOW - 30), NOW, used) is None
    assert totp.step_of(SECRET, code_at(NOW + 30), NOW, used) == used + 1


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "💥" * 6])
def test_what_is_no_code_is_not_good(typed: str) -> None:
    assert totp.step_of(SECRET, typed, NOW, 0) is None


def test_blanks_in_a_code_mean_nothing() -> None:
    shown = code_at(NOW)
    assert totp.step_of(SECRET, f" {shown[:3]} {shown[3:]}", NOW, 0) is not None


# -- recovery codes --


def test_ten_codes_that_differ_and_can_be_typed_in_any_way() -> None:
    codes = recovery.new_codes(secrets.token_bytes)
    assert len(set(codes)) == recovery.COUNT
    for code in codes:
        assert re.fullmatch(r"([0-9a-z]{4}-){2}[0-9a-z]{4}", code)
        assert recovery.normalize_code(code) == recovery.normalize_code(f" {code.upper().replace('-', ' ')} ") == code
    assert recovery.normalize_code("OIL0-oil0-1111") == "0110-0110-1111"


@given(st.text(max_size=20))
def test_whatever_is_typed_is_a_code_or_nothing(typed: str) -> None:
    assert recovery.normalize_code(typed) == "" or re.fullmatch(
        r"([0-9a-z]{4}-){2}[0-9a-z]{4}", recovery.normalize_code(typed)
    )


# -- waiting --


def test_the_wait_doubles_after_the_free_tries_and_has_an_end() -> None:
    patience = BackoffPolicy(free=3, first=2, most=60)
    assert [login_backoff.backoff_seconds(patience, count) for count in range(10)] == [0, 0, 0, 2, 4, 8, 16, 32, 60, 60]
    assert login_backoff.backoff_seconds(patience, 10**9) == 60
    assert login_backoff.possible_at(patience, FailedTries(4, NOW)) == NOW + 4
    assert login_backoff.possible_at(patience, FailedTries()) == 0


def test_a_day_of_guessing_an_account_is_a_hundred_guesses() -> None:
    now, guesses = NOW, 0
    while now < NOW + 86_400:
        guesses += 1
        now = max(now + 1, login_backoff.possible_at(login_backoff.ACCOUNT, FailedTries(guesses, now)))
    assert guesses < 120


def test_a_hash_that_another_library_made_still_holds() -> None:
    kept = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("a horse of brass")
    assert asyncio.run(PasswordHashes(CHEAP).verify_password(kept, "a horse of brass")) is True
    assert asyncio.run(PasswordHashes(CHEAP).verify_password(kept, "a horse of gold")) is False


@pytest.mark.parametrize(("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")])
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    """RFC 6238, appendix B, cut to six digits."""
    secret = base64.b32encode(b"12345678901234567890").decode()
    assert totp.step_of(secret, code, seconds, 0) == seconds // totp.STEP


@pytest.mark.parametrize(("account", "issuer"), [("ana@example.com", "North"), ("a b@x.é", "T & Co")])
def test_the_address_of_an_enrollment_is_the_one_that_others_write(account: str, issuer: str) -> None:
    secret = totp.new_secret(bytes)
    theirs = pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)
    assert totp.enrollment_uri(secret, account, issuer) == theirs
