"""What can happen at the vendor's between two contacts, by the names that scenarios use."""

from collections.abc import Callable
from typing import Any

import msgspec

from conformance import keys
from conformance.vendor import BASE, FEATURES, Contract, Vendor, code, paid
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, HOUR, Phase, PhaseCause, Span
from tenure.wire.jws import TokenType, sign_token
from tenure.wire.notices import SignedNotice

Args = dict[str, Any]
Move = Callable[[Vendor, Args], None]


def _contract(vendor: Vendor, args: Args) -> Contract:
    return vendor.contracts[code(args.get("code", "A")).reveal()]


def _paid_for(vendor: Vendor, args: Args) -> None:
    """Paid until so many days from now, with so many days of grace; days may be negative."""
    days, grace = int(args["days"]), int(args.get("grace", 14))
    begins = min(vendor.now, vendor.now + days * DAY) - 30 * DAY
    length = (vendor.now + days * DAY - begins) // DAY
    _contract(vendor, args).change(paid(begins, length, grace), vendor.now + days * DAY)


def _held(vendor: Vendor, args: Args) -> None:
    contract = _contract(vendor, args)
    contract.change(
        (Span(vendor.now - HOUR, None, Phase.PAUSED, PhaseCause.HELD, BASE, note="moving"),), contract.paid_until
    )


def _unlimited(vendor: Vendor, args: Args) -> None:
    spans = (Span(vendor.now - HOUR, None, Phase.ACTIVE, PhaseCause.PAID, FEATURES, 10),)
    _contract(vendor, args).change(spans, vendor.now + 400 * DAY)


def _refusing(refused: RefusalCode) -> Move:
    def move(vendor: Vendor, args: Args) -> None:
        _contract(vendor, args).refused = Refused(refused)

    return move


def _floor(vendor: Vendor, args: Args) -> None:
    contract = _contract(vendor, args)
    contract.min_version, contract.revision = args["version"], contract.revision + 1


def _other_product(vendor: Vendor, args: Args) -> None:
    _contract(vendor, args).product = "other"


def _sites(**changes: object) -> Move:
    def move(vendor: Vendor, args: Args) -> None:
        for row in vendor.sites.values():
            for name, value in changes.items():
                setattr(row, name, value)

    return move


def _new_epoch(vendor: Vendor, args: Args) -> None:
    """A restore opened an epoch: serials begin again at 1."""
    vendor.epoch = vendor.now
    for row in vendor.sites.values():
        row.signed = ("", 0, 0)


def _forgotten(vendor: Vendor, args: Args) -> None:
    vendor.sites.clear()


def _successor_dropped(vendor: Vendor, args: Args) -> None:
    for row in vendor.sites.values():
        row.successor, row.signed = None, ("", 0, 0)


def _amnesty(vendor: Vendor, args: Args) -> None:
    vendor.notices.append(amnesty(vendor, args))


def amnesty(vendor: Vendor, args: Args) -> bytes:
    """A sealed notice of an outage that began `ago` days ago and lasted `days`."""
    since = vendor.now - int(float(args["ago"]) * DAY)
    notice = SignedNotice(
        iss="https://license.example",
        jti=f"notice_{len(vendor.notices)}",
        iat=vendor.now,
        kind="amnesty",
        since=since,
        until=since + int(float(args["days"]) * DAY),
        product=args.get("product", "*"),
    )
    return sign_token(TokenType.NOTICE, notice, keys.signer(args.get("key", "notice-1")))


# root documents


def _rotated(vendor: Vendor, args: Args) -> None:
    for _ in range(int(args.get("times", 1))):
        vendor.publish(keys.rotated(vendor.documents[-1], vendor.now))


def _revoked(vendor: Vendor, args: Args) -> None:
    vendor.publish(keys.revoked(vendor.documents[-1], vendor.now, *args["keys"]))


def _skipped(vendor: Vendor, args: Args) -> None:
    """Two versions on, the later one shown in the place of the earlier."""
    _rotated(vendor, {"times": 2})
    newest = vendor.documents[-1].version
    vendor.roots[newest - 1] = vendor.roots[newest]


def _signed_by(vendor: Vendor, args: Args) -> None:
    """A version that too few, or the wrong ones, have signed."""
    vendor.publish(keys.rotated(vendor.documents[-1], vendor.now), *args["by"])


def _of_stranger(vendor: Vendor, args: Args) -> None:
    other = msgspec.structs.replace(keys.rotated(vendor.documents[-1], vendor.now), id="vendor-2")
    vendor.publish(other)


def _usurped(vendor: Vendor, args: Args) -> None:
    """New root keys that the old ones have not agreed to."""
    thieves = tuple(keys.root_key(kid) for kid in ("root-x", "root-y"))
    document = msgspec.structs.replace(keys.rotated(vendor.documents[-1], vendor.now), root_keys=thieves)
    vendor.publish(document, "root-x", "root-y")


def _expiring(vendor: Vendor, args: Args) -> None:
    document = keys.following(vendor.documents[-1], vendor.now, expires=vendor.now + int(args["days"]) * DAY)
    vendor.publish(document)


def _garbage(vendor: Vendor, args: Args) -> None:
    vendor.publish(keys.rotated(vendor.documents[-1], vendor.now))
    vendor.roots[vendor.documents[-1].version] = b"<html>not a document</html>"


def _claims(vendor: Vendor, args: Args) -> None:
    vendor.says_root = int(args["version"])


def _tells_time(vendor: Vendor, args: Args) -> None:
    vendor.now += int(args["seconds"])


MOVES: dict[str, Move] = {
    "paid_for": _paid_for,
    "held": _held,
    "unlimited": _unlimited,
    "code_blocked": _refusing(RefusalCode.CODE_BLOCKED),
    "code_withdrawn": _refusing(RefusalCode.CODE_WITHDRAWN),
    "site_limit": _refusing(RefusalCode.SITE_LIMIT),
    "other_world": _refusing(RefusalCode.ENVIRONMENT_MISMATCH),
    "copied": _refusing(RefusalCode.LEASE_FORKED),
    "lowest_version": _floor,
    "other_product": _other_product,
    "site_lost": _sites(lost=True),
    "site_found": _sites(lost=False),
    "wants_lease": _sites(wants_lease=True),
    "fork_resolved": _sites(forked=False),
    "sign_again": _sites(signed=("", 0, 0)),
    "new_epoch": _new_epoch,
    "forgotten": _forgotten,
    "successor_dropped": _successor_dropped,
    "amnesty": _amnesty,
    "root_rotated": _rotated,
    "root_revoked": _revoked,
    "root_skipped": _skipped,
    "root_signed_by": _signed_by,
    "root_of_stranger": _of_stranger,
    "root_usurped": _usurped,
    "root_expiring": _expiring,
    "root_garbage": _garbage,
    "root_claimed": _claims,
    "clock_moved": _tells_time,
}
