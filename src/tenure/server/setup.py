"""A new activation server: folder, secrets, root document, database, the vendor's first token."""

import os
from pathlib import Path

import msgspec

from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, Instant
from tenure.server import keyring
from tenure.server.api.accounts.places import SecretPrefix, fresh_secret
from tenure.server.context import ROOT, SANDBOX_ROOT
from tenure.server.keyring import Draw, FoundedServer, KeyRing
from tenure.server.roles import SCOPES, TeamRole
from tenure.server.state_place import DATABASE, SETTINGS, StatePlace, open_state
from tenure.store import audit_log, ending_rows, ids, invitations, tokens
from tenure.store.audit_log import AuditEvent
from tenure.store.catalog import DOCUMENTS, WriteStamp
from tenure.store.engine import Connection, Database
from tenure.store.invitations import Invitation
from tenure.store.users import TeamPlace
from tenure.wire import root as roots

SECRETS, ROOT_SECRETS = "secrets.json", "root-secrets.json"
UNFINISHED = "init.unfinished"
ROOT_FILE, SANDBOX_ROOT_FILE = "root.jws", "sandbox-root.jws"
PORTAL_KEY = "portal.key"
TOKEN_DAYS = 3_650
LONGEST_NAME = 256


class InitializedServer(msgspec.Struct, frozen=True, kw_only=True):
    """What a new server consists of, and what must be put away."""

    folder: str
    root_file: str
    """To be given to every client; not secret."""
    root_secrets: str
    """Belongs off this server: with it an attacker can replace every key."""
    fingerprint: str
    """Eight words by which people compare root documents."""
    portal_key: str
    """For the portal (`tenure portal run --server-key`), so that its visitors' addresses are believed."""
    vendor_token: str
    """Shown once."""
    owner_invitation: str
    """Its user becomes the vendor's owner, in the portal or by `POST /v1/invitations/accept`; shown once."""
    portal_url: str = ""
    """Where people open the portal; empty where that is not known yet."""


