"""The address of a PostgreSQL database: what is read, what is refused, and that no password comes out again."""

import ssl
from pathlib import Path

import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.store.postgres_target import PostgresTarget, read_target

SECRET = "hush-hush"


def good(url: str, folder: Path = Path(), *, allows_password: bool = False) -> PostgresTarget:
    found = read_target(url, folder, allows_password=allows_password)
    assert not isinstance(found, Refused), found
    return found


def test_an_address_names_host_user_database_and_schema() -> None:
    target = good("postgresql://tenure@db.example.com:6543/licenses?schema=prod_1&connections=4")
    assert (target.hosts, target.ports, target.user) == (("db.example.com",), (6543,), "tenure")
    assert (target.database, target.schema, target.connections) == ("licenses", "prod_1", 4)


def test_hosts_may_be_several_a_socket_or_ipv6() -> None:
    assert good("postgresql://u@a,b:5433/d").ports == (5432, 5433)
    assert good("postgresql://u@/d?host=/run/postgresql&port=5433").hosts == ("/run/postgresql",)
    assert good("postgresql://u@[::1]:7/d").hosts == ("::1",)


@pytest.mark.parametrize(
    ("url", "mode", "named"),
    [
        ("postgresql://u@db.example.com/d", ssl.CERT_REQUIRED, True),
        ("postgresql://u@db.example.com/d?sslmode=verify-ca", ssl.CERT_REQUIRED, False),
        ("postgresql://u@db.example.com/d?sslmode=require", ssl.CERT_NONE, False),
    ],
)
def test_another_computer_is_proven_unless_the_address_says_otherwise(
    url: str, mode: ssl.VerifyMode, named: bool
) -> None:
    tls = good(url).tls
    assert tls is not None
    assert (tls.verify_mode, tls.check_hostname) == (mode, named)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "%2Frun%2Fpostgresql"])
def test_this_computer_needs_no_tls(host: str) -> None:
    assert good(f"postgresql://u@{host}/d").tls is None


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://u@h/d", "It is written as postgresql://"),
        ("postgresql://h/d", "names user, host, and database"),
        ("postgresql://u@h/", "names user, host, and database"),
        ("postgresql://u@/d", "names user, host, and database"),
        ("postgresql://u@h:99999/d", "cannot be told apart"),
        ("postgresql://u@h/d?sslmode=prefer", "an attacker could switch TLS off"),
        ("postgresql://u@h/d?sslmode=maybe", "one of disable, require, verify-ca, verify-full"),
        ("postgresql://u@h/d?pool=3", "`pool` is unknown there"),
        ("postgresql://u@h/d?connections=0", "a number from 1 to 100"),
        ("postgresql://u@h/d?schema=a;drop", "small letters, digits"),
        (f"postgresql://u@h/d?schema={'a' * 64}", "at most 63 characters"),
        ("postgresql://u@h/d?schema=pg_temp", "PostgreSQL's own"),
        ("postgresql://u@h/d?schema=information_schema", "PostgreSQL's own"),
        ("postgresql://u@a..b/d", "cannot be told apart"),
        (f"postgresql://u@{'a' * 64}.example/d", "cannot be told apart"),
        ("postgresql://u%00@h/d", "cannot be told apart"),
        ("postgresql://u@h/d%1b[31m", "cannot be told apart"),
        ("postgresql://u@h/d?passfile=a%00b", "cannot be told apart"),
        ("postgresql://u@h/d?sslrootcert=a%00b", "cannot be told apart"),
        ("postgresql://u@h/d?sslrootcert=none.pem", "`sslrootcert` names a file"),
        ("postgresql://u@h/d?passfile=none", "cannot be read as text"),
        (f"postgresql://u:{SECRET}@h/d", "A password does not belong in it"),
        (f"postgresql://u@h/d?password={SECRET}", "A password does not belong in it"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_remedy(url: str, said: str, tmp_path: Path) -> None:
    refused = read_target(url, tmp_path)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.field) == (RefusalCode.FIELD_INVALID, "database")
    assert said in refused.detail
    assert SECRET not in refused.detail


def test_a_password_comes_by_the_environment_or_a_file_that_no_one_else_reads(tmp_path: Path) -> None:
    assert good(f"postgresql://u:{SECRET}@h/d", allows_password=True).password == SECRET
    file = tmp_path / "word"
    file.write_text(f"{SECRET}\n")
    file.chmod(0o600)
    target = good("postgresql://u@h/d?password_file=word", tmp_path)
    assert target.password == SECRET
    assert good("postgresql://u@h/d?passfile=word", tmp_path).passfile == str(file)
    assert SECRET not in repr(target) + target.name
    file.chmod(0o640)
    for parameter in ("password_file", "passfile"):
        refused = read_target(f"postgresql://u@h/d?{parameter}=word", tmp_path)
        assert isinstance(refused, Refused)
        assert "set its mode to 0600" in refused.detail
