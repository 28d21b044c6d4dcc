"""A site that a restored server has forgotten, or knows under another subscription: taken in by what the server itself
had signed for it [spec: restored-server].

It was activated, or went to another subscription, after the backup was made. Its state token (authentic, of an epoch
that the restore has closed) and its lease (in force, bound to its key) say what is missing here; what it is told then
is `sync_contact`'s.
"""

import msgspec

from tenure.core.answering.restored_server import code_shown, joining_facts
from tenure.core.business.account import AccountSubscription
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.fold import Subscription
from tenure.server import account_repository, environments, places
from tenure.server.allotments import pools_of, with_pools
from tenure.server.context import ServerContext
from tenure.server.real_time import RealTime
from tenure.server.site_projection import IN_USE
from tenure.server.site_record import SiteRecord, read_record, with_extra
from tenure.store import sites, subscriptions, tenants
from tenure.store.engine import Connection
from tenure.store.sites import SiteRow
from tenure.wire import b64
from tenure.wire.exchanges import ProvenRequest, public_jwk
from tenure.wire.keys import key_thumbprint
from tenure.wire.leases import SealedLease, read_lease
from tenure.wire.messages import ActivateRequest, SyncRequest

AskedBySite = ProvenRequest[SyncRequest] | ProvenRequest[ActivateRequest]
UNKNOWN = Refused(RefusalCode.KEY_UNKNOWN, "No site here has this key; activate it first.", "header.kid")
NOT_HERE = Refused(
    RefusalCode.KEY_UNKNOWN,
    "The subscription of this site is not known here: it was ordered after the backup that this server goes by.",
    "subscription",
)


def is_ours(context: ServerContext, message: SyncRequest) -> bool:
    """Whether this server has given the state token shown, in an epoch that was closed since by a restore.

    Cheap and without the store: a caller that holds no such token costs nothing more.
    """
    shown = context.keys.read_state_token(message.site, message.token)
    return shown is not None and shown[0] < context.epoch_floor


def take_in(
    context: ServerContext, conn: Connection, asked: ProvenRequest[SyncRequest], time: RealTime
) -> Refused | None:
    """Enter the site as it was activated (SiteActivated, and its row); its synchronization goes on from there.

    Refuses `key_unknown` where its site or its key stands here already, where its lease is over or is not its own, and
    where its subscription is not known here.
    """
    message, key = asked.message, key_thumbprint(asked.public)
    held = _shown_lease(context, asked)
    if held is None or sites.by_key(conn, key, message.product) or sites.by_ids(conn, [message.site]):
        return UNKNOWN
    home = subscriptions.find_subscription(conn, held.lease.subscription)
    provider = None if home is None else tenants.get_provider(conn, home.provider)
    item = None if home is None else _find_item(conn, home, time)
    if home is None or provider is None or item is None or provider.sandbox != held.lease.sandbox:
        return NOT_HERE
    now = time.now_of(provider)
    if now >= held.lease.contact_until or item.sub.product != message.product:
        return UNKNOWN
    site = _restored_row(asked, held, home, now)
    sites.add(conn, site)
    account_repository.append_to(conn, item.sub, joining_facts(item, held.lease, key, "", message.version, now), now)
    return None


def follow_lease(
    conn: Connection, asked: AskedBySite, site: SiteRow, present: Subscription, held: SealedLease, time: RealTime
) -> SiteRow | Refused:
    """The site under the subscription of the lease `held`, to which it went after the backup; it has left `present`.

    That lease is honored like any other that was forgotten: going back by what the backup knows, a site whose former
    subscription has ended would be cut off although the one that it uses is paid for. `key_unknown`, unsigned, where
    that subscription is not known here, so that the site goes on by its lease.
    """
    home = subscriptions.find_subscription(conn, held.lease.subscription)
    item = None if home is None else _find_item(conn, home, time)
    if home is None or item is None or not environments.environments_meet(conn, site, home.provider):
        return NOT_HERE
    now = time.now_at(conn, home.provider)
    left = present.find_site(site.id)
    if left is not None and left.left_at is None and not left.lost:
        gone = f.SiteLeft(at=now, recorded_at=now, by=site.id, why="went on after the backup", site=site.id)
        account_repository.append_to(conn, present, (gone,), now)
    places.went_on(conn, site, site.subscription)
    moved = with_pools(site, pools_of(site).after_switch(home.id, now))
    joined = msgspec.structs.replace(moved, provider=home.provider, customer=home.customer, state=IN_USE, revision=0)
    facts = joining_facts(item, held.lease, site.thumbprint, site.name, asked.message.version, now)
    account_repository.append_to(conn, item.sub, facts, now)
    return with_extra(
        joined, msgspec.structs.replace(read_record(joined), code=code_shown(item.sub, held.lease), told_to_leave=0)
    )


def is_forgotten(conn: Connection, held: SealedLease) -> bool:
    """Whether no subscription here is that of the lease."""
    return subscriptions.find_subscription(conn, held.lease.subscription) is None


def _find_item(conn: Connection, home: subscriptions.SubscriptionRow, time: RealTime) -> AccountSubscription | None:
    loaded = account_repository.load_books(conn, home.provider, home.customer, time)
    return None if loaded is None else loaded.find_item(home.id)


def _shown_lease(context: ServerContext, asked: ProvenRequest[SyncRequest]) -> SealedLease | None:
    """The lease shown, if this server signed it for this very site and key."""
    message, mine = asked.message, b64.encode_text(asked.public)
    for sandbox in (False, True):
        root = context.keys.root_of(sandbox=sandbox)
        read = read_lease(message.lease.encode(), root, product=message.product, sandbox=sandbox)
        if isinstance(read, SealedLease):
            lease = read.lease
            own = (lease.sub, lease.cnf.jwk.get("x"), lease.sandbox) == (message.site, mine, sandbox)
            return read if own else None
    return None


def _restored_row(
    asked: ProvenRequest[SyncRequest], held: SealedLease, home: subscriptions.SubscriptionRow, now: int
) -> SiteRow:
    message, lease = asked.message, held.lease
    return SiteRow(
        id=message.site,
        provider=home.provider,
        customer=home.customer,
        product=message.product,
        subscription=home.id,
        thumbprint=key_thumbprint(asked.public),
        jwk=msgspec.json.encode(public_jwk(asked.public)),
        state=IN_USE,
        created=now,
        name="",
        version=message.version,
        token=b"",
        body=msgspec.json.encode(SiteRecord(device_port=lease.device_port)),
        installation=lease.installation,
        ephemeral=int(lease.ephemeral),
    )
