"""What signed words promise, read by hand: the judge's own reading, which shares no decision with the programs judged.

A lease or seat is taken apart as any JWT reader would (the programs have verified it); what follows from it at an
instant is said here in a few lines, so that `lease.standing` and this can be held against each other.
"""

import base64
from functools import lru_cache

import msgspec

from tenure.core.timeline import DAY, Instant

SERVING = ("active", "grace")
MOST = 30 * DAY
"""No amnesty moves an end by more."""


class PromisedSpan(msgspec.Struct, frozen=True):
    """One span of the contract."""

    since: Instant
    until: Instant | None
    phase: str
    why: str = ""
    features: tuple[str, ...] = ()


class WitnessedLease(msgspec.Struct, frozen=True, kw_only=True):
    """What of a lease the judge looks at."""

    sub: str
    iat: Instant
    nbf: Instant
    serial: int
    epoch: int
    subscription: str
    spans: tuple[PromisedSpan, ...]
    contact_until: Instant
    base_features: tuple[str, ...] = ()
    allotment: int = 0
    limit: int = 0
    prepaid_until: Instant | None = None


class WitnessedSeat(msgspec.Struct, frozen=True, kw_only=True):
    """What of a seat the judge looks at."""

    iss: str
    sub: str
    jti: str
    exp: Instant
    features: tuple[str, ...] = ()


class PromisedAmnesty(msgspec.Struct, frozen=True):
    """What an amnesty covers."""

    since: Instant
    until: Instant


class HeldPromise(msgspec.Struct, frozen=True):
    """Everything that a machine holds: a lease, at a device the seat under it, and the amnesties heard of."""

    lease: WitnessedLease
    seat: WitnessedSeat | None
    end: Instant
    """When silence ends the service, amnesties added."""
    withdrawn: bool = False
    """The site was refused for good: base features are left, which outlive every other end too [spec: phases]."""
    then: "HeldPromise | None" = None
    """What its successor promises from its own beginning on."""

    def at(self, now: Instant) -> "HeldPromise":
        """What rules at `now`: this, or the successor's once it has begun."""
        return self if self.then is None or now < self.then.lease.nbf else self.then

    def features(self, now: Instant) -> frozenset[str]:
        """What is on at `now`."""
        if self.withdrawn:
            return frozenset(self.lease.base_features)
        if self.at(now) is not self:
            return self.at(now).features(now)
        spell = next((each for each in self.lease.spans if each.until is None or now < each.until), None)
        if spell is None or (now >= self.end and spell.phase not in ("ended", "pending")):
            return frozenset(self.lease.base_features)
        if self.seat is None or spell.phase not in SERVING:
            return frozenset(spell.features)
        return frozenset(spell.features) & {*self.seat.features, *self.lease.base_features}

    def edges(self) -> list[Instant]:
        """Every instant at which something of it changes."""
        own = {self.end, *(each.until for each in self.lease.spans if each.until is not None)}
        return sorted(own if self.then is None else {*own, self.then.lease.nbf, *self.then.edges()})

    def ever(self, since: Instant) -> frozenset[str]:
        """What is on at any instant from `since` on."""
        found = self.features(since)
        for edge in self.edges():
            if edge > since:
                found |= self.features(edge)
        return found

    def throughout(self, since: Instant, until: Instant) -> frozenset[str]:
        """What is on at every instant of the two and between."""
        found = self.features(since)
        for edge in self.edges():
            if since < edge <= until:
                found &= self.features(edge)
        return found & self.features(until)


def read_promise(
    lease: bytes, seat: str, notices: tuple[bytes, ...], *, withdrawn: bool = False, successor: bytes = b""
) -> HeldPromise | None:
    """What the holder of these tokens was promised; None without a lease."""
    if not lease:
        return None
    after = read_promise(successor, "", notices) if successor else None
    claims = lease_claims(lease)
    held = seat_claims(seat) if seat else None
    end = claims.contact_until if held is None else min(claims.contact_until, held.exp)
    if after is not None and not takes_over(claims, after.lease):
        after = None
    return HeldPromise(claims, held, end + amnesty_of(claims.iat, notices), withdrawn, after)


def takes_over(present: WitnessedLease, successor: WitnessedLease) -> bool:
    """Whether the successor takes over at its beginning: nothing is paid for beyond that at the present one
    [spec: successor]."""
    if present.subscription == successor.subscription:
        return False
    beginning = successor.nbf
    spell = next((each for each in present.spans if each.until is None or beginning < each.until), None)
    if spell is not None and spell.phase == "active":
        return False
    hidden = spell is not None and (spell.phase == "paused" or spell.why == "code_blocked")
    return not (hidden and present.prepaid_until is not None and present.prepaid_until > beginning)


def amnesty_of(signed: Instant, notices: tuple[bytes, ...]) -> int:
    """Seconds by which amnesties move a word signed at `signed`: what several cover counts once, at most 30 days."""
    covered = 0
    reached = -1
    for outage in sorted(map(outage_of, notices), key=lambda each: each.since):
        if outage.until > signed:
            covered += max(0, outage.until - max(outage.since, reached))
            reached = max(reached, outage.until)
    return min(covered, MOST)


@lru_cache(maxsize=4_096)
def lease_claims(token: bytes) -> WitnessedLease:
    """The claims of a lease, unproven."""
    return msgspec.json.decode(jws_payload(token), type=WitnessedLease)


@lru_cache(maxsize=4_096)
def seat_claims(token: str) -> WitnessedSeat:
    """The claims of a seat, unproven."""
    return msgspec.json.decode(jws_payload(token.encode()), type=WitnessedSeat)


@lru_cache(maxsize=256)
def outage_of(token: bytes) -> PromisedAmnesty:
    """What an amnesty covers, unproven."""
    return msgspec.json.decode(jws_payload(token), type=PromisedAmnesty)


def jws_payload(token: bytes) -> bytes:
    """The JSON within a JWS."""
    middle = token.split(b".")[1]
    return base64.urlsafe_b64decode(middle + b"=" * (-len(middle) % 4))
