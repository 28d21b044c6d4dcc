"""When nothing can depend any more on what a server knows of an ephemeral application [spec: ephemeral].

Which rows are looked at, and when, is the server's collection of rows.
"""

from tenure.core.answering.forks import FORK_ANSWERS_APART, CopyMemory
from tenure.core.lease.standing import AMNESTY_MOST
from tenure.core.policy.bounds import ABSOLUTE
from tenure.core.timeline import HOUR, Instant

EPHEMERAL_MOST = (ABSOLUTE["ephemeral_hours"].maximum or 0) * HOUR
"""The longest lease of an ephemeral application, in seconds."""


def is_forgettable(
    memory: CopyMemory, heard: Instant, forked_at: Instant | None, restored_since: Instant | None, now: Instant
) -> bool:
    """Whether an ephemeral application may be forgotten: its leases are over, and so is what is held against copies.

    `heard`: the later of its last contact and its last lease's end. `forked_at`: when a copy was found.
    `restored_since`: when the server was restored, where none of the application's leases is of the time since: the
    server may have forgotten later ones, and would have to learn of them while they can run; else None.

    Worked example: an application whose last lease ended on 1 March 12:00 can profit from an amnesty until 31 March
    12:00, 30 days, and is forgotten then; one of which a copy showed itself is kept until 30 May 12:00, 90 days.
    """
    seen = forked_at is not None or bool(memory.copies or memory.settled or memory.fork_answered)
    keep = FORK_ANSWERS_APART if seen else AMNESTY_MOST
    last = max(heard, forked_at or 0, memory.fork_answered, memory.settled_at)
    unknown = restored_since is not None and now < restored_since + EPHEMERAL_MOST + AMNESTY_MOST
    return not unknown and last + keep <= now
