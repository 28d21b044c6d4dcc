"""The server's secrets and online keys: one file, mode 0600, never the database; and their root document.

Root keys are not here: `found_server` writes them to a file of their own, which belongs off the server [spec:
root-document].
"""

import base64
import hashlib
import hmac
import logging
from collections.abc import Callable
from pathlib import Path

import msgspec

from tenure.core.lease.claims import LONGEST_LEASE
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, Instant
from tenure.http.problems import RefusedError
from tenure.wire import root as roots
from tenure.wire import rotation, state_tokens
from tenure.wire.keys import Purpose, SeedSigner, is_production_kid
from tenure.wire.root import OnlineKey, RootDocument, RootKey, TrustedRoot

Draw = Callable[[int], bytes]
"""So many random bytes from the system's source."""

_log = logging.getLogger("tenure.server.keys")

END_OF_TIME = 253_402_300_799
"""The last second of the year 9999."""
KEY_LIFE = 2 * 366 * DAY
ROOT_LIFE = 396 * DAY
"""A root document expires after 13 months, so that a client that is fed a frozen one notices."""


class StoredKey(msgspec.Struct, frozen=True):
    """One online key as kept: its id, what it is for, and its seed in base64."""

    kid: str
    purpose: Purpose
    seed: str


class ServerSecrets(msgspec.Struct, frozen=True, kw_only=True):
    """The content of the secret file; 32-byte values in base64."""

    pepper: str
    """Keys the hashes of activation codes and tokens."""
    box: str
    """Seals stored answers that hold a code or a token [spec: sealed-responses]."""
    marker: str
    """Authenticates state tokens, so that an authentic newer one is recognized after a restore."""
    keys: tuple[StoredKey, ...]


class RootSecrets(msgspec.Struct, frozen=True, kw_only=True):
    """The root keys as handed out once; they belong off the server."""

    keys: tuple[StoredKey, ...]


class NoSigningKeyError(RefusedError):
    """No key may sign for this now: told as `no_signing_key`, which no client takes for the last word."""


class KeyRing:
    """The online keys in use, chosen by the root document, and the keyed hashes of the server."""

    def __init__(
        self,
        secrets: ServerSecrets,
        root: TrustedRoot,
        sandbox_root: TrustedRoot,
        reread: Callable[[], ServerSecrets | Refused] | None = None,
    ) -> None:
        """`reread` reads the secret file again, for keys made while the server runs.

        Raises ValueError when the root documents and the secret file do not belong together.
        """
        self._reread = reread
        self.root, self.sandbox_root = root, sandbox_root
        self._kids = _root_kids(root), _root_kids(sandbox_root)
        self.box = _decode_secret(secrets.box)
        self._pepper = _decode_secret(secrets.pepper)
        self._marker = _decode_secret(secrets.marker)
        self._signers = _make_signers(secrets)
        known = {key.kid for key in root.document.keys}
        if not known & set(self._signers):
            raise ValueError("none of the keys in the secret file stands in the root document")

    def follow_root(self, root: TrustedRoot) -> None:
        """Goes by the root document that follows; keys it names that are not at hand are looked for in the secret file.

        A file that cannot be read changes nothing: one signs with what is at hand, and the next document tries again.
        """
        named = {key.kid for key in root.document.keys}
        found = self._reread() if self._reread is not None and not named <= set(self._signers) else None
        if isinstance(found, Refused):
            _log.error("the secret file cannot be read again: %s", found.detail)
        elif found is not None:
            self._signers = _make_signers(found)
        self.root = root
        self._kids = _root_kids(root), self._kids[1]

    def root_of(self, *, sandbox: bool) -> TrustedRoot:
        """The root document that a reader of production, or of a sandbox, goes by."""
        return self.sandbox_root if sandbox else self.root

    @property
    def pepper(self) -> bytes:
        """The key for `core.codes.code_digest`."""
        return self._pepper

    def signer_for(self, purpose: Purpose, product: str, now: Instant, *, sandbox: bool = False) -> SeedSigner:
        """The key that signs for `purpose` now, of those at hand: one may be published before this process has it.

        Raises NoSigningKeyError when none may: the operator must publish one.
        """
        wanted = Purpose.SANDBOX if sandbox else purpose
        key = rotation.last_resort(self._at_hand(sandbox=sandbox), wanted, product, now)
        if isinstance(key, Refused):
            raise NoSigningKeyError(Refused(RefusalCode.NO_SIGNING_KEY, f"There is none for: {wanted}."))
        return self._signers[key.kid]

    def can_sign(self, purpose: Purpose, product: str, now: Instant, *, sandbox: bool = False) -> bool:
        """Whether `signer` has a key for that."""
        wanted = Purpose.SANDBOX if sandbox else purpose
        document = self._at_hand(sandbox=sandbox)
        return not isinstance(rotation.last_resort(document, wanted, product, now), Refused)

    def is_believed(self, kid: str, *, sandbox: bool = False) -> bool:
        """Whether what `kid` signed is still believed: its key stands in the root document in force."""
        return kid in self._kids[sandbox]

    def has_secret(self, kid: str) -> bool:
        """Whether the secret half of that key is at hand here, so that it can sign."""
        return kid in self._signers

    def _at_hand(self, *, sandbox: bool) -> RootDocument:
        document = self.root_of(sandbox=sandbox).document
        return msgspec.structs.replace(document, keys=tuple(key for key in document.keys if key.kid in self._signers))

    @property
    def portal_key(self) -> str:
        """What the portal shows, so that its visitors' addresses are believed (see `http.portal_key`)."""
        return hmac.digest(self._pepper, b"portal", "sha256").hex()

    def token_digest(self, token: str) -> bytes:
        """The keyed hash under which an API token is stored."""
        return hmac.digest(self._pepper, b"token:" + token.encode(), "sha256")

    def state_token(self, site: str, epoch: int, count: int) -> str:
        """The state token number `count` of a site: an authentic marker, not a secret."""
        return state_tokens.make_token(self._marker, site, epoch, count)

    def read_state_token(self, site: str, token: str) -> tuple[int, int] | None:
        """(epoch, count) of an authentic state token of `site`; None for anything else."""
        numbers = state_tokens.read_token(self._marker, site, token, 2)
        return None if numbers is None else (numbers[0], numbers[1])


