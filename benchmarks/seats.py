"""First seat claims and refreshes at a site as shipped, over TLS, with few and with very many seats taken.

A first claim is everything that a new device costs its site: its signed enrollment proven, the device, its hardware and
one count more written, seat and answer signed, all of it on disk before it is answered.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.big_store import BigStore, ordered
from benchmarks.claims import AT_ONCE, Cost, Shipped
from benchmarks.programs import Program
from benchmarks.reads import asked
from benchmarks.rows import Figure, Figures, Missing
from benchmarks.run import Run

KEYS = ("claim", "claim_rate", "claim_growth", "claim_far", "refresh", "site_reads")
FEW, MANY, FAR = 100, 10_000, 100_000
SHORT = 2_000
"""What is many in the short form."""
LIMIT = 1_000_000
"""Devices of each subscription: a tenth of it is what the site's first lease allows."""
WAITING = 200
"""Devices of a group that gives no seats by itself."""


def measure(run: Run) -> Figures:
    """All rows; claims of both sites in turn, because only few more may be taken where there are few."""
    many, claims = (SHORT, 200) if run.size.short else (MANY, 1_000)
    licensed = ordered(run.folder / "vendor", [LIMIT] * 2)
    with Program("serve", str(licensed.folder), log=run.log) as server:
        few_store, many_store = (
            BigStore(run.folder / name, licensed, at, server.port) for at, name in enumerate(("few", "many"))
        )
        with _opened(few_store, FEW, run) as few, _opened(many_store, many, run) as large:
            many_store.known_bad_are_caught()
            small_costs, costs, refreshes = _rounds(run, few, large, claims)
            late, reads = ([], []) if run.size.short else _far(large)
    return _figures(run, many, _us(small_costs), costs, refreshes, late, reads)


@contextmanager
def _opened(store: BigStore, taken: int, run: Run) -> Iterator[Shipped]:
    with Shipped(store, run.log) as site:
        site.synchronize()
        site.fill(taken)
        yield site


def _rounds(run: Run, few: Shipped, many: Shipped, claims: int) -> tuple[list[Cost], list[Cost], list[Cost]]:
    """Few claims at the small site in each round, so that it stays small."""
    small_costs, costs, refreshes = [], [], []
    for _ in range(run.size.rounds):
        run.look_at_limit()
        small_costs.append(few.enroll(AT_ONCE * 2))
        costs.append(many.enroll(AT_ONCE * 2))
        costs.append(many.enroll(claims))
        refreshes.append(many.refresh(claims))
    return small_costs, costs, refreshes


def _far(site: Shipped) -> tuple[list[Cost], list[tuple[str, float]]]:
    """The last claims up to 100,000 seats; then what administrators ask, with the median of its milliseconds."""
    late = site.fill(FAR - WAITING)
    site.enroll_by_hand(WAITING)
    return late, list(asked(site, FAR))


def _figures(
    run: Run,
    many: int,
    small: float,
    costs: list[Cost],
    refreshes: list[Cost],
    late: list[Cost],
    reads: list[tuple[str, float]],
) -> Figures:
    claim, refresh = _us(costs), _us(refreshes)
    size = f"{many:,} seats" if many != MANY else ""
    rate = max(each.rate for each in costs)
    run.rates |= {"first seat claim over TLS": 1e6 / claim, "seat refresh over TLS": 1e6 / refresh}
    left_out = Missing(f"the short form stops at {many:,} seats")
    slowest = max(reads, key=lambda each: each[1], default=None)
    return {
        "claim": Figure(claim / run.limit, _told(f"{claim:,.0f} us", size)),
        "claim_rate": Figure(rate, _told(f"{1e6 / claim:,.0f}/s by CPU", size)),
        "claim_growth": Figure(
            _us(costs[::2]) / small, _told(f"{small:,.0f} us with few, slices of {AT_ONCE * 2}", size)
        ),
        "claim_far": Figure(_us(late) / claim, f"{_us(late):,.0f} us") if late else left_out,
        "refresh": Figure(refresh / run.limit, _told(f"{refresh:,.0f} us", size)),
        "site_reads": Figure(slowest[1], f"slowest of {len(reads)}: {slowest[0]}") if slowest else left_out,
    }


def _told(*notes: str) -> str:
    return "; ".join(filter(None, notes))


def _us(costs: list[Cost]) -> float:
    return min(each.us for each in costs)
