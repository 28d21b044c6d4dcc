"""The tables of a site, as one step of statements for each version of the schema; a file's `user_version` counts them.

The first is the schema of 0.2.0 and is never changed: a later version adds its own step to `STEPS`. What the columns
mean to the programs is said beside the functions that use them. Instants are Unix seconds.
"""

APPLICATION_ID = 0x54_4E_53_31  # "TNS1"

INITIAL = """
create table kept (
    product text primary key,
    body blob not null
) strict;

create table pools (
    product text primary key,
    counted integer not null default 0,
    epoch integer not null default 0,
    forked integer not null default 0,
    adopting_until integer not null default 0,
    told blob not null default x'',
    stopped integer not null default 0,
    subscription text not null default '',
    waited integer not null default 0,
    waited_at integer not null default 0
) strict;

create table devices (
    number integer primary key,
    id text not null unique,
    product text not null references pools,
    thumbprint text not null,
    name text not null,
    grp text not null,
    version text not null,
    hardware blob not null,
    created integer not null,
    last_seen integer not null,
    count integer not null,
    last_request text not null,
    seat text not null,
    seat_sha256 text not null,
    seat_until integer not null,
    lease_iat integer not null,
    state text not null,
    counted integer not null,
    counts_until integer not null,
    pinned integer not null,
    twin text not null,
    note text not null,
    assigned integer not null default 0,
    ephemeral integer not null default 0,
    unique (product, thumbprint)
) strict;
create index devices_due on devices (product, counts_until) where counted = 1;
create index devices_waiting on devices (product) where state = 'waiting';
create index devices_by_state on devices (state, number);
create index devices_idle on devices (product, counted, pinned, last_seen, id);
create index devices_twins on devices (number) where twin <> '';
create index devices_used on devices (product, counted, grp, state, note);
create index devices_by_group on devices (grp, number, state, counted);
create index devices_ephemeral on devices (last_seen) where ephemeral = 1 and counted = 0;

create table hardware (
    product text not null,
    digest text not null,
    device integer not null references devices on delete cascade,
    primary key (product, digest, device)
) strict, without rowid;
create index hardware_of on hardware (device);

create table enrollments (
    id text primary key,
    digest blob not null unique,
    product text not null,
    grp text not null,
    uses integer not null,
    used integer not null,
    until integer,
    created integer not null,
    withdrawn integer not null
) strict;

create table events (
    number integer primary key autoincrement,
    at integer not null,
    severity text not null,
    kind text not null,
    product text not null,
    device text not null,
    text text not null,
    acknowledged integer not null,
    forwarding text not null default '',
    times integer not null default 1
) strict;
create index events_by_severity on events (severity, number);
create index events_by_kind on events (kind, device, number);

create table notices (
    product text not null,
    token blob not null,
    primary key (product, token)
) strict, without rowid;

create table answers (
    scope text not null,
    key text not null,
    payload blob not null,
    run text not null,
    at integer not null,
    answer blob not null,
    primary key (scope, key)
) strict, without rowid;
create index answers_at on answers (at);

create table groups (
    name text primary key,
    automatic integer not null
) strict;
insert into groups values ('default', 1);

create table conflicts (
    product text primary key,
    at integer not null,
    most integer not null,
    told integer not null
) strict;

create table uses (
    product text not null,
    day integer not null,
    grp text not null,
    most integer not null,
    latest integer not null,
    primary key (product, day, grp)
) strict, without rowid;

create table settings (
    name text primary key,
    body blob not null
) strict;

create table users (
    id text primary key,
    name text not null unique,
    role text not null,
    password text not null,
    temporary integer not null,
    factor blob,
    step integer not null,
    created integer not null
) strict;

create table sessions (
    digest blob primary key,
    id text not null,
    user text not null,
    purpose text not null,
    until integer not null,
    browser text not null default ''
) strict, without rowid;
create index sessions_by_user on sessions (user);

create table recovery (
    user text not null,
    digest blob not null,
    primary key (user, digest)
) strict, without rowid;

create table tries (
    key text primary key,
    count integer not null,
    last integer not null
) strict, without rowid;

create table forwardings (
    id text primary key,
    body blob not null,
    sealed blob not null,
    created integer not null,
    cursor integer not null,
    upto integer not null,
    pending blob not null,
    tries integer not null,
    next integer not null,
    failing_since integer not null,
    told integer not null,
    stopped integer not null,
    cause text not null,
    fault text not null,
    well integer not null
) strict;

create table deliveries (
    number integer primary key autoincrement,
    forwarding text not null references forwardings on delete cascade,
    at integer not null,
    message text not null,
    first integer not null,
    last integer not null,
    count integer not null,
    taken integer not null,
    status integer not null,
    cause text not null,
    fault text not null,
    answer text not null
) strict;
create index deliveries_of on deliveries (forwarding, number);

create table struck (
    product text not null,
    thumbprint text not null,
    at integer not null,
    body blob not null,
    primary key (product, thumbprint)
) strict, without rowid;
"""

STEPS = (INITIAL,)