def _root_kids(root: TrustedRoot) -> frozenset[str]:
    return frozenset(key.kid for key in root.document.keys)


def _make_signers(secrets: ServerSecrets) -> dict[str, SeedSigner]:
    return {key.kid: SeedSigner(_decode_secret(key.seed), key.kid) for key in secrets.keys}


class FoundedServer(msgspec.Struct, frozen=True, kw_only=True):
    """A new server's secrets, its root keys, and version 1 of its two root documents."""

    secrets: ServerSecrets
    offline: RootSecrets
    root: bytes
    sandbox_root: bytes
    """Lists sandbox keys only, so that a client that pins it can never take a lease for a real one."""


def found_server(name: str, draw: Draw, now: Instant, *, root_keys: int = 1, threshold: int = 1) -> FoundedServer:
    """Everything a new server needs; both root documents are signed by all root keys."""
    online = tuple(new_key(purpose, draw) for purpose in Purpose)
    offline = tuple(
        StoredKey(f"root-{number}", Purpose.LEASE, _encode_secret(draw(32))) for number in range(1, root_keys + 1)
    )
    secrets = ServerSecrets(
        pepper=_encode_secret(draw(32)), box=_encode_secret(draw(32)), marker=_encode_secret(draw(32)), keys=online
    )
    real = tuple(key for key in online if key.purpose is not Purpose.SANDBOX)
    play = tuple(key for key in online if key.purpose is Purpose.SANDBOX)
    return FoundedServer(
        secrets=secrets,
        offline=RootSecrets(keys=offline),
        root=_first_root(name, offline, threshold, real, now, now + ROOT_LIFE),
        sandbox_root=_first_root(f"{name}-sandbox", offline, threshold, play, now, END_OF_TIME),
    )


def _first_root(
    name: str, offline: tuple[StoredKey, ...], threshold: int, keys: tuple[StoredKey, ...], now: Instant, until: Instant
) -> bytes:
    signers = [SeedSigner(_decode_secret(key.seed), key.kid) for key in offline]
    listed = tuple(RootKey(signer.key_id, _public_key(signer)) for signer in signers)
    document = rotation.first_document(
        name, listed, threshold, tuple(online_entry(key, now) for key in keys), now, until
    )
    if isinstance(document, Refused):
        raise ValueError(document.detail)
    return roots.sign_document(document, signers)


def new_key(purpose: Purpose, draw: Draw) -> StoredKey:
    """A fresh online key; its id says what it is for and follows from the key."""
    seed = draw(32)
    tail = hashlib.sha256(SeedSigner(seed).public).hexdigest()[:12]
    return StoredKey(f"{purpose.value}-{tail}", purpose, _encode_secret(seed))


def online_entry(key: StoredKey, now: Instant) -> OnlineKey:
    """The key as the root document lists it, good from now on for two years."""
    signer = SeedSigner(_decode_secret(key.seed), key.kid)
    # A little skew, so that the first lease, dated back for readers whose clocks are slow, is inside the window.
    since, until = max(0, now - DAY), now + KEY_LIFE
    if key.purpose is Purpose.SANDBOX:
        since, until = 0, END_OF_TIME  # what it signs is dated by sandbox clocks, which go where their owners like
    return OnlineKey(
        kid=key.kid, x=_public_key(signer), purpose=key.purpose, nbf=since, naf=until, longest=LONGEST_LEASE
    )


def read_secrets(path: Path) -> ServerSecrets | Refused:
    """The secret file; refuses one that others can read, because it may be known already."""
    try:
        mode = path.stat().st_mode & 0o077
        data = path.read_bytes()
    except OSError as fault:
        return Refused(RefusalCode.NOT_FOUND, f"The secret file cannot be read: {fault.strerror}.", "secrets")
    if mode:
        return Refused(
            RefusalCode.ACTION_NOT_PERMITTED, f"{path} can be read by others; set its mode to 0600.", "secrets"
        )
    try:
        return msgspec.json.decode(data, type=ServerSecrets)
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        return Refused(RefusalCode.FIELD_INVALID, f"The secret file is damaged: {fault}.", "secrets")


def unfit_for_production(secrets: ServerSecrets) -> list[str]:
    """Ids of development keys, with which no production server starts [spec: client-keys]."""
    return [key.kid for key in secrets.keys if key.purpose is not Purpose.SANDBOX and not is_production_kid(key.kid)]


def _public_key(signer: SeedSigner) -> str:
    return base64.urlsafe_b64encode(signer.public).rstrip(b"=").decode()


def _encode_secret(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _decode_secret(value: str) -> bytes:
    return base64.b64decode(value, validate=True)
