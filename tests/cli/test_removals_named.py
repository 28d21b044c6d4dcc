"""What a command withdraws or removes is called by its name, in the question before and in the sentence after."""

import re
from pathlib import Path

import pytest

from tenure.core.refusals import ExitCode
from tests.cli.terminal import Terminal
from tests.cli.vendor import ProviderTerminal, Vendor

SOURCES = Path(__file__).parents[2] / "src" / "tenure" / "cli"
SESSION = "command_session.py"
"""Sends what the commands say, whichever that is."""
REMOVING = re.compile(r'method="DELETE"|(session|here)\.delete\(')


def signed_in_owner(server: Vendor, staff: ProviderTerminal) -> Terminal:
    """The vendor's first token, which carries what is about people, at the provider's team."""
    return Terminal(
        staff.terminal.home, {"TENURE_URL": server.url, "TENURE_TOKEN": server.token, "TENURE_PROVIDER": staff.provider}
    )


def things(server: Vendor, staff: ProviderTerminal) -> dict[str, tuple[Terminal, tuple[str, ...], str]]:
    """By what is removed: who types what, and the name that is to be read."""
    terminal, owner = staff.terminal, signed_in_owner(server, staff)
    token = terminal.good("tokens", "add", "billing", "--scope", "money:read")["id"]
    hook = terminal.good("webhooks", "add", "https://hooks.example/in?key=hidden", "--event", "subscription.renewed")[
        "id"
    ]
    asked = owner.good("invitations", "add", "eve@example.com", "Eve")["id"]
    offer = terminal.good("offers", "add", "year", "--price", "10.00", "--name", "Spring")["id"]
    return {
        "API token": (terminal, ("tokens", "withdraw", token), "“billing”"),
        "webhook": (terminal, ("webhooks", "delete", hook), "“hooks.example”"),
        "invitation": (owner, ("invitations", "withdraw", asked), "“eve@example.com”"),
        "offer": (terminal, ("offers", "withdraw", offer), "“Spring”"),
    }


@pytest.mark.parametrize("what", ["API token", "webhook", "invitation", "offer"])
def test_the_question_and_the_sentence_after_it_name_what_is_removed(
    server: Vendor, staff: ProviderTerminal, what: str
) -> None:
    terminal, words, name = things(server, staff)[what]
    kept = terminal.run(*words, answers=("n",), terminal=True)
    assert name in kept.err, kept.err
    assert what in kept.err
    assert "Do exactly this?" in terminal.asked[-1]
    assert "Nothing was done." in kept.out
    told = terminal.run(*words)
    assert told.code == ExitCode.DONE, told.err
    assert name in told.out
    assert "hidden" not in kept.err + told.out


def test_what_is_not_there_is_refused_and_a_program_is_told_nothing_more(
    server: Vendor, staff: ProviderTerminal
) -> None:
    assert staff.terminal.refused("tokens", "withdraw", "tok_" + "0" * 26)["code"] == "not_found"
    token = staff.terminal.good("tokens", "add", "till", "--scope", "money:read")["id"]
    assert staff.terminal.run("tokens", "withdraw", token, "--json").out == "null\n"


def test_no_command_tells_of_a_removal_by_an_id_alone() -> None:
    """Each sentence after a DELETE holds a name, or what the user has typed as one."""
    removing = [each for each in SOURCES.glob("*.py") if REMOVING.search(each.read_text()) and each.name != SESSION]
    assert len(removing) >= 8
    for each in removing:
        for verb in re.split(r"\n@add_verb", each.read_text()):
            if REMOVING.search(verb):
                assert re.search(r"_name\(|“\{(name|group)\}”", verb), (each.name, verb)


def test_every_removal_at_a_site_is_asked_about_first() -> None:
    """A site has no dry runs that would ask, so that each command asks by itself."""
    for each in SOURCES.glob("site_*.py"):
        for verb in re.split(r"\n@add_verb", each.read_text()):
            if 'method="DELETE"' in verb:
                assert "ASKING" in verb, (each.name, verb)
                assert "write_confirmed(" in verb, (each.name, verb)
