"""What sites and the server say to one another: frozen values with bounds on every field
[spec: activation, synchronization].

Evolution: fields are only appended, each with a default; unknown ones are ignored by older readers. How a message is
sealed and bound to its question is in `answers`, what a lease or a notice says in `leases` and `notices`.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tenure.core.refusals import TABLE, RefusalCode, Refused
from tenure.wire import field_types, strict_json
from tenure.wire.leases import OutlookClaim, SpanClaim

Trigger = Literal["timer", "manual", "startup", "edge", "network_up"]
PathKind = Literal["", "address", "system", "last_good", "public", "proxy"]
Resolution = Literal["", "restored", "second_site", "retired"]
World = Literal["production", "sandbox"]


class Jwk(msgspec.Struct, frozen=True):
    """A public key as RFC 8037 writes it."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: field_types.Bytes32


class NetworkPath(msgspec.Struct, frozen=True, omit_defaults=True):
    """The way by which the last answer came [spec: name-resolution]; empty before the first."""

    kind: PathKind = ""
    resolver: field_types.Host = ""


class DeviceUse(msgspec.Struct, frozen=True, omit_defaults=True):
    """Devices in use at the site."""

    total: field_types.Count = 0
    by_product: Annotated[dict[field_types.Id, field_types.Count], Meta(max_length=64)] = {}
    digest: field_types.MaybeBytes32 = ""
    """SHA-256 over the sorted list of devices, so that the server notices when it changed."""


class ActivateRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Claims of a `tenure-activate-request+jws`, signed by the key it names: proof that the sender holds it.

    The same claims as a `tenure-preview-request+jws` ask what the code would start: nothing is kept and nothing begins.
    It is another context and no flag, for a server that does not know the flag would ignore it and begin.
    """

    nonce: field_types.Bytes32
    request: field_types.RequestId
    code: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"\A[!-~ ]+\Z")]
    """As typed; `core.activation_codes` reads it."""
    product: field_types.Id
    version: field_types.Version
    """Of the application."""
    name: field_types.Name
    """Of the site, for people."""
    key: Jwk
    wall: field_types.Moment
    uptime: field_types.Seconds
    root: field_types.Serial
    """Version of the root document known."""
    device_port: field_types.MaybeBytes32 = ""
    """SHA-256 of the public key (SPKI) of the device port's certificate."""
    lease: field_types.Jws = ""
    """The present lease, when the site has one (M10)."""
    token: field_types.Token = ""
    """The state token of the last answer, when the site has one: of two copies it tells which one asks (B9)."""
    hardware: Annotated[dict[field_types.Id, field_types.Bytes32], Meta(max_length=8)] = {}
    """Salted digests of hardware parts by name; raw ids never leave."""
    role: Literal["active", "successor"] = "active"
    """`successor` stages the code to follow the present subscription [spec: successor]."""
    pending: field_types.Unanswered = ()
    """What was sent before and has not been answered: its answer may have replaced `token`."""
    world: World = "production"
    """By whose root the sender goes, so that even a refusal of a stranger is one it can prove. A code of the other
    world is `environment_mismatch` before anything is settled."""
    installation: Literal["server", "standalone"]
    """What is activated; fixed at a key's first activation (`core.installation`)."""
    ephemeral: bool = False
    """Whether a standalone application asks for a short lease, whose place is free at its end."""


class SyncRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Claims of a `tenure-sync-request+jws`, signed by the site's key."""

    nonce: field_types.Bytes32
    request: field_types.RequestId
    site: field_types.Id
    subscription: field_types.Id
    product: field_types.Id
    serial: field_types.Serial
    epoch: field_types.Serial
    revision: field_types.Serial
    token: field_types.Token
    """The state token of the last answer."""
    version: field_types.Version
    wall: field_types.Moment
    uptime: field_types.Seconds
    trigger: Trigger
    use: DeviceUse = DeviceUse()
    wanted: field_types.Count = 0
    """Allotment wanted."""
    path: NetworkPath = NetworkPath()
    lease: field_types.Jws = ""
    """Only after the server asked for it by `send_lease`."""
    resolve: Resolution = ""
    """What the site's administrator says of a fork: that the asking one is the same server restored, that the copy is
    a second site, that the copy is retired. The copy is always the one whose token was replaced, also if it asks."""
    drop_successor: field_types.MaybeId = ""
    """The subscription of a staged successor that the administrator does not want any more."""
    erased: field_types.Jws = ""
    """The receipt (`tenure-erased+jws`) of a standalone application for its newest lease: it gives its place back."""
    key: Jwk | None = None
    """The site's public key, with its lease: only after the server said, unsigned, that it does not know the key. One
    that was put back from a backup takes in by them what was activated since [spec: restored-server]."""
    pending: field_types.Unanswered = ()
    """As in `ActivateRequest`: an activation that was granted, and whose answer was lost, makes no copy of the site."""


