"""What came of sending one message, by webhook or mail, as it is judged, kept and shown."""

import msgspec

from tenure.http.outgoing.delivery_errors import OWN_CAUSES, DeliveryErrorCause

EXCERPT = 300


class RejectedMailbox(msgspec.Struct, frozen=True):
    """A mailbox that the server would not take the mail for."""

    recipient: str
    said: str
    """Its code and words."""
    final: bool
    """Whether it will be the same tomorrow."""


class SendOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came back, or the fault that prevented it."""

    fault: str = ""
    """Empty: the receiver has it; of a mail at least one mailbox."""
    cause: str = DeliveryErrorCause.NONE
    status: int | None = None
    """Of HTTP."""
    answer: str = ""
    """The beginning of the answer, one line."""
    retry_after: int = 0
    """Seconds that the receiver asked to be left alone."""
    refused: tuple[RejectedMailbox, ...] = ()
    """Mailboxes that did not get it."""
    final: bool = False
    """Trying again is of no use."""

    @property
    def was_accepted(self) -> bool:
        """Whether the receiver has it."""
        return not self.fault

    @property
    def is_own_fault(self) -> bool:
        """Whether it says nothing of the receiver."""
        return self.cause in OWN_CAUSES

    @property
    def said(self) -> str:
        """What was wrong, also where only some mailboxes did not get it."""
        return self.fault or "; ".join(f"{each.recipient}: {each.said}" for each in self.refused)


def one_line_excerpt(answer: bytes, most: int = EXCERPT) -> str:
    """The beginning of what a stranger said, as one line that can forge no other."""
    text = answer[: 4 * most].decode("utf-8", errors="replace")
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:most]
