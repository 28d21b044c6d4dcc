"""Whatever is typed wrongly: a coded refusal with its remedy and family, never a trace, nothing half done."""

import pytest

from tenure.core.refusals import TABLE, ExitCode, RefusalCode
from tests.cli.terminal import Terminal
from tests.cli.vendor import ProviderTerminal, Vendor

UNKNOWN = "sub_" + "0" * 26
LONG = "x" * 300


@pytest.fixture(scope="module")
def counter(server: Vendor, tmp_path_factory: pytest.TempPathFactory) -> ProviderTerminal:
    """One provider for all of this: nothing here leaves a mark."""
    staff = server.staff(tmp_path_factory.mktemp("counter"), sandbox=True, name="Counter")
    staff.terminal.good("clock", "set", "2026-03-01", "--rate", "0")
    staff.subscription()
    staff.offer("month")
    return staff


def typed(staff: ProviderTerminal, words: str) -> list[str]:
    """The words of a row, with what the provider has put in: CUS, OFF, SUB."""
    sub = staff.terminal.good("subscriptions", "list")["items"][0]["id"]
    known = {
        "CUS": staff.customer,
        "OFF": staff.offer("year"),
        "SUB": sub,
        "UNKNOWN": UNKNOWN,
        "LONG": LONG,
        "EMPTY": "",
    }
    filled = (known.get(word, word) for word in words.split())
    return [word.replace("DIGITS", "1" * 5_000) for word in filled]


