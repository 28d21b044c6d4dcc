"""Everything that is random in a simulated world, drawn from one seed, and the trace of what it led to.

Two runs of one seed draw the same numbers in the same order, so that whatever went wrong goes wrong again.
"""

import zlib
from collections import Counter, deque
from collections.abc import Sequence
from random import Random
from typing import TypeVar

import msgspec

from tenure.core.periods import format_instant
from tenure.core.timeline import Instant

T = TypeVar("T")
REMEMBERED = 20_000
"""Lines of the trace that are kept for a developer who has to understand a violation."""


class FaultOdds(msgspec.Struct, frozen=True, kw_only=True):
    """How often things go wrong: a share in [0, 1] of messages, of steps, or of visits of the fault injector."""

    lost_question: float = 0.05
    lost_answer: float = 0.10
    repeated: float = 0.03
    """The network delivers a question twice."""
    replayed: float = 0.02
    """An answer recorded earlier comes instead of the present one."""
    garbage: float = 0.02
    """An HTTP error or the page of another website comes instead of an answer."""
    slow: float = 0.03
    """The answer takes so long that it hardly counts as fresh, or not at all."""
    death: float = 0.002
    """A process dies at this write, rename, sync or commit."""


CALM = FaultOdds(
    lost_question=0.0, lost_answer=0.0, repeated=0.0, replayed=0.0, garbage=0.0, slow=0.0, death=0.0
)  # fmt: skip
"""Nothing goes wrong."""


class Died(BaseException):
    """The process is gone in the middle of what it did; only what its disk holds is left."""


class WorldTrace:
    """What happened, newest last, and a checksum of all of it."""

    def __init__(self) -> None:
        self.lines: deque[tuple[Instant, str, str]] = deque(maxlen=REMEMBERED)
        self.counts: Counter[str] = Counter()
        self.checksum = 0

    def note(self, now: Instant, who: str, what: str, detail: str = "") -> None:
        """One line: `what` is counted by its name, `detail` is for the reader."""
        self.counts[what] += 1
        line = f"{what} {detail}" if detail else what
        self.lines.append((now, who, line))
        self.checksum = zlib.crc32(f"{now} {who} {line}".encode(), self.checksum)

    def told(self, count: int = REMEMBERED, who: str = "") -> str:
        """The last `count` lines for people; of `who`, its site and the server alone, if that is given."""
        wanted = {who, who.rpartition("-")[0], "server", "provider"} if who else set[str]()
        lines = [each for each in self.lines if not wanted or each[1] in wanted]
        return "\n".join(f"{format_instant(now)}  {name:<13} {line}" for now, name, line in lines[-count:])


class SeededRandom:
    """The dice of one world."""

    def __init__(self, seed: int, odds: FaultOdds) -> None:
        self.seed, self.odds = seed, odds
        self.dice = Random(seed)  # noqa: S311 - dice, and repeatable
        self._secrets = Random(~seed)  # noqa: S311 - keys of a world that does not exist
        self.trace = WorldTrace()

    def draw(self, count: int) -> bytes:
        """So many bytes for keys, nonces and lots."""
        return self._secrets.randbytes(count)

    def bits(self, count: int) -> int:
        """So many bits for names."""
        return self._secrets.getrandbits(count)

    def happens(self, share: float) -> bool:
        """Whether something that happens in `share` of all cases happens now."""
        return share > 0.0 and self.dice.random() < share

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return self.dice.randint(low, high)

    def one_of(self, these: Sequence[T]) -> T:
        """One of `these`."""
        return these[int(self.dice.random() * len(these))]

    def step(self) -> None:
        """A step at which a process may die; raises `Died`."""
        if self.happens(self.odds.death):
            raise Died
