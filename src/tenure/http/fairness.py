"""Places that callers hold for a while, shared so that no caller can take them all: one that holds many leaves room.

One rule for everything that is bounded: a caller gets one more place only while it holds fewer than are still free. One
caller that takes all it can ends with half, two with a third each, and a new caller always finds a place.
"""

import ipaddress
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Generic, TypeVar

Holder = TypeVar("Holder")


class FairShares:
    """How many of `most` places each caller holds; callers are named by a text, such as `block_of` their address.

    Example with 8 places: one caller gets 4 (with 4 held 4 are free, and 4 is not fewer than 4); a second one then 2,
    a third 1; one is left, which only a caller that holds none gets.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.held = 0
        self._shares: Counter[str] = Counter()

    def has_room(self, who: str) -> bool:
        """Whether `who` may take one more."""
        return self._shares[who] < self.most - self.held

    def take_share(self, who: str) -> None:
        """Count one more for `who`; the caller has asked `has_room` before where there is a bound."""
        self.held += 1
        self._shares[who] += 1

    def give_back(self, who: str) -> None:
        """Count one less for `who`."""
        self.held -= 1
        left = self._shares[who] - 1
        if left:
            self._shares[who] = left
        else:
            del self._shares[who]

    @contextmanager
    def lend_share(self, who: str) -> Iterator[None]:
        """Do not count `who` meanwhile: it waits for another program, and this one does no work for it."""
        self.give_back(who)
        try:
            yield
        finally:
            self.take_share(who)


class FairPlaces(Generic[Holder]):
    """Places whose holders are known, so that the one who has held one for longest can be asked to give it back."""

    def __init__(self, most: int, each: int) -> None:
        """`most` in all, `each` at one network at most; a block of networks is held to its fair share."""
        self._shares = FairShares(most)
        self._each = each
        self._holders: dict[Holder, tuple[str, str]] = {}
        # Dictionaries for their order: who has held a place for longest comes first.
        self._of_network: dict[str, dict[Holder, None]] = {}
        self._of_block: dict[str, dict[Holder, None]] = {}

    def __len__(self) -> int:
        return len(self._holders)

    def __contains__(self, holder: Holder) -> bool:
        return holder in self._holders

    def has_room(self, network: str, block: str, *, each: bool = True) -> bool:
        """Whether one more may come from `network`, which lies in `block`; `each` false: a proxy, only `most` binds."""
        if not each:
            return self._shares.held < self._shares.most
        return len(self._of_network.get(network, ())) < self._each and self._shares.has_room(block)

    def take_place(self, holder: Holder, network: str, block: str) -> None:
        """`holder` has a place until `give_back`."""
        self._holders[holder] = (network, block)
        self._of_network.setdefault(network, {})[holder] = None
        self._of_block.setdefault(block, {})[holder] = None
        self._shares.take_share(block)

    def give_back(self, holder: Holder) -> None:
        """`holder` has none any more; nothing happens when it had none."""
        place = self._holders.pop(holder, None)
        if place is None:
            return
        network, block = place
        self._shares.give_back(block)
        for kept, name in ((self._of_network, network), (self._of_block, block)):
            del kept[name][holder]
            if not kept[name]:
                del kept[name]

    def longest_holder(self, block: str) -> Holder | None:
        """The holder in `block` with its place for longest; of all holders where `block` has none."""
        return next(iter(self._of_block.get(block) or self._holders), None)

    def own_oldest(self, network: str, block: str) -> Holder | None:
        """The holder that makes room for one more from `network`, so that no other network loses a place.

        The longest of `network` if it has all it may have, otherwise the longest of `block`; None when others hold all.
        """
        of_network = self._of_network.get(network, {})
        return next(iter(of_network if len(of_network) >= self._each else self._of_block.get(block, {})), None)


@lru_cache(maxsize=8_192)
def networks_of(address: str) -> tuple[str, ...]:
    """Who may stand behind `address`, the narrowest first: of IPv4 it alone, of IPv6 its /64, its /56 and its /48.

    One customer usually holds a /64 or a /56, a company or a rented server a /48.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ("unknown",)
    if isinstance(parsed, ipaddress.IPv4Address):
        return (str(parsed),)
    if parsed.ipv4_mapped is not None:
        return (str(parsed.ipv4_mapped),)
    return tuple(str(ipaddress.ip_network((parsed, length), strict=False)) for length in (64, 56, 48))


def network_of(address: str) -> str:
    """Who is counted for `address`: an IPv4 address itself, of IPv6 the /64 that one customer usually holds."""
    return networks_of(address)[0]


def block_of(address: str) -> str:
    """The widest network that may be in one hand: an IPv4 address itself, of IPv6 the /48."""
    return networks_of(address)[-1]