ROWS: tuple[tuple[str, str, int], ...] = (
    # wrong types
    ("order CUS OFF ten", "field_invalid", 2),
    ("order CUS OFF 1.5", "field_invalid", 2),
    ("order CUS OFF --devices", "field_invalid", 2),
    ("extend-grace SUB seven", "field_invalid", 2),
    ("set-renewal-intent SUB sometimes", "field_invalid", 2),
    ("renew SUB --late tomorrow", "field_invalid", 2),
    ("resolve-fork SUB sit_1 merged", "field_invalid", 2),
    ("subscriptions list --phase happy", "field_invalid", 2),
    ("top-up CUS ten --reference r", "field_invalid", 2),
    ("top-up CUS 10.005 --reference r", "field_invalid", 2),
    ("top-up CUS 10,50 --reference r", "field_invalid", 2),
    ("top-up CUS -5 --reference r", "field_invalid", 2),
    ("top-up CUS ٣ --reference r", "field_invalid", 2),
    ("offers add year --currency EUR --price cheap", "field_invalid", 2),
    ("offers add year --currency EUR --price ten:1.00", "field_invalid", 2),
    ("offers add year --currency euro --price 1.00", "field_invalid", 2),
    ("offers add year --currency EUR --price 1.00 --price 2.00", "field_invalid", 2),
    ("customers add Quay --credit-limit much", "field_invalid", 2),
    ("clock set +5", "field_invalid", 2),
    ("clock set noon", "field_invalid", 2),
    ("clock set", "field_invalid", 2),
    ("clock set --rate -1", "field_invalid", 2),
    ("events --after -1", "field_invalid", 2),
    ("customers list --limit 0", "field_invalid", 2),
    ("customers list --limit many", "field_invalid", 2),
    ("policy publish", "field_invalid", 2),
    ("policy publish --rule grace_days", "field_invalid", 2),
    ("policy publish --rule grace_days=long", "field_invalid", 2),
    ("policy publish --rule no_such_rule=1", "field_invalid", 2),
    ("policy publish --rule grace_days=91", "policy_out_of_bounds", 2),
    ("policy publish no-such-file.json", "field_invalid", 2),
    ("payments confirm R SUB=order:abc", "field_invalid", 2),
    ("payments confirm R SUB=order:²", "field_invalid", 2),
    ("payments confirm R SUB=raise:²", "field_invalid", 2),
    ("payments confirm R SUB=raise:DIGITS", "field_invalid", 2),
    ("payments confirm R SUB=renewal:", "field_invalid", 2),
    ("policy-bounds set --set grace_days=DIGITS..9", "field_invalid", 2),
    ("policy-bounds set --set grace_days=²..9", "field_invalid", 2),
    # missing, too many, unknown
    ("order", "field_invalid", 2),
    ("order CUS", "field_invalid", 2),
    ("renew", "field_invalid", 2),
    ("renew SUB and more", "field_invalid", 2),
    ("top-up CUS 5.00", "field_invalid", 2),
    ("renew SUB --no-such-option", "field_invalid", 2),
    ("renew SUB --dry-run --preview", "field_invalid", 2),
    ("renew SUB --preview", "field_invalid", 2),
    ("renew SUB --why a --why b", "field_invalid", 2),
    ("nonsense", "field_invalid", 2),
    ("subscriptions nonsense", "field_invalid", 2),
    # unknown ids, foreign alphabets, too long
    ("subscriptions show UNKNOWN", "not_found", 4),
    ("subscriptions show nonsense", "not_found", 4),
    ("subscriptions show LONG", "not_found", 4),
    ("subscriptions show ../customers", "not_found", 4),
    ("subscriptions show é", "not_found", 4),
    ("renew UNKNOWN", "not_found", 4),
    ("customers show cus_00000000000000000000000000", "not_found", 4),
    ("account cus_00000000000000000000000000", "not_found", 4),
    ("statement nonsense", "not_found", 4),
    ("installations show sit_00000000000000000000000000", "not_found", 4),
    ("tokens withdraw tok_00000000000000000000000000", "not_found", 4),
    ("plans show no-such-plan", "not_found", 4),
    ("refusals no_such_refusal", "not_found", 4),
    ("order CUS off_00000000000000000000000000 5", "unknown_plan", 4),
    ("order cus_00000000000000000000000000 OFF 5", "not_found", 4),
    ("transfer SUB cus_00000000000000000000000000", "not_found", 4),
    ("offers add no-such-plan --currency EUR --price 1.00", "unknown_plan", 4),
    ("customers add LONG", "field_invalid", 2),
    ("customers add EMPTY", "field_invalid", 2),
    ("customers add Quay --email nonsense", "field_invalid", 2),
    ("hold SUB LONG", "field_invalid", 2),
    ("block-code SUB nonsense", "field_invalid", 2),
    ("renew SUB --idempotency-key LONG", "field_invalid", 2),
    ("renew SUB --if-match 7", "field_invalid", 2),
    ("renew SUB --outcome nonsense", "field_invalid", 2),
    # dates: before the epoch, past, leap days, beyond the calendar
    ("order CUS OFF 5 --until 1969-12-31", "term_too_short", 2),
    ("order CUS OFF 5 --until 1970-01-01", "term_too_short", 2),
    ("order CUS OFF 5 --until 2026-03-10", "term_too_short", 2),
    ("order CUS OFF 5 --until 2027-02-29", "field_invalid", 2),
    ("order CUS OFF 5 --until 2027-13-01", "field_invalid", 2),
    ("order CUS OFF 5 --until 10000-01-01", "field_invalid", 2),
    ("order CUS OFF 5 --until tomorrow", "field_invalid", 2),
    ("hold SUB reason --until 2027-02-29", "field_invalid", 2),
    ("hold SUB reason --until 1969-01-01", "field_invalid", 2),
    ("hold SUB reason --until 2028-02-29T12:00:60Z", "field_invalid", 2),
    ("hold SUB reason --until 2028-02-29T12:00:00", "field_invalid", 2),
    ("reanchor SUB 2027-02-29", "field_invalid", 2),
    ("drop-change SUB 2028-02-29", "nothing_to_change", 5),
    ("clock set 1969-12-31", "field_invalid", 2),
    ("clock set 2020-02-29", "clock_backwards", 5),
    ("clock set 9999-12-31", "field_invalid", 2),
    ("clock set +9999999w", "field_invalid", 2),
    # huge counts
    ("order CUS OFF 1000001", "field_invalid", 2),
    ("order CUS OFF 99999999999999999999", "field_invalid", 2),
    ("order CUS OFF -1", "field_invalid", 2),
    ("order CUS OFF 0", "field_invalid", 2),
    ("change-devices SUB 18446744073709551616", "field_invalid", 2),
    ("extend-grace SUB 91", "field_invalid", 2),
    ("extend-grace SUB 9223372036854775808", "field_invalid", 2),
    ("top-up CUS 9999999999999999 --reference r", "field_invalid", 2),
    ("top-up CUS 99999999999999999999 --reference r", "field_invalid", 2),
    ("top-up CUS 0 --reference r", "field_invalid", 2),
    ("clock set --rate 99999999999999999999", "field_invalid", 2),
    ("events --after 99999999999999999999", "field_invalid", 2),
    ("tokens add t", "field_invalid", 2),
    ("tokens add t --everything --scope money:read", "field_invalid", 2),
    ("tokens add t --everything --days 0", "field_invalid", 2),
    ("tokens add t --everything --days 36500", "field_invalid", 2),
    ("tokens add t --scope everything", "field_invalid", 2),
    ("tokens add t --everything --role customer", "field_invalid", 2),
    # the state of things, money, permission
    ("renew SUB", "renewal_too_early", 5),
    ("release SUB", "not_paused", 5),
    ("undo-cancellation SUB", "nothing_to_undo", 5),
    ("confirm-payment SUB R order", "not_awaiting_payment", 8),
    ("order CUS OFF 1000", "insufficient_balance", 8),
    ("products add other Other", "action_not_permitted", 3),
    ("providers add Other --currency EUR", "action_not_permitted", 3),
)


