"""What an activation is decided on and what comes of it: values, read and stored by `code_contact`."""

import msgspec

from tenure.core.activation_codes import ActivationCode
from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.server import environments
from tenure.server.activation_reply import bare_answer, refusing_answer
from tenure.server.context import ServerContext, Tenant
from tenure.server.real_time import RealTime
from tenure.store.codes import StoredCode
from tenure.store.engine import Connection
from tenure.store.sites import SiteRow
from tenure.store.tenants import ProviderRow
from tenure.wire.exchanges import ProvenRequest
from tenure.wire.keys import key_thumbprint
from tenure.wire.messages import ActivateAnswer, ActivateRequest, ForkEvidence


class ActivationReply(msgspec.Struct, frozen=True):
    """What is to be signed, by a sandbox key or a real one; or an answer that was signed before."""

    message: ActivateAnswer
    sandbox: bool
    stored: bytes = b""


class TypedCode(msgspec.Struct, frozen=True, kw_only=True):
    """A proven request to apply or preview a code, of which it is not known yet whether it exists."""

    asked: ProvenRequest[ActivateRequest]
    code: ActivationCode
    carried: bool = False
    """Brought by hand [spec: offline-exchange]."""
    preview: bool = False
    """It asks what the code would start; nothing is kept."""

    @property
    def message(self) -> ActivateRequest:
        """What the site says."""
        return self.asked.message

    @property
    def key(self) -> str:
        """Thumbprint of the key that signed the request."""
        return key_thumbprint(self.asked.public)

    @property
    def sandbox(self) -> bool:
        """Whether the sender goes by the root of sandboxes."""
        return self.message.world == environments.SANDBOX


class KnownKey(msgspec.Struct, frozen=True):
    """The site that a key is known as, and its provider; both None for a key that is new here."""

    site: SiteRow | None = None
    home: ProviderRow | None = None

    def now_at(self, time: RealTime) -> Instant:
        """The now of the site's own provider; the real one for a key that is new here."""
        return time.instant if self.home is None else time.now_of(self.home)


class CodeContact(msgspec.Struct, frozen=True, kw_only=True):
    """One request to apply or preview a code that exists, and with what it is answered, inside the caller's
    transaction."""

    context: ServerContext
    conn: Connection
    tenant: Tenant
    """The code's provider; on behalf of the site that asks."""
    typed: TypedCode
    code: StoredCode

    @property
    def message(self) -> ActivateRequest:
        """What the site says."""
        return self.typed.message

    @property
    def now(self) -> Instant:
        """The provider's."""
        return self.tenant.now

    @property
    def sandbox(self) -> bool:
        """Whether the code is of a sandbox."""
        return self.tenant.provider.sandbox

    @property
    def bare(self) -> ActivateAnswer:
        """An answer that says nothing yet."""
        return bare_answer(self.typed.asked, self.now, root_shown(self.context, self.typed))

    def refuse(self, refused: Refused, *, forked: bool = False, fork: ForkEvidence | None = None) -> ActivateAnswer:
        """The answer that refuses; `forked`: to a copy, with the evidence if it was looked at."""
        return refusing_answer(self.bare, refused, forked=forked, fork=fork)

    def reply(self, message: ActivateAnswer) -> ActivationReply:
        """The answer, to be signed in the code's own environment."""
        return ActivationReply(message, self.sandbox)


def root_shown(context: ServerContext, typed: TypedCode) -> int:
    """Version of the root document by which the sender goes: even a refusal is one that it can prove."""
    return context.keys.root_of(sandbox=typed.sandbox).version
