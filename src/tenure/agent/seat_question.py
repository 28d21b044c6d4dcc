"""The question about a seat as the engine puts it: where it is asked, how its answer is read, what that changes.

Pure. What a request says is `requests`', what a proven answer changes `apply_response`'s; when it is asked is
`seat_keeper`'s.
"""

import msgspec

from tenure.agent.apply_response import AnswerReader, AppliedSiteAnswer, apply_answer
from tenure.agent.device_state import DeviceState
from tenure.agent.requests import DEVICE, DeviceIdentity, request_kind
from tenure.core.lease.acceptance import ResponseKind
from tenure.core.refusals import RefusalCode, Refused
from tenure.sdk.engine.answers import AnswerArrival
from tenure.sdk.engine.replies import Draw, Inconclusive, make_inconclusive, prove_answer
from tenure.sdk.network.path import HttpExchange
from tenure.wire import devices
from tenure.wire.devices import DeviceAnswer
from tenure.wire.keys import from_jwk, key_id
from tenure.wire.leases import read_lease
from tenure.wire.root import TrustedRoot


class SeatQuestion(msgspec.Struct, frozen=True):
    """What a device may do (see `sdk.engine.session.Question`)."""

    who: DeviceIdentity
    """As configured."""
    draw: Draw
    path: str = DEVICE

    def prove(
        self, reply: HttpExchange | Refused, request: bytes, kept: DeviceState, root: TrustedRoot
    ) -> DeviceAnswer | Inconclusive:
        """The answer that `reply` proves to be, or why it counts for nothing.

        Proven by the key of the site known, or by the one that a genuine lease names together with the device port that
        was spoken to: a site that had to start over has another key, but the same port.
        """

        def read(answer: bytes) -> DeviceAnswer | Refused:
            site = _site_key(answer, kept, self.who.under(root), root)
            return site if isinstance(site, Refused) else devices.read_answer(answer, request, site)

        return prove_answer(reply, read, _FOREIGN, _refuse_unsigned)

    def refuse_stale(self, answer: DeviceAnswer, root: TrustedRoot) -> Refused | None:
        """Never: the site signs with a key of its own, which a lease names."""
        return None

    def apply(
        self, kept: DeviceState, request: bytes, answer: DeviceAnswer, arrival: AnswerArrival, root: TrustedRoot
    ) -> AppliedSiteAnswer:
        """What the answer makes of `kept`."""
        return apply_answer(kept, request_kind(request), answer, self.answer_reader(arrival, root))

    def after_failure(self, kept: DeviceState, heard: Inconclusive) -> DeviceState:
        """Nothing more than a later attempt."""
        return kept

    def answer_reader(self, arrival: AnswerArrival, root: TrustedRoot) -> AnswerReader:
        """Who takes what has arrived, under `root`."""
        return AnswerReader(who=self.who.under(root), root=root, arrival=arrival, draw=self.draw)


def _site_key(answer: bytes, kept: DeviceState, who: DeviceIdentity, root: TrustedRoot) -> bytes | Refused:
    kid = devices.answers_key(answer)
    if isinstance(kid, Refused):
        return kid
    if kept.site and key_id(kept.site) == kid:
        return kept.site
    lease = read_lease(devices.claimed_lease(answer), root, product=who.product, sandbox=who.sandbox)
    if isinstance(lease, Refused):
        return lease if lease.code is not RefusalCode.MESSAGE_MALFORMED else Refused(RefusalCode.KEY_UNKNOWN)
    if kept.ticket is None or lease.lease.device_port != kept.ticket.pin:
        return Refused(RefusalCode.KEY_UNKNOWN, "The lease names another device port than the one spoken to.")
    return from_jwk(lease.lease.cnf.jwk, "cnf.jwk")


_FOREIGN = frozenset(
    {RefusalCode.KEY_UNKNOWN, RefusalCode.KEY_NOT_FOR_THIS, RefusalCode.SIGNATURE_INVALID, RefusalCode.LEASE_NOT_MINE}
)


def _refuse_unsigned(reply: HttpExchange) -> Inconclusive:
    detail = f"The response (HTTP {reply.status}) is not signed and counts for nothing. {_problem_words(reply)}".strip()
    return make_inconclusive(reply, Refused(RefusalCode.SITE_UNREACHABLE, detail), ResponseKind.UNSIGNED)


class _ProblemWords(msgspec.Struct, frozen=True):
    title: str = ""
    detail: str = ""


def _problem_words(reply: HttpExchange) -> str:
    """The words of an unsigned refusal, for the log alone."""
    try:
        said = msgspec.json.decode(reply.body, type=_ProblemWords)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    return "".join(char if char.isprintable() else " " for char in f"{said.title} {said.detail}")[:300].strip()