@pytest.mark.parametrize(("words", "code", "family"), ROWS, ids=[row[0][:60] for row in ROWS])
def test_it_is_refused_with_its_code_and_family(counter: ProviderTerminal, words: str, code: str, family: int) -> None:
    found = counter.terminal.refused(*typed(counter, words))
    assert (found["code"], found["exit"]) == (code, family)
    assert family == TABLE[RefusalCode(code)].exit
    assert found["remedy"]


def test_nothing_of_all_that_was_done(counter: ProviderTerminal) -> None:
    tell = counter.terminal.good
    assert len(tell("subscriptions", "list")["items"]) == 1
    assert len(tell("customers", "list")["items"]) == 1
    assert tell("policy", "show")["version"] == 0
    assert tell("clock", "show")["now"] == "2026-03-01T00:00:00Z"


def test_people_are_told_the_same_without_a_trace(counter: ProviderTerminal) -> None:
    for words, code, family in ROWS[::7]:
        ran = counter.terminal.run(*typed(counter, words))
        assert (ran.code, ran.out) == (family, "")
        assert f"({code})" in ran.err
        assert "Traceback" not in ran.err


@pytest.mark.parametrize("word", ["\udcff", "a\udc80b", "\ud800"])
def test_arguments_that_are_no_text_are_refused(counter: ProviderTerminal, word: str) -> None:
    assert counter.terminal.refused("customers", "add", word)["exit"] == ExitCode.INPUT


def test_a_control_character_is_the_servers_to_refuse(counter: ProviderTerminal) -> None:
    for word in ("a\nb", "a\x1b[2J", "\x00"):
        assert counter.terminal.refused("customers", "add", word)["code"] == "field_invalid"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"rules": 7}',
        '{"unknown": 1}',
        '{"rules": {"grace_days": 1, "grace_days": 2}}',
        "[" * 50_000,
        "\x00",
    ],
)
def test_a_file_that_is_no_policy(counter: ProviderTerminal, content: str) -> None:
    for more in ((), ("--rule", "refund=none")):
        found = counter.terminal.refused("policy", "publish", "-", *more, given=content)
        assert found["exit"] == ExitCode.INPUT, found


def test_a_policy_outside_the_bounds_and_a_leap_day_that_exists(counter: ProviderTerminal) -> None:
    made = counter.terminal.good(
        "order", counter.customer, counter.offer("year"), "1", "--until", "2028-02-29", "--dry-run"
    )
    assert made["subscription"]["paid_until"] == "2028-03-01T00:00:00Z"


def test_without_a_server_or_a_token(terminal: Terminal, server: Vendor) -> None:
    assert terminal.refused("customers", "list")["field"] == "url"
    assert terminal.refused("customers", "list", "--url", server.url)["exit"] == ExitCode.PERMISSION
    bad = Terminal(terminal.home, {"TENURE_URL": server.url, "TENURE_TOKEN": "two words\n"})
    assert bad.refused("customers", "list")["field"] == "token"
