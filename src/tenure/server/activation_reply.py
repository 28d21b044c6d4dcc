"""What a site that applies a code is answered, and what its row becomes: pure functions of what is known of it, its
request, and the time ([spec: activation, known-key]; ADR 25).

`code_contact` and `known_site` read what is known, ask here what follows, and store that. Whether a code may be applied
is decided in `core.business.decide`. Nothing here touches the store, a key, or a clock.
"""

import msgspec

from tenure.core.answering.callers import Caller, TokenNumber, is_ahead
from tenure.core.business import commands as c
from tenure.core.installation import Installation
from tenure.core.lease.claims import Lease
from tenure.core.policy.rules import Role
from tenure.core.refusals import Refused
from tenure.core.subscription.fold import Subscription
from tenure.core.timeline import Instant
from tenure.server import allotments, forks
from tenure.server.lease_signing import SignedSite
from tenure.server.site_projection import IN_USE
from tenure.server.site_record import SiteRecord, read_record, with_extra
from tenure.store.sites import SiteRow
from tenure.wire.exchanges import ProvenRequest
from tenure.wire.keys import to_jwk
from tenure.wire.messages import (
    ActivateAnswer,
    ActivateRequest,
    CodePreview,
    ForkEvidence,
    NextSync,
    pad_refusal,
    to_signed_refusal,
)

# who asks


def recognize_key(site: SiteRow, message: ActivateRequest, shown: TokenNumber | None) -> Caller:
    """Who asks with the key of `site`; `shown`: the number of its state token, if that is authentic."""
    if site.token and is_ahead(shown, (site.epoch, site.token_count)):
        return Caller.AHEAD
    return Caller.SITE if forks.is_newest(site, message) else Caller.COPY


def after_learning(site: SiteRow, lease: Lease | None, number: int, now: Instant) -> SiteRow:
    """The site with what it holds counted: this server was restored, and the site knows more [spec: restored-server].

    `lease`: the one that it shows, if this server signed it; `number`: that of its state token.
    """
    if lease is not None and lease.sub == site.id:
        site = allotments.after_learning(site, lease, now)
    return msgspec.structs.replace(site, token_count=max(site.token_count, number))


# what is asked of the core


def make_command(
    message: ActivateRequest, name: str, key: str, code: str, allotment: int
) -> c.Activate | c.StageSuccessor:
    """The command that the request is, of the site `name` with the code of that id."""
    kind = c.StageSuccessor if message.role == "successor" else c.Activate
    command = kind(
        by=name,
        role=Role.SITE,
        site=name,
        key=key,
        code=code,
        product=message.product,
        version=message.version,
        name=message.name,
        hardware=tuple(f"{part}:{digest}" for part, digest in sorted(message.hardware.items())),
        allotment=allotment,
        installation=Installation(message.installation),
    )
    return msgspec.structs.replace(command, ephemeral=message.ephemeral) if isinstance(command, c.Activate) else command


# what its row becomes


def fresh_site(
    asked: ProvenRequest[ActivateRequest], name: str, key: str, code: str, sub: Subscription, now: Instant
) -> SiteRow:
    """The row of a key that is new here."""
    message = asked.message
    body = SiteRecord(device_port=message.device_port, hardware=dict(message.hardware), code=code)
    return SiteRow(
        id=name,
        provider=sub.provider,
        customer=sub.customer,
        product=message.product,
        subscription=sub.id,
        thumbprint=key,
        jwk=msgspec.json.encode(to_jwk(asked.public)),
        state=IN_USE,
        created=now,
        name=message.name,
        version=message.version,
        token=b"",
        body=msgspec.json.encode(body),
        epoch=now,
        installation=message.installation,
        ephemeral=int(message.ephemeral),
    )


def joined_site(site: SiteRow, message: ActivateRequest, code: str, sub: Subscription, now: Instant) -> SiteRow:
    """The row that the key had, now with this subscription; its part of the pool is still to come."""
    if site.successor == sub.id:
        site = msgspec.structs.replace(site, successor=None)
    if site.subscription != sub.id:
        site = allotments.with_pools(site, allotments.pools_of(site).after_switch(sub.id, now))
    body = msgspec.structs.replace(
        read_record(site),
        device_port=message.device_port,
        hardware=dict(message.hardware),
        code=code,
        told_to_leave=0,
    )
    return msgspec.structs.replace(
        with_extra(site, body),
        provider=sub.provider,
        customer=sub.customer,
        state=IN_USE,
        name=message.name,
        version=message.version,
    )


def staged_site(site: SiteRow, sub: Subscription) -> SiteRow:
    """The row with `sub` kept ready as its successor; its part of that pool is still to come."""
    body = msgspec.structs.replace(read_record(site), successor_provider=sub.provider)
    return msgspec.structs.replace(with_extra(site, body), successor=sub.id)


def granted_site(signed: SignedSite, message: ActivateRequest, now: Instant) -> SiteRow:
    """The row once its lease is signed: the request counts as its last one."""
    return msgspec.structs.replace(signed.site, last_request=message.request, last_contact=now)


def after_answer(site: SiteRow, token: str, answer: bytes) -> SiteRow:
    """The row with its next state token, and the answer, which a repeated request gets again."""
    return msgspec.structs.replace(site, answer=answer, token=token.encode(), token_count=site.token_count + 1)


# what it is told


def bare_answer(asked: ProvenRequest[ActivateRequest], now: Instant, root: int) -> ActivateAnswer:
    """An answer that says nothing yet, bound to its question; `root`: version of the sender's own root document."""
    return ActivateAnswer(nonce=asked.message.nonce, request_sha256=asked.sha256, time=now, root=root, result="refused")


def refusing_answer(
    bare: ActivateAnswer, refused: Refused, *, forked: bool = False, fork: ForkEvidence | None = None
) -> ActivateAnswer:
    """The refusing answer, padded so that its length tells nothing."""
    return pad_refusal(msgspec.structs.replace(bare, refusal=to_signed_refusal(refused), forked=forked, fork=fork))


def granting_answer(
    bare: ActivateAnswer, signed: SignedSite, turn: tuple[Instant, Instant] | None, token: str
) -> ActivateAnswer:
    """The answer with its lease, and that of a successor that waits."""
    return msgspec.structs.replace(
        bare,
        result="granted",
        site=signed.site.id,
        lease=signed.token.decode(),
        successor=signed.successor.decode(),
        token=token,
        next_sync=None if turn is None else NextSync(*turn),
    )


def forked_answer(
    bare: ActivateAnswer, signed: SignedSite, turn: tuple[Instant, Instant] | None, fork: ForkEvidence | None
) -> ActivateAnswer:
    """The truth for a week, to a copy: without a state token, and without a successor's lease [spec: fork-rule]."""
    granted = granting_answer(bare, msgspec.structs.replace(signed, successor=b""), turn, "")
    return msgspec.structs.replace(granted, forked=True, fork=fork)


def preview_answer(bare: ActivateAnswer, seen: CodePreview, provider: str, plan_name: str) -> ActivateAnswer:
    """What would be granted, without anything that grants it."""
    preview = msgspec.structs.replace(seen, provider=provider, plan_name=plan_name)
    return msgspec.structs.replace(bare, result="preview", preview=preview)