class SignedRefusal(msgspec.Struct, frozen=True, omit_defaults=True):
    """A signed "no". `code` is a name of the refusal table, maybe of a newer one than the reader's."""

    code: field_types.Word
    conclusive: bool
    detail: field_types.Line = ""
    when: field_types.Moment | None = None
    """When to try again, where that is known."""

    def as_refused(self) -> Refused:
        """As a refusal of this reader's table; a code it does not know becomes `not_found` with the words received."""
        known = {code.value: code for code in RefusalCode}
        words = self.detail or ("" if self.code in known else self.code)
        return Refused(known.get(self.code, RefusalCode.NOT_FOUND), words, when=self.when)


def to_signed_refusal(refused: Refused) -> SignedRefusal:
    """The core's refusal as it is sent: cut to what the field may hold, whether it is conclusive by the table."""
    detail = "".join(char if char.isprintable() else " " for char in refused.detail)[:512]
    return SignedRefusal(refused.code.value, TABLE[refused.code].conclusive, detail, refused.when)


class NextSync(msgspec.Struct, frozen=True):
    """When the server wants to hear from the site again; the site draws an instant from the window."""

    not_before: field_types.Moment
    not_after: field_types.Moment


class AdministratorMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    """Words to the administrator."""

    id: field_types.Id
    at: field_types.Moment
    text: field_types.Line
    severity: Literal["info", "warning", "critical"] = "info"


class SiteChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that changed since the site's revision."""

    revision: field_types.Serial
    at: field_types.Moment
    what: field_types.Word
    """Stable name of the kind of fact."""
    text: field_types.Line = ""


class SiteCopy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of the copies of a site, as it last showed itself."""

    which: Literal["current", "copy"]
    """`current` shows the token given last, a `copy` one that was replaced."""
    at: field_types.Moment
    serial: field_types.Serial
    epoch: field_types.Serial
    version: field_types.Version = ""
    devices: field_types.Count = 0
    path: PathKind = ""
    wall: field_types.Moment = 0
    """Its own clock."""
    uptime: field_types.Seconds = 0
    """How long its computer had been running."""


class ForkEvidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The evidence of both sides [spec: fork-rule]."""

    found: field_types.Moment
    copies: Annotated[tuple[SiteCopy, ...], Meta(max_length=16)] = ()
    restores_left: field_types.Count = 0
    """How often the administrator may still say that the same server was restored."""


class AnswerBinding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every answer carries: the question it answers, and when it was given."""

    nonce: field_types.Bytes32
    """The question's."""
    request_sha256: field_types.Bytes32
    """Of the question's bytes as received."""
    time: field_types.Moment
    """The server's clock (a sandbox provider's, for a sandbox)."""
    root: field_types.Serial
    """Newest version of the root document."""
    lease: field_types.Jws = ""
    successor: field_types.Jws = ""
    """The lease that follows, signed again with every present one."""
    token: field_types.Token = ""
    next_sync: NextSync | None = None
    notices: Annotated[tuple[field_types.Jws, ...], Meta(max_length=8)] = ()
    """Sealed `tenure-notice+jws`."""
    messages: Annotated[tuple[AdministratorMessage, ...], Meta(max_length=8)] = ()
    refusal: SignedRefusal | None = None


