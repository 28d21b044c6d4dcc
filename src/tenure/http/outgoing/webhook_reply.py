"""What came back from a webhook, as the worker keeps and shows it; `webhook_client` gets it."""

import msgspec

from tenure.http.outgoing.delivery_errors import OWN_CAUSES, DeliveryErrorCause

EXCERPT = 300


class WebhookReply(msgspec.Struct, frozen=True):
    """What came back: a status, or the fault that prevented one."""

    status: int | None = None
    excerpt: str = ""
    """The beginning of the answer, one line."""
    fault: str = ""
    retry_after: int = 0
    cause: DeliveryErrorCause = DeliveryErrorCause.NONE

    @property
    def was_accepted(self) -> bool:
        """Whether the message was accepted."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_own_fault(self) -> bool:
        """Whether it says nothing of the receiver."""
        return self.cause in OWN_CAUSES


def one_line_excerpt(answer: bytes, most: int = EXCERPT) -> str:
    """The beginning of what a stranger said, as one line that can forge no other."""
    text = answer[: 4 * most].decode("utf-8", errors="replace")
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:most]
