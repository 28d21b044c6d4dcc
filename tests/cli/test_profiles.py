"""Servers and tokens that a person keeps: where, how safely, and which of them is used."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.cli import profiles
from tenure.cli.problems import CommandError
from tenure.cli.profiles import ProfileFile, ServerProfile
from tenure.core.refusals import ExitCode
from tests.cli.terminal import Terminal
from tests.cli.vendor import Vendor

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(st.dictionaries(st.from_regex(r"[A-Za-z0-9_-]{1,10}", fullmatch=True) | TEXT, st.tuples(TEXT, TEXT, TEXT)), TEXT)
def test_what_is_kept_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, kept: dict[str, tuple[str, ...]], default: str
) -> None:
    file = tmp_path_factory.mktemp("kept") / "config.toml"
    before = ProfileFile(
        default=default,
        profiles={name: ServerProfile(url=url, token=token, provider=own) for name, (url, token, own) in kept.items()},
    )
    assert profiles.write_profiles(file, before) is None
    assert profiles.read_profiles(file) == before
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_file_and_its_folder_are_for_their_owner_alone(server: Vendor, terminal: Terminal) -> None:
    old = os.umask(0)
    try:
        terminal.good("login", server.url, given=server.token)
    finally:
        os.umask(old)
    file = terminal.home / ".config" / "tenure" / "config.toml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [path.name for path in file.parent.iterdir()] == ["config.toml"]
    file.chmod(0o640)
    problem = terminal.refused("customers", "list")
    assert (problem["code"], problem["exit"]) == ("action_not_permitted", ExitCode.PERMISSION)
    assert "0600" in problem["detail"]


@pytest.mark.parametrize(
    "content",
    ["not toml", "default = 3", 'other = "x"', '[profiles.a]\nurl = "x"\nextra = 1', "[profiles]\na = 1", "\xff"],
)
def test_a_damaged_file_is_refused_and_left_alone(terminal: Terminal, content: str) -> None:
    file = terminal.home / ".config" / "tenure" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_bytes(content.encode("latin-1"))
    file.chmod(0o600)
    assert terminal.refused("profiles", "list")["field"] == "config"
    assert terminal.refused("login", "https://license.example.com", "--unchecked", given="tnr_x")["field"] == "config"
    assert file.read_bytes() == content.encode("latin-1")


def test_the_token_comes_from_a_pipe_a_file_or_the_terminal(server: Vendor, terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(server.token + "\n")
    terminal.good("login", server.url, "--as", "piped", given=server.token + "\n")
    terminal.good("login", server.url, "--as", "dashed", "--token-file", "-", given=server.token)
    terminal.good("login", server.url, "--as", "filed", "--token-file", str(file))
    typed = terminal.run("login", server.url, "--as", "typed", answers=(server.token,), terminal=True)
    assert (typed.code, terminal.asked) == (ExitCode.DONE, ["Token: "])
    assert server.token not in typed.out + typed.err
    for name in ("piped", "dashed", "filed", "typed"):
        assert terminal.good("providers", "list", "--profile", name)["next"] is None


def test_a_token_that_the_server_does_not_know_is_not_kept(server: Vendor, terminal: Terminal) -> None:
    assert terminal.refused("login", server.url, given="tnr_wrong")["code"] == "not_authenticated"
    assert terminal.good("profiles", "list") == []
    assert terminal.refused("login", server.url, given="")["field"] == "token"
    assert "two words" not in str(terminal.refused("login", server.url, given="two words"))


def test_a_token_that_may_do_little_can_sign_in(server: Vendor, terminal: Terminal) -> None:
    little = server.terminal.good("tokens", "add", "metrics", "--role", "vendor", "--scope", "metrics:read")["token"]
    terminal.good("login", server.url, given=little)
    assert terminal.refused("providers", "list")["code"] == "action_not_permitted"


def test_the_list_names_the_provider_also_of_a_providers_own_token(
    server: Vendor, terminal: Terminal, tmp_path: Path
) -> None:
    northern = server.staff(tmp_path / "desk", name="Northern").terminal.env["TENURE_TOKEN"]
    terminal.good("login", server.url, "--as", "north", given=northern)
    terminal.good("login", server.url, "--as", "vendor", given=server.token)
    assert [(each["name"], each["provider_name"]) for each in terminal.good("profiles", "list")] == [
        ("north", "Northern"),
        ("vendor", ""),
    ]
    shown = {line.split()[0]: line for line in terminal.run("profiles", "list").out.splitlines()}
    assert "Northern" in shown["north"]
    assert "Northern" not in shown["vendor"]
    assert terminal.good("customers", "list", "--profile", "north")["items"]


def test_profiles_are_listed_chosen_and_forgotten(terminal: Terminal) -> None:
    for name in ("north", "south"):
        terminal.good("login", f"https://{name}.example.com", "--as", name, "--unchecked", given=f"tnr_{name}")
    assert terminal.good("profiles", "use", "south")["default"] == "south"
    listed = terminal.good("profiles", "list")
    assert [(each["name"], each["default"]) for each in listed] == [("north", False), ("south", True)]
    assert "tnr_" not in terminal.run("profiles", "list").out
    terminal.good("logout", "--as", "south")
    assert terminal.good("profiles", "remove", "north") == {"default": "default", "profiles": []}
    for words in (("profiles", "use", "west"), ("profiles", "remove", "west"), ("logout",)):
        assert terminal.refused(*words)["code"] == "not_found"


def test_options_come_before_the_environment_and_that_before_the_profile(server: Vendor, terminal: Terminal) -> None:
    terminal.good("login", server.url, given=server.token)
    assert terminal.good("providers", "list")["next"] is None
    other = Terminal(terminal.home, {"TENURE_URL": "http://127.0.0.1:9", "TENURE_TOKEN": "tnr_x"})
    assert other.refused("providers", "list")["code"] == "unreachable"
    assert other.refused("providers", "list", "--url", server.url)["code"] == "not_authenticated"
    named = Terminal(terminal.home, {"TENURE_PROFILE": "nobody"})
    assert named.refused("providers", "list")["field"] == "profile"
    assert named.good("providers", "list", "--profile", "default")["next"] is None


def test_a_profiles_token_never_goes_to_another_server(terminal: Terminal) -> None:
    terminal.good("login", "https://license.example.com", "--unchecked", given="tnr_secret")
    problem = terminal.refused("customers", "list", "--url", "https://elsewhere.example.com")
    assert problem["code"] == "not_authenticated"
    assert "is for https://license.example.com, not for https://elsewhere.example.com" in problem["detail"]
    assert "tnr_secret" not in str(problem)


@pytest.mark.parametrize(
    "url",
    [
        "http://license.example.com", "http://10.0.0.1", "ftp://license.example.com", "license.example.com", "",
        "https://", "https://user:pw@license.example.com", "https://license.example.com?x=1",
        "https://license.example.com#x", "https://license.example.com:99999", "https://a b", "https://[::1",
        "https://license.example.com\n", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_only_a_plain_https_address_is_a_server(terminal: Terminal, url: str) -> None:
    problem = terminal.refused("login", url, "--unchecked", given="tnr_x")
    assert (problem["code"], problem["field"]) == ("field_invalid", "url")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "https://x.example/licensing"]
)
def test_this_machine_may_be_spoken_to_in_plain(url: str) -> None:
    assert profiles.check_url(url) is None


@pytest.mark.parametrize("name", ["", "a b", "a/b", "é", "x" * 65, "a.b"])
def test_a_profiles_name_is_one_word(terminal: Terminal, name: str) -> None:
    assert (
        terminal.refused("login", "https://x.example.com", "--as", name, "--unchecked", given="tnr_x")["code"]
        == "field_invalid"
    )


def test_a_home_that_cannot_be_written_is_told(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    barred = Terminal(tmp_path, {"XDG_CONFIG_HOME": str(tmp_path / "file")})
    found = barred.refused("login", "https://x.example.com", "--unchecked", given="tnr_x")
    assert found["field"] == "config"
    with pytest.raises(CommandError):
        profiles.read_profiles(tmp_path / "file" / "x")


def test_the_token_is_not_in_the_text_of_a_target() -> None:
    assert "tnr_x" not in repr(profiles.RequestTarget(url="https://x.example.com", token="tnr_x"))