class CodePreview(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a code would start for this site, as things stand now; it grants nothing."""

    plan: field_types.Id
    kind: Literal["limited", "unlimited", "trial"]
    limit: field_types.Count
    """Devices of the subscription."""
    provider: field_types.Name
    begins: field_types.Moment
    """Now, or when a successor would take over."""
    paid_until: field_types.Moment | None = None
    spans: Annotated[tuple[SpanClaim, ...], Meta(min_length=1, max_length=64)]
    """From `begins` on."""
    plan_name: field_types.Name = ""
    """The vendor's name of the plan."""
    outlook: OutlookClaim | None = None
    """What would be known of the next renewal; None where nothing renews itself."""


class ActivateAnswer(AnswerBinding, frozen=True, kw_only=True, omit_defaults=True):
    """Claims of a `tenure-activate-answer+jws`."""

    result: Literal["granted", "preview", "refused"]
    site: field_types.MaybeId = ""
    """The site's id, when granted."""
    preview: CodePreview | None = None
    """To a preview request, unless it is refused."""
    forked: bool = False
    """As in a synchronization's answer: to a copy of the site, whatever code it typed [spec: fork-rule]."""
    fork: ForkEvidence | None = None
    pad: Annotated[str, Meta(max_length=4_096, pattern=r"\A\.*\Z")] = ""
    """Says nothing; keeps refusals from being told apart by their length."""


class SyncAnswer(AnswerBinding, frozen=True, kw_only=True, omit_defaults=True):
    """Claims of a `tenure-sync-answer+jws`."""

    result: Literal["lease", "unchanged", "send_lease", "refused", "released"]
    forked: bool = False
    """The present truth for a site that was copied: refreshes yes, new seats no, and it does not count as answered."""
    changes: Annotated[tuple[SiteChange, ...], Meta(max_length=16)] = ()
    fork: ForkEvidence | None = None
    """While a fork is open: what was seen of the copies, for both of them."""
    free_from: field_types.Moment | None = None
    """To `released`: when the place is free, if not at once: at the end of the lease that was given back, or later."""


REFUSAL_BLOCK = 768
"""Refusals of an activation fill a multiple of this many payload bytes."""


def pad_refusal(answer: ActivateAnswer) -> ActivateAnswer:
    """A refusing `answer` filled up, so that its length tells nothing of its reason."""
    # The empty pad is left out, so its key and quotes come with the first dot.
    bare = len(msgspec.json.encode(msgspec.structs.replace(answer, pad="."))) - 1
    return msgspec.structs.replace(answer, pad="." * (REFUSAL_BLOCK - bare % REFUSAL_BLOCK))


def unknown_code(nonce: str, request_sha256: str, time: int, root: int) -> ActivateAnswer:
    """The one answer to every code that matches nothing: the same but for nonce, request hash and time
    [spec: code-throttle].

    It never says anything of the code, the product or the sender, and always has the same length.
    """
    no = SignedRefusal(RefusalCode.CODE_UNKNOWN.value, TABLE[RefusalCode.CODE_UNKNOWN].conclusive)
    answer = ActivateAnswer(
        nonce=nonce, request_sha256=request_sha256, time=time, root=root, result="refused", refusal=no
    )
    return pad_refusal(answer)


def refuse_incoherent_answer(answer: ActivateAnswer | SyncAnswer) -> Refused | None:
    """`message_malformed` when the parts of an answer contradict one another; None when they agree."""
    window = answer.next_sync
    if window is not None and window.not_after < window.not_before:
        return strict_json.refuse_malformed(
            "The window for the next synchronization ends before it begins.", "next_sync"
        )
    if (answer.result == "refused") != (answer.refusal is not None):
        return strict_json.refuse_malformed("An answer refuses exactly when it says why.", "refusal")
    if answer.result == "lease" and not answer.lease:
        return strict_json.refuse_malformed("The lease is missing.", "lease")
    if answer.result == "granted" and not (answer.lease or answer.successor):
        return strict_json.refuse_malformed("The lease is missing.", "lease")
    if isinstance(answer, SyncAnswer) and answer.free_from is not None and answer.result != "released":
        return strict_json.refuse_malformed("Only a license given back frees a place.", "free_from")
    if isinstance(answer, ActivateAnswer) and (answer.result == "preview") != (answer.preview is not None):
        return strict_json.refuse_malformed("A preview belongs to an answer that is one.", "preview")
    if answer.result not in ("granted", "lease") and (answer.lease or answer.successor):
        return strict_json.refuse_malformed(f"A lease does not belong into `{answer.result}`.", "lease")
    return None