async def init_folder(
    folder: Path,
    name: str,
    draw: Draw,
    now: Instant,
    *,
    portal_url: str = "",
    root_keys: int = 1,
    threshold: int = 1,
    place: StatePlace | None = None,
) -> InitializedServer | Refused:
    """Make a server in an empty or missing folder; `name` is its address as leases name it.

    `portal_url` goes into its settings: mails and invitations are links to there; and so does the database that
    `place` names as an option, whose schema must be empty. None: a SQLite file in the folder.

    Refuses `already_exists` for a folder with a server in it, `field_invalid` for keys that cannot reach the threshold
    and for a name that no lease can carry. What breaks off (a full disk, a crash) stands in no later try's way.
    """
    if not 1 <= len(name) <= LONGEST_NAME or not all("!" <= char <= "~" for char in name):
        return Refused(RefusalCode.FIELD_INVALID, "A name is an address such as https://license.example.com.", "name")
    if not 1 <= threshold <= root_keys <= 16:
        return Refused(
            RefusalCode.FIELD_INVALID, "At least one root key, at most 16, and no higher threshold.", "threshold"
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # noqa: ASYNC240 - a program's first step, no device waits
    mark = folder / UNFINISHED
    if mark.exists():
        _undo_init(folder)
    place = place or StatePlace(folder)
    if any((folder / each).exists() for each in (SECRETS, DATABASE)):
        return Refused(RefusalCode.ALREADY_EXISTS, f"There is a server in {folder} already.", "folder")
    write_secret(mark, b"tenure server init has not come to its end here; the next one starts over.\n")
    try:
        given = {"name": name, "portal_url": portal_url, "database": place.option}
        settings = {key: value for key, value in given.items() if value}
        made = await _make_server(place, settings, draw, now, root_keys=root_keys, threshold=threshold)
    except BaseException:
        _undo_init(folder)
        raise
    if isinstance(made, Refused):
        _undo_init(folder)
        return made
    mark.unlink(missing_ok=True)
    return msgspec.structs.replace(made, portal_url=portal_url)


def _undo_init(folder: Path) -> None:
    """Takes away what a broken-off `init_folder` has left."""
    made = (folder / name for name in (SECRETS, ROOT_SECRETS, ROOT_FILE, SANDBOX_ROOT_FILE, SETTINGS, UNFINISHED))
    for each in (*folder.glob(f"{DATABASE}*"), *made):
        each.unlink(missing_ok=True)


async def _make_server(
    place: StatePlace, settings: dict[str, str], draw: Draw, now: Instant, *, root_keys: int, threshold: int
) -> InitializedServer | Refused:
    folder = place.folder
    db = await _open_empty(place)
    if isinstance(db, Refused):
        return db
    try:
        return await _fill_folder(db, folder, settings, draw, now, root_keys=root_keys, threshold=threshold)
    finally:
        await db.close()


async def _open_empty(place: StatePlace) -> Database | Refused:
    """The database, with its tables and nothing in them; one that has a history is left alone."""
    db = await open_state(place, make=True)
    if isinstance(db, Refused) or await db.read(lambda conn: DOCUMENTS.last(conn, ROOT)) is None:
        return db
    await db.close()
    told = (
        "There is a Tenure in that schema already, or what a broken-off `tenure server init` has left there: name an "
        "empty schema, or empty it (drop schema … cascade)."
    )
    return Refused(RefusalCode.ALREADY_EXISTS, told, "database")


async def _fill_folder(
    db: Database,
    folder: Path,
    settings: dict[str, str],
    draw: Draw,
    now: Instant,
    *,
    root_keys: int,
    threshold: int,
) -> InitializedServer:
    identity = f"root-{draw(6).hex()}"
    founded = keyring.found_server(identity, draw, now, root_keys=root_keys, threshold=threshold)
    write_secret(folder / SECRETS, msgspec.json.encode(founded.secrets))
    write_secret(folder / ROOT_SECRETS, msgspec.json.encode(founded.offline))
    (folder / ROOT_FILE).write_bytes(founded.root)
    (folder / SANDBOX_ROOT_FILE).write_bytes(founded.sandbox_root)
    write_secret(folder / SETTINGS, msgspec.json.format(msgspec.json.encode(settings), indent=2) + b"\n")
    ring = ring_of(founded)
    write_secret(folder / PORTAL_KEY, ring.portal_key.encode())
    token = await furnish_database(db, ring, draw, now)
    invitation = await invite_owner(db, ring, draw, now)
    return InitializedServer(
        folder=str(folder),
        root_file=str(folder / ROOT_FILE),
        root_secrets=str(folder / ROOT_SECRETS),
        fingerprint=ring.root.fingerprint(),
        portal_key=str(folder / PORTAL_KEY),
        vendor_token=token,
        owner_invitation=invitation,
    )


def ring_of(founded: FoundedServer) -> KeyRing:
    """The key ring of a server just founded."""
    root, sandbox_root = roots.pin_root(founded.root), roots.pin_root(founded.sandbox_root)
    if isinstance(root, Refused) or isinstance(sandbox_root, Refused):
        raise ValueError("a root document just signed does not hold")
    return KeyRing(founded.secrets, root, sandbox_root)


async def furnish_database(db: Database, keys: KeyRing, draw: Draw, now: Instant) -> str:
    """The root documents and the vendor's first token, put into an empty database; the token's secret."""
    secret = "tnr_" + draw(32).hex()

    def work(conn: Connection) -> None:
        DOCUMENTS.publish(conn, ROOT, 0, keys.root.token, WriteStamp("setup", now))
        DOCUMENTS.publish(conn, SANDBOX_ROOT, 0, keys.sandbox_root.token, WriteStamp("setup", now))
        first = tokens.ApiToken(
            digest=keys.token_digest(secret),
            id=ids.new_id("tok", now),
            provider=None,
            customer=None,
            role=Role.VENDOR,
            scopes=SCOPES[Role.VENDOR],
            name="first token",
            created=now,
            expires=now + TOKEN_DAYS * DAY,
        )
        tokens.add_token(conn, first)
        audit_log.record_event(
            conn,
            TeamPlace(),
            AuditEvent("token_made", "setup", about=first.id, state=tokens.recorded_state(first)),
            now,
        )

    await db.write(work)
    return secret


async def invite_owner(db: Database, keys: KeyRing, draw: Draw, now: Instant) -> str:
    """An invitation for the vendor's first owner, who says its own e-mail; the link's secret."""
    secret, digest = fresh_secret(keys, draw, SecretPrefix.INVITATION)
    asked = Invitation(
        ids.new_id("inv", now), digest, "", "Owner", None, None, TeamRole.OWNER, "Your new server", now,
        now + invitations.LIFE,
    )  # fmt: skip

    def work(conn: Connection) -> None:
        invitations.invite(conn, asked)
        state = ending_rows.recorded_state(conn, ending_rows.INVITATION, asked.id)
        audit_log.record_event(conn, TeamPlace(), AuditEvent("invited", "setup", about=asked.id, state=state), now)

    await db.write(work)
    return secret


def write_secret(path: Path, data: bytes) -> None:
    """A new file that only its owner can read; durable when this returns."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, data)
        os.fsync(handle)
    finally:
        os.close(handle)
