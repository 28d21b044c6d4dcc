"""What a lookup brings: addresses in the order to try them, or why there are none; `system` and `lookup` do it."""

from collections.abc import Sequence
from ipaddress import ip_address

import msgspec

from tenure.sdk.network.path import StepOutcome


class LookupResult(msgspec.Struct, frozen=True):
    """What a lookup brought: addresses, v4 and v6 alternating, or why none."""

    outcome: StepOutcome
    addresses: tuple[str, ...] = ()
    detail: str = ""


def alternate_families(addresses: Sequence[str]) -> tuple[str, ...]:
    """The addresses without repetition, v4 and v6 taking turns, the family of the first one first
    [spec: name-resolution]."""
    unique = tuple(dict.fromkeys(addresses))
    if not unique:
        return ()
    version = _ip_version(unique[0])
    first = [address for address in unique if _ip_version(address) == version]
    second = [address for address in unique if _ip_version(address) != version]
    paired = [address for pair in zip(first, second, strict=False) for address in pair]
    return (*paired, *first[len(second) :], *second[len(first) :])


def _ip_version(address: str) -> int:
    return ip_address(address.partition("%")[0]).version
