"""Which PostgreSQL database is meant and how it is reached, read strictly from one address in libpq's spelling.

`postgresql://user@host:5432/database?schema=tenure&sslmode=verify-full&sslrootcert=ca.pem&passfile=pgpass`. A password
is believed from a file or from the environment only: arguments and settings are seen by others. Connecting is
`postgres`'s.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from tenure.core.refusals import RefusalCode, Refused

SETTING: Final = "database"
MODES: Final = ("disable", "require", "verify-ca", "verify-full")
KNOWN: Final = (
    "schema", "sslmode", "sslrootcert", "sslcert", "sslkey", "passfile", "password_file", "connections", "host", "port",
    "isolation", "notify",
)  # fmt: skip
LONGEST_PASSWORD = 1_024
LONGEST_SCHEMA = 63
MOST_CONNECTIONS = 100
_EXAMPLE = "postgresql://tenure@db.example.com/tenure?sslrootcert=ca.pem&passfile=pgpass"


@dataclass(frozen=True, kw_only=True)
class PostgresTarget:
    """One schema of one database; several hosts are one primary and its standbys."""

    hosts: tuple[str, ...]
    ports: tuple[int, ...]
    user: str
    database: str
    schema: str
    password: str | None = field(repr=False)
    passfile: str | None
    """File in libpq's form (`host:port:database:user:password`); None: `~/.pgpass`, if there is one."""
    tls: ssl.SSLContext | None = field(repr=False)
    """How the server is proven; None: the line is open."""
    isolation: str | None = None
    """`SERIALIZABLE`, for every transaction; None: PostgreSQL's own."""
    listens: bool = True
    """Whether LISTEN is used, which not every database that speaks PostgreSQL knows."""
    connections: int = 8
    """Transactions that read, and that write, at the same time."""

    @property
    def name(self) -> str:
        """As people are told of it: never with a password."""
        places = ",".join(f"{host}:{port}" for host, port in zip(self.hosts, self.ports, strict=True))
        return f"schema {self.schema} of database {self.database} at {places} as {self.user}"


def is_database_url(text: str) -> bool:
    """Whether it is meant as the address of a PostgreSQL database."""
    return text.startswith(("postgresql://", "postgres://"))


def read_target(url: str, folder: Path, *, allows_password: bool = False) -> PostgresTarget | Refused:
    """The database at `url`; paths in it are relative to `folder`.

    Refuses `field_invalid` for what cannot be read, and for a password in it (unless the URL came by the environment:
    `allows_password`) or in a file that others can read. No refusal repeats the URL.
    """
    if not is_database_url(url):
        return _invalid(f"It is written as {_EXAMPLE}.")
    try:
        parts = urlsplit(url)
        if not unquote(url).isprintable():
            raise ValueError
        query = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
        places = _read_hosts(parts.netloc.rpartition("@")[2] or query.get("host", ""), query.get("port", "5432"))
    except ValueError:
        return _invalid(f"Its parts cannot be told apart. It is written as {_EXAMPLE}.")
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    if (password or "password" in query) and not allows_password:
        return _invalid(
            "A password does not belong in it, for others see arguments and settings: change that password, put the "
            "new one into a file with mode 0600, and name the file with `password_file=` (it holds the password alone) "
            "or `passfile=` (lines as in ~/.pgpass)."
        )
    database = unquote(parts.path.removeprefix("/"))
    unknown = sorted(set(query) - {*KNOWN, "password"})
    if unknown:
        return _invalid(f"`{unknown[0][:40]}` is unknown there. It may hold: {', '.join(KNOWN)}.")
    if not (user and database and places):
        return _invalid(f"It names user, host, and database: {_EXAMPLE}.")
    return _make_target(places, unquote(user), database, unquote(password) or query.get("password"), query, folder)


