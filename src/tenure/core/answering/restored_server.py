"""What a server that was put back from a backup learns of a site by the lease that it had signed for it, and writes
down of it [spec: restored-server].

Whether a lease shown is the site's own is proven by the caller.
"""

from tenure.core.business.account import AccountSubscription
from tenure.core.installation import Installation
from tenure.core.lease.claims import Lease
from tenure.core.subscription import facts as f
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.renewal import first_period
from tenure.core.timeline import SERVING, Instant


def is_elsewhere(lease: Lease, known: tuple[str | None, ...], now: Instant) -> bool:
    """Whether the lease is in force, and of another subscription than those that the server knows the site by."""
    return lease.subscription not in known and lease.nbf <= now < lease.contact_until


def learned_fact(lease: Lease, digest: str, key: str, now: Instant) -> f.Learned:
    """That the server had forgotten the lease; `key`: thumbprint of the site's."""
    return f.Learned(
        at=now,
        recorded_at=now,
        by=lease.sub,
        site=lease.sub,
        key=key,
        serial=lease.serial,
        until=lease.contact_until,
        lease=digest,
    )


def joining_facts(
    item: AccountSubscription, lease: Lease, key: str, name: str, version: str, now: Instant
) -> tuple[f.Fact, ...]:
    """What the backup lacks: that the term began, as the lease says, and that the site joined.

    Of an ephemeral application only the first: its coming is in no history.
    """
    sub, running, found = item.sub, lease.spans[0], list[f.Fact]()
    if not sub.paid_periods and not sub.awaiting_payment and running.phase in SERVING:
        period = first_period(sub, running.since, *item.book.at(running.since))
        found.append(f.Activated(at=running.since, recorded_at=now, by=lease.sub, period=period))
    known = sub.find_site(lease.sub)
    if not lease.ephemeral and (known is None or not known.is_active):
        found.append(
            f.SiteActivated(
                at=now,
                recorded_at=now,
                by=lease.sub,
                site=lease.sub,
                key=key,
                code=code_shown(sub, lease),
                name=name,
                version=version,
                floor=lease.min_version,
                allotment=lease.allotment,
                installation=Installation(lease.installation),
            )
        )
    return tuple(found)


def code_shown(sub: Subscription, lease: Lease) -> str:
    """Id of the code that the lease was granted for; empty where it is none of the subscription's."""
    return next((each.id for each in sub.codes if each.last_group == lease.code_last_group), "")