def _make_target(
    places: list[tuple[str, int]],
    user: str,
    database: str,
    password: str | None,
    query: Mapping[str, str],
    folder: Path,
) -> PostgresTarget | Refused:
    connections = query.get("connections", "8")
    if not connections.isdecimal() or not 1 <= int(connections) <= MOST_CONNECTIONS:
        return _invalid(f"`connections` is a number from 1 to {MOST_CONNECTIONS}.")
    schema = query.get("schema", "public")
    refused = _refuse_schema(schema)
    if refused is not None:
        return refused
    isolation, notify = query.get("isolation", "default"), query.get("notify", "on")
    if isolation not in ("default", "serializable") or notify not in ("on", "off"):
        return _invalid("`isolation` is default or serializable, `notify` is on or off.")
    tls = _read_tls(query, [host for host, _ in places], folder)
    if isinstance(tls, Refused):
        return tls
    if "password_file" in query:
        found = _read_password(folder / query["password_file"])
        if isinstance(found, Refused):
            return found
        password = found
    passfile = _checked_file(folder / query["passfile"], "passfile") if "passfile" in query else None
    if isinstance(passfile, Refused):
        return passfile
    return PostgresTarget(
        hosts=tuple(host for host, _ in places),
        ports=tuple(port for _, port in places),
        user=user,
        database=database,
        schema=schema,
        password=password,
        passfile=None if passfile is None else str(passfile),
        tls=tls,
        isolation="SERIALIZABLE" if isolation == "serializable" else None,
        listens=notify == "on",
        connections=int(connections),
    )


def _refuse_schema(name: str) -> Refused | None:
    if not (name.replace("_", "a").isalnum() and name.isascii() and name == name.lower()):
        return _invalid("A schema's name consists of small letters, digits, and `_`.")
    if len(name) > LONGEST_SCHEMA:  # PostgreSQL would cut it off, and two names could mean one schema
        return _invalid(f"A schema's name has at most {LONGEST_SCHEMA} characters.")
    if name.startswith("pg_") or name == "information_schema":
        return _invalid(f"The schema {name} is PostgreSQL's own.")
    return None


def _read_hosts(text: str, usual: str) -> list[tuple[str, int]]:
    """Each host with its port; ValueError for what is none. A host that begins with `/` is a socket's folder."""
    places = []
    for each in text.split(",") if text else ():
        host, port = unquote(each), usual
        if host.startswith("["):
            host, _, rest = host[1:].partition("]")
            port = rest.removeprefix(":") or port
        elif not host.startswith("/"):
            host, _, after = host.partition(":")
            port = after or port
        if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
            raise ValueError(each)
        if not host.startswith("/"):
            host.encode("idna")  # UnicodeError, which is a ValueError, for what no name server could be asked for
        places.append((host, int(port)))
    return places


def _is_here(host: str) -> bool:
    """Whether that is this computer: what is sent there passes no line."""
    if host.startswith("/") or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _read_tls(query: Mapping[str, str], hosts: list[str], folder: Path) -> ssl.SSLContext | Refused | None:
    """How the server is proven: `verify-full` unless it is on this computer, or the URL says otherwise."""
    mode = query.get("sslmode") or ("disable" if all(map(_is_here, hosts)) else "verify-full")
    if mode not in MODES:
        told = f"`sslmode` is one of {', '.join(MODES)}: with the others an attacker could switch TLS off."
        return _invalid(told if mode in ("prefer", "allow") else f"`sslmode` is one of {', '.join(MODES)}.")
    if mode == "disable":
        return None
    context = ssl.create_default_context()
    context.check_hostname = mode == "verify-full"
    context.verify_mode = ssl.CERT_NONE if mode == "require" else ssl.CERT_REQUIRED
    try:
        if query.get("sslrootcert"):
            context = _with_authority(context, folder / query["sslrootcert"])
        if query.get("sslcert"):
            context.load_cert_chain(folder / query["sslcert"], folder / query["sslkey"] if "sslkey" in query else None)
    except (OSError, ssl.SSLError) as fault:
        name = "sslcert" if query.get("sslcert") and fault.filename is None else "sslrootcert"
        return _invalid(f"`{name}` names a file that holds no certificate that can be used: {fault.strerror or fault}.")
    return context


def _with_authority(like: ssl.SSLContext, file: Path) -> ssl.SSLContext:
    """As `like`, but the authorities in `file` are believed and no others."""
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    own.check_hostname, own.verify_mode = like.check_hostname, like.verify_mode
    own.load_verify_locations(file)
    return own


def _read_password(path: Path) -> str | Refused:
    checked = _checked_file(path, "password_file")
    return checked if isinstance(checked, Refused) else checked.read_text("utf-8")[:LONGEST_PASSWORD].strip()


def _checked_file(path: Path, name: str) -> Path | Refused:
    """The file, if it can be read here and by no other user."""
    try:
        if path.stat().st_mode & 0o077:
            return _invalid(f"{path} can be read by others; set its mode to 0600.")
        path.read_bytes().decode()
    except (OSError, UnicodeError):
        return _invalid(f"`{name}` names {path}, which cannot be read as text.")
    return path


def _invalid(detail: str) -> Refused:
    return Refused(RefusalCode.FIELD_INVALID, detail, SETTING)
