--
-- PostgreSQL database dump
--


-- Dumped from database version 18.4
-- Dumped by pg_dump version 18.4

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: baseline; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA baseline;


--
-- Name: tenure_refuse_change(); Type: FUNCTION; Schema: baseline; Owner: -
--

CREATE FUNCTION baseline.tenure_refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ begin raise exception 'history is append-only: % on %', tg_op, tg_table_name; end $$;


--
-- Name: tenure_refuse_overdraft(); Type: FUNCTION; Schema: baseline; Owner: -
--

CREATE FUNCTION baseline.tenure_refuse_overdraft() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ begin if new.balance < -new.credit_limit then raise exception 'the balance does not cover this' using errcode = '23514'; end if;
return new; end $$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: accounts; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.accounts (
    customer text NOT NULL COLLATE pg_catalog."C",
    provider text NOT NULL COLLATE pg_catalog."C",
    currency text NOT NULL COLLATE pg_catalog."C",
    credit_limit bigint NOT NULL,
    balance bigint NOT NULL,
    reserve bigint NOT NULL,
    settled_at bigint NOT NULL,
    next_due bigint,
    version bigint NOT NULL,
    CONSTRAINT ck_accounts_credit_limit CHECK ((credit_limit >= 0)),
    CONSTRAINT ck_accounts_reserve CHECK ((reserve >= 0))
);


--
-- Name: alembic_version; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.alembic_version (
    version_num character varying(32) NOT NULL
);


--
-- Name: announcements; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.announcements (
    subscription text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    since bigint NOT NULL
);


--
-- Name: audit; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.audit (
    id text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    provider text COLLATE pg_catalog."C",
    customer text COLLATE pg_catalog."C",
    at bigint NOT NULL,
    who text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    address text NOT NULL COLLATE pg_catalog."C",
    what text NOT NULL COLLATE pg_catalog."C",
    detail text NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: chains; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.chains (
    provider text NOT NULL COLLATE pg_catalog."C",
    topic text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    hash bytea NOT NULL
);


--
-- Name: chronicle; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.chronicle (
    provider text NOT NULL COLLATE pg_catalog."C",
    topic text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    at bigint NOT NULL,
    recorded_at bigint NOT NULL,
    by_actor text NOT NULL COLLATE pg_catalog."C",
    body bytea NOT NULL,
    prev_hash bytea NOT NULL,
    hash bytea NOT NULL
);


--
-- Name: codes; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.codes (
    digest bytea NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    provider text NOT NULL COLLATE pg_catalog."C",
    subscription text NOT NULL COLLATE pg_catalog."C",
    last_group text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL COLLATE pg_catalog."C",
    created bigint NOT NULL
);


--
-- Name: customers; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.customers (
    id text NOT NULL COLLATE pg_catalog."C",
    provider text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    reference text COLLATE pg_catalog."C",
    body bytea NOT NULL,
    version bigint NOT NULL,
    created bigint NOT NULL,
    withdrawn bigint
);


--
-- Name: deliveries; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.deliveries (
    id text NOT NULL COLLATE pg_catalog."C",
    provider text NOT NULL COLLATE pg_catalog."C",
    webhook text NOT NULL COLLATE pg_catalog."C",
    seq bigint,
    kind text NOT NULL COLLATE pg_catalog."C",
    body bytea NOT NULL,
    replay_of text COLLATE pg_catalog."C",
    state text NOT NULL COLLATE pg_catalog."C",
    created bigint NOT NULL,
    due bigint,
    tries bigint NOT NULL,
    tried bigint,
    status bigint,
    answer text NOT NULL COLLATE pg_catalog."C",
    fault text NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: documents; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.documents (
    name text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    body bytea NOT NULL,
    published bigint NOT NULL
);


--
-- Name: email_cursors; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.email_cursors (
    provider text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL
);


--
-- Name: emails; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.emails (
    id text NOT NULL COLLATE pg_catalog."C",
    provider text COLLATE pg_catalog."C",
    recipient text NOT NULL COLLATE pg_catalog."C",
    template text NOT NULL COLLATE pg_catalog."C",
    body bytea NOT NULL,
    created bigint NOT NULL,
    due bigint,
    tries bigint NOT NULL,
    sent bigint,
    fault text NOT NULL COLLATE pg_catalog."C",
    mailbox text COLLATE pg_catalog."C"
);


--
-- Name: entries; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.entries (
    provider text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    account text NOT NULL COLLATE pg_catalog."C",
    customer text NOT NULL COLLATE pg_catalog."C",
    amount bigint NOT NULL
);


--
-- Name: facts; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.facts (
    subscription text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    provider text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    at bigint NOT NULL,
    recorded_at bigint NOT NULL,
    by_actor text NOT NULL COLLATE pg_catalog."C",
    body bytea NOT NULL,
    prev_hash bytea NOT NULL,
    hash bytea NOT NULL
);


--
-- Name: gateways; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.gateways (
    provider text NOT NULL COLLATE pg_catalog."C",
    instructions text NOT NULL COLLATE pg_catalog."C",
    request_days bigint NOT NULL,
    secret bytea,
    secret_since bigint,
    version bigint NOT NULL,
    old_secret bytea,
    old_until bigint
);


--
-- Name: idempotency; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.idempotency (
    scope text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    payload_hash bytea NOT NULL,
    state text NOT NULL COLLATE pg_catalog."C",
    sealed bigint NOT NULL,
    answer bytea,
    created bigint NOT NULL
);


--
-- Name: invitations; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.invitations (
    id text NOT NULL COLLATE pg_catalog."C",
    digest bytea NOT NULL,
    email text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    place text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    provider text COLLATE pg_catalog."C",
    customer text COLLATE pg_catalog."C",
    role text NOT NULL COLLATE pg_catalog."C",
    by_actor text NOT NULL COLLATE pg_catalog."C",
    created bigint NOT NULL,
    expires bigint NOT NULL,
    mailed bytea
);


--
-- Name: leases; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.leases (
    site text NOT NULL COLLATE pg_catalog."C",
    epoch bigint NOT NULL,
    serial bigint NOT NULL,
    slot text NOT NULL COLLATE pg_catalog."C",
    provider text NOT NULL COLLATE pg_catalog."C",
    subscription text NOT NULL COLLATE pg_catalog."C",
    revision bigint NOT NULL,
    signed_at bigint NOT NULL,
    until bigint NOT NULL,
    contact_until bigint NOT NULL,
    acked_at bigint,
    digest bytea NOT NULL,
    body bytea
);


--
-- Name: memberships; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.memberships (
    id text NOT NULL COLLATE pg_catalog."C",
    "user" text NOT NULL COLLATE pg_catalog."C",
    place text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    provider text COLLATE pg_catalog."C",
    customer text COLLATE pg_catalog."C",
    role text NOT NULL COLLATE pg_catalog."C",
    created bigint NOT NULL,
    last_use bigint,
    by_mail bigint
);


--
-- Name: meta; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.meta (
    key text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: offers; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.offers (
    id text NOT NULL COLLATE pg_catalog."C",
    provider text NOT NULL COLLATE pg_catalog."C",
    plan text NOT NULL COLLATE pg_catalog."C",
    body bytea NOT NULL,
    version bigint NOT NULL,
    created bigint NOT NULL,
    withdrawn bigint
);


--
-- Name: order_requests; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.order_requests (
    id text NOT NULL COLLATE pg_catalog."C",
    provider text NOT NULL COLLATE pg_catalog."C",
    customer text NOT NULL COLLATE pg_catalog."C",
    offer text NOT NULL COLLATE pg_catalog."C",
    devices bigint NOT NULL,
    note text NOT NULL COLLATE pg_catalog."C",
    by_actor text NOT NULL COLLATE pg_catalog."C",
    created bigint NOT NULL,
    ordered_at bigint,
    declined_at bigint,
    withdrawn_at bigint,
    subscription text COLLATE pg_catalog."C",
    reason text NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: outbox; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.outbox (
    provider text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    subscription text COLLATE pg_catalog."C",
    since bigint NOT NULL,
    created bigint NOT NULL,
    body bytea NOT NULL
);


--
-- Name: outbox_heads; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.outbox_heads (
    provider text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL
);


--
-- Name: payment_references; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.payment_references (
    provider text NOT NULL COLLATE pg_catalog."C",
    reference text NOT NULL COLLATE pg_catalog."C",
    figures text NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: payment_requests; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.payment_requests (
    id text NOT NULL COLLATE pg_catalog."C",
    provider text NOT NULL COLLATE pg_catalog."C",
    customer text NOT NULL COLLATE pg_catalog."C",
    subscription text COLLATE pg_catalog."C",
    reference text NOT NULL COLLATE pg_catalog."C",
    amount bigint NOT NULL,
    note text NOT NULL COLLATE pg_catalog."C",
    by_actor text NOT NULL COLLATE pg_catalog."C",
    created bigint NOT NULL,
    expires bigint NOT NULL,
    withdrawn_at bigint,
    booked_at bigint,
    booked_as text COLLATE pg_catalog."C",
    paid bigint NOT NULL
);


--
-- Name: places; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.places (
    site text NOT NULL COLLATE pg_catalog."C",
    subscription text NOT NULL COLLATE pg_catalog."C",
    provider text NOT NULL COLLATE pg_catalog."C",
    since bigint NOT NULL,
    signed bigint NOT NULL,
    until bigint NOT NULL,
    waits bigint NOT NULL,
    after bigint NOT NULL
);


--
-- Name: plans; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.plans (
    id text NOT NULL COLLATE pg_catalog."C",
    provider text NOT NULL COLLATE pg_catalog."C",
    product text NOT NULL COLLATE pg_catalog."C",
    body bytea NOT NULL,
    version bigint NOT NULL,
    created bigint NOT NULL,
    withdrawn bigint
);


--
-- Name: policies; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.policies (
    provider text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    body bytea NOT NULL,
    published bigint NOT NULL
);


--
-- Name: postings; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.postings (
    provider text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    customer text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    at bigint NOT NULL,
    recorded_at bigint NOT NULL,
    by_actor text NOT NULL COLLATE pg_catalog."C",
    subscription text COLLATE pg_catalog."C",
    once text COLLATE pg_catalog."C",
    body bytea NOT NULL,
    prev_hash bytea NOT NULL,
    hash bytea NOT NULL
);


--
-- Name: products; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.products (
    id text NOT NULL COLLATE pg_catalog."C",
    provider text NOT NULL COLLATE pg_catalog."C",
    body bytea NOT NULL,
    version bigint NOT NULL,
    created bigint NOT NULL,
    withdrawn bigint
);


--
-- Name: providers; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.providers (
    id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    sandbox bigint NOT NULL,
    currency text NOT NULL COLLATE pg_catalog."C",
    clock_at bigint,
    clock_set bigint,
    clock_rate bigint,
    body bytea NOT NULL,
    version bigint NOT NULL,
    created bigint NOT NULL,
    withdrawn bigint,
    CONSTRAINT ck_providers_clock CHECK (((sandbox = 1) OR (clock_at IS NULL))),
    CONSTRAINT ck_providers_sandbox CHECK ((sandbox = ANY (ARRAY[(0)::bigint, (1)::bigint])))
);


--
-- Name: recovery; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.recovery (
    "user" text NOT NULL COLLATE pg_catalog."C",
    digest bytea NOT NULL
);


--
-- Name: sessions; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.sessions (
    digest bytea NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    "user" text NOT NULL COLLATE pg_catalog."C",
    membership text COLLATE pg_catalog."C",
    purpose text NOT NULL COLLATE pg_catalog."C",
    created bigint NOT NULL,
    expires bigint NOT NULL,
    last_use bigint NOT NULL,
    address text NOT NULL COLLATE pg_catalog."C",
    browser text COLLATE pg_catalog."C"
);


--
-- Name: sites; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.sites (
    id text NOT NULL COLLATE pg_catalog."C",
    provider text NOT NULL COLLATE pg_catalog."C",
    customer text NOT NULL COLLATE pg_catalog."C",
    product text NOT NULL COLLATE pg_catalog."C",
    subscription text NOT NULL COLLATE pg_catalog."C",
    successor text COLLATE pg_catalog."C",
    thumbprint text NOT NULL COLLATE pg_catalog."C",
    jwk bytea NOT NULL,
    state text NOT NULL COLLATE pg_catalog."C",
    created bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    version text NOT NULL COLLATE pg_catalog."C",
    body bytea NOT NULL,
    token bytea NOT NULL,
    last_request text NOT NULL COLLATE pg_catalog."C",
    answer bytea NOT NULL,
    serial bigint NOT NULL,
    epoch bigint NOT NULL,
    revision bigint NOT NULL,
    acked_serial bigint NOT NULL,
    lease_until bigint NOT NULL,
    promised_until bigint NOT NULL,
    allotment bigint NOT NULL,
    devices bigint NOT NULL,
    devices_digest text NOT NULL COLLATE pg_catalog."C",
    last_contact bigint,
    next_sync bigint,
    forked_at bigint,
    token_count bigint NOT NULL,
    last_path text NOT NULL COLLATE pg_catalog."C",
    last_trigger text NOT NULL COLLATE pg_catalog."C",
    pace bytea NOT NULL,
    installation text DEFAULT 'server'::text NOT NULL COLLATE pg_catalog."C",
    ephemeral bigint DEFAULT '0'::bigint NOT NULL
);


--
-- Name: standings; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.standings (
    subscription text NOT NULL COLLATE pg_catalog."C",
    provider text NOT NULL COLLATE pg_catalog."C",
    customer text NOT NULL COLLATE pg_catalog."C",
    product text NOT NULL COLLATE pg_catalog."C",
    plan text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    devices bigint NOT NULL,
    active_from bigint,
    paid_until bigint,
    ended_at bigint,
    paused_from bigint,
    paused_until bigint,
    canceled_at bigint,
    last_group text NOT NULL COLLATE pg_catalog."C",
    body bytea NOT NULL,
    ordered_at bigint NOT NULL,
    due_at bigint,
    price bigint NOT NULL,
    automatic bigint NOT NULL,
    reserved bigint NOT NULL,
    failed_at bigint
);


--
-- Name: stays; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.stays (
    subscription text NOT NULL COLLATE pg_catalog."C",
    site text NOT NULL COLLATE pg_catalog."C",
    came bigint NOT NULL,
    provider text NOT NULL COLLATE pg_catalog."C",
    until bigint NOT NULL,
    counted bigint NOT NULL
);


--
-- Name: subscriptions; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.subscriptions (
    id text NOT NULL COLLATE pg_catalog."C",
    provider text NOT NULL COLLATE pg_catalog."C",
    customer text NOT NULL COLLATE pg_catalog."C",
    product text NOT NULL COLLATE pg_catalog."C",
    trial bigint NOT NULL,
    revision bigint NOT NULL,
    head_hash bytea NOT NULL,
    next_change bigint,
    created bigint NOT NULL
);


--
-- Name: throttles; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.throttles (
    key text NOT NULL COLLATE pg_catalog."C",
    began bigint NOT NULL,
    count bigint NOT NULL
);


--
-- Name: tokens; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.tokens (
    digest bytea NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    provider text COLLATE pg_catalog."C",
    customer text COLLATE pg_catalog."C",
    role text NOT NULL COLLATE pg_catalog."C",
    scopes text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    created bigint NOT NULL,
    expires bigint,
    last_use bigint,
    withdrawn bigint
);


--
-- Name: trials; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.trials (
    provider text NOT NULL COLLATE pg_catalog."C",
    customer text NOT NULL COLLATE pg_catalog."C",
    product text NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: users; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.users (
    id text NOT NULL COLLATE pg_catalog."C",
    email text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    password text NOT NULL COLLATE pg_catalog."C",
    factor bytea,
    proposed bytea,
    step bigint NOT NULL,
    created bigint NOT NULL,
    verified bigint
);


--
-- Name: waiting_codes; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.waiting_codes (
    subscription text NOT NULL COLLATE pg_catalog."C",
    provider text NOT NULL COLLATE pg_catalog."C",
    last_group text NOT NULL COLLATE pg_catalog."C",
    sealed bytea NOT NULL,
    in_mail bigint NOT NULL,
    created bigint NOT NULL,
    until bigint NOT NULL,
    shown_at bigint
);


--
-- Name: webhooks; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.webhooks (
    id text NOT NULL COLLATE pg_catalog."C",
    provider text NOT NULL COLLATE pg_catalog."C",
    url text NOT NULL COLLATE pg_catalog."C",
    events text NOT NULL COLLATE pg_catalog."C",
    note text NOT NULL COLLATE pg_catalog."C",
    secrets bytea NOT NULL,
    seq bigint NOT NULL,
    failing_since bigint,
    disabled bigint,
    reason text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    created bigint NOT NULL
);


--
-- Data for Name: accounts; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.accounts VALUES ('cus_01kdvdna00e02943za0tzq1qb0', 'prv_01kdvdna00f4es12wdq16m8z47', 'EUR', 0, 988000, 0, 1767225600, NULL, 3);


--
-- Data for Name: alembic_version; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.alembic_version VALUES ('0001');


--
-- Data for Name: announcements; Type: TABLE DATA; Schema: baseline; Owner: -
--



--
-- Data for Name: audit; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.audit VALUES ('aud_01kdvdna00eaxrbwbtps4qa4x8', 1, NULL, NULL, 1767225600, 'setup', '', '', '', 'token_made', '');
INSERT INTO baseline.audit VALUES ('aud_01kdvdna00eak8h71ydyqaft0t', 2, 'prv_01kdvdna00f4es12wdq16m8z47', NULL, 1767225600, 'tok_01kdvdna00fn5rct2j199k0mye', 'first token', 'vendor', '127.0.0.1', 'provider_created', 'prv_01kdvdna00f4es12wdq16m8z47: North');
INSERT INTO baseline.audit VALUES ('aud_01kdvdna00e5drn5vhhs6562t4', 3, 'prv_01kdvdna00f4es12wdq16m8z47', NULL, 1767225600, 'tok_01kdvdna00fn5rct2j199k0mye', 'first token', 'vendor', '127.0.0.1', 'token_made', 'tok_01kdvdna00e4qr2m0fhs1yjnnb: desk');
INSERT INTO baseline.audit VALUES ('aud_01kdvdna00eqs8f1vhzb2gf34g', 4, 'prv_01kdvdna00f4es12wdq16m8z47', NULL, 1767225600, 'tok_01kdvdna00e4qr2m0fhs1yjnnb', 'desk', 'provider', '127.0.0.1', 'customer_created', 'cus_01kdvdna00e02943za0tzq1qb0: ACME');
INSERT INTO baseline.audit VALUES ('aud_01kdvdna00exe9r8dc7rxvmd8s', 5, 'prv_01kdvdna00f4es12wdq16m8z47', NULL, 1767225600, 'tok_01kdvdna00e4qr2m0fhs1yjnnb', 'desk', 'provider', '127.0.0.1', 'invited', 'user2@example.com: owner');
INSERT INTO baseline.audit VALUES ('aud_01kdvdna00f1c9jkj6ch78xhck', 6, 'prv_01kdvdna00f4es12wdq16m8z47', NULL, 1767225600, 'usr_01kdvdna00fmzt5kdsqt3s7e8c', 'user2@example.com', 'provider', '127.0.0.1', 'joined', 'owner, asked by desk');
INSERT INTO baseline.audit VALUES ('aud_01kdvdna00f7m9rv2y6j5w07af', 7, 'prv_01kdvdna00f4es12wdq16m8z47', NULL, 1767225600, 'usr_01kdvdna00fmzt5kdsqt3s7e8c', 'user2@example.com', 'provider', '127.0.0.1', 'account_made', '');
INSERT INTO baseline.audit VALUES ('aud_01kdvdna00fcaa6zbz0h01nms5', 8, 'prv_01kdvdna00f4es12wdq16m8z47', NULL, 1767225600, 'usr_01kdvdna00fmzt5kdsqt3s7e8c', 'user2@example.com', 'provider', '127.0.0.1', 'signed_in', 'password');


--
-- Data for Name: chains; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.chains VALUES ('', 'records', 1, '\x3dd658a54af6f83fb2ba2092b9fadd67e396ac5a7e0fd6d461f81f9263039e4a');
INSERT INTO baseline.chains VALUES ('', 'catalog', 8, '\x80b999f6b80f08391fcfd091ea8962820c7b98715e9a964fc3bb0099dadd1a1a');
INSERT INTO baseline.chains VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 'catalog', 5, '\xfe48c7c3ab039edcbca8a6fffe37f917e74950e7be014d853d82e12ef08298a7');
INSERT INTO baseline.chains VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 'records', 7, '\xb6129fc8a6f7fb7a3cef82face4948c511f875f8960ab9a9e117e62d4fe4dde5');
INSERT INTO baseline.chains VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 'ledger', 2, '\xc5bb1a64153a3395a0d98f98588a835d1ccd9da3d3da8e8bd6078db77110a467');


--
-- Data for Name: chronicle; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.chronicle VALUES ('', 'catalog', 1, 'documents.published', 1767225600, 1767225600, 'setup', '\x7b227461626c65223a22646f63756d656e7473222c226964223a22726f6f74222c2276657273696f6e223a312c22626f6479223a225a586c4b61474a4859326c5061557047576b56535646465453584e4a62585277576b4e4a4e6b6c75536e5a694d31463054564e4a63306c75556a566a51306b325357355362474a75566e6c61557a4635596a49354d45737963444e6a65556f354c6d5635536e426151306b325357354b646d497a5558525a62555a36576c643463474a7456576c4d51306f79576c684b656d46584f58564a616d393454454e4b63474d7a546a466156314670543270464d30357159336c4e616c55795455524263306c74566a526a52327835576c684e615539715254524e52455577546b52426430314551584e4a626c4a7659323157656d46484f584e6151306b3254564e3361574e744f585a6b526a6c79576c6873656b6c7163474a6c655570795956645261553970536e6c694d6a6b775446524661557844536a524a616d397056565273656d49796148425662546c43556c5578536c4d79566e5a575646703555327477546d46566445745762454a55576a4647566d4e755a445a4f62584276546a4e77614746725454465455306f3557464e3361574579566a566a65556b32567a4e7a615745796247744a616d3970596b645761474d795658524f62567072576c5242656b3958546d70615231707353576c336157564453545a4a625670685a57317364464672566e64546554465757544a4e643246595a464e6b4d6c6c335757744b556b3947536c6c694d455a495a465273556d4579546b686c526a6c74596b4d78554535744f476c4d513070335a46684b6432497a546d784a616d3970596b645761474d7956576c4d513070335932303561325258546a426a65556b3256336c4a63556c734d484e4a62545670576d6c4a4e6b3155597a4a4f656b56365431524a6430314464326c6962555a7453577076654539455458644f52474e33546b524264307844536e4e694d6a5675576c684f4d456c716233684e52453079543052426430314464326c6a53465a70596b6473656d4648566d744a616d39335a6c4e344e306c746448426151306b325357314764574d7a5a47786a6154466f57544a5a656b3145545452505230307a546a4a5661557844536a524a616d3970556b5257526d4a5862445a53526b5579566d354e643156726545646861317055566c5243636c4656546b525357465a465957744b62464e45566e5a69563146355a566430516d4e36566d745655306c7a535735434d574e75516e5a6a4d6c567054326c4b61474a75546a4e6157456c7054454e4b64324e744f57746b5630347759336c4a4e6c64355358464a6244427a535730316156707053545a4e56474d79546e7046656b39555358644e51336470596d314762556c716233685052453133546b526a643035455158644d5130707a596a4931626c7059546a424a616d39345455524e4d6b39455158644e513364705930685761574a486248706852315a725357707664325a546544644a62585277576b4e4a4e6b6c744e585a6b52327871576c4d774d303479526d6c4f52454a715756645a4d30347955576c4d51306f305357707661574d7965454e55526b35495646526f526c6458654739555246704a5754466153316475526d396b526b704e5531645761325656556e5652566c5a6155565a4f655664755a454a684d6b355754554e4a63306c75516a466a626b4a32597a4a5661553970536e56694d314a7757544a5661557844536e646a62546c725a46644f4d474e3553545a5865556c785357777763306c744e576c6161556b325456526a4d6b35365258705056456c3354554e3361574a74526d314a616d39345430524e643035455933644f5245463354454e4b633249794e57356157453477535770766545314554544a505245463354554e3361574e49566d6c69523278365955645761306c716233646d55336733535731306346704453545a4a62553576576c644f636d4e484f584269626c4630545552524e55314857544a5a656c7073546b64524e556c7064326c6c51306b3253577477656c4e4656544655565868445957314b55464e7562484e594d4446305757733064324578576c4a5356576878576a46734d56524553587052626d52685756647a64467049634556566255317054454e4b64325259536e64694d3035735357707661566b796147785a4d6e5233596a4a736457524453584e4a626b4a35596a4a534d566b7a556e704a616e426953576c766156685464326c6962557074535770766545353657544e4e564530315457704264307844536e565a56316c70543270464e4531365154424f656b45775455524263306c7465485a6962575273597a4e52615539715258644e656c6b305455524264307844536e646b5630707a5956684f6231705855576c50616b49355445687a615745796247744a616d39705a444a57615746484f585a68655441795457706a4d45314857544a5a656b3134546c645a61557844536a524a616d39705a45647362314a5762485a50564659795a47314755553146566e5257626d4d785531646e4e5535584f565a6952464a3156323078535535366245686a6130354f556b63344d6c4e585933646965556c7a535735434d574e75516e5a6a4d6c567054326c4b4d317058536d39694d6a6c7953576c3361574e49536e5a6153465a715a45684e6155397363326c4c6155706b54454e4b64566c7457576c50616b557a546d706a6545313661336c4e5245467a535730316146707053545a4e56476436545552524d3031455558644e51336470596b633564566f79566e706b51306b3254565242656b35715a33644e5245467a535735434d566c746548426a4d6d6873576b4e4a4e6b31494d57526d55533557616e6378655555345a3139596333457a55563975516c6f7757484a46626b463152585934636d56354f476c4c58327471623139595657316e5245457764455a466257517a4e5756445256704a5231563451306b79636e5661617a567163456b78646b4e524e46645554327051596e644364773d3d227d', '\x0000000000000000000000000000000000000000000000000000000000000000', '\xe1ef92053053b286c5f596f8c16c60d87a204de683d68044115af751502e6a21');
INSERT INTO baseline.chronicle VALUES ('', 'catalog', 2, 'documents.published', 1767225600, 1767225600, 'setup', '\x7b227461626c65223a22646f63756d656e7473222c226964223a2273616e64626f782d726f6f74222c2276657273696f6e223a312c22626f6479223a225a586c4b61474a4859326c5061557047576b56535646465453584e4a62585277576b4e4a4e6b6c75536e5a694d31463054564e4a63306c75556a566a51306b325357355362474a75566e6c61557a4635596a49354d45737963444e6a65556f354c6d5635536e426151306b325357354b646d497a5558525a62555a36576c643463474a745658526a4d6b5a31576b644b646d564453584e4a626c70735932354f634749794e476c50616b567a53573173656d4d7a566d786151306b325456526a4d6b353653586c4f56466c3354554e3361567059614864685745707359336c4a4e6b31715658704f524546355458704264303536617a564d51306f775955684b62474d7961485a69523146705432704663306c75536e5a694d314a6d59544a574e574e3553545a584d334e7059544a7361306c7162326c6a62546c325a454d7765456c7064326c6c51306b32535778464e574d794f573968566b703255565657546c4e56644778694d5655795932747753315258624578546246705256544a6b556c5a59536a4e6c616c70785955526b4e6c6c586345524f565774705a6c597763306c746447786c57453170543278304e306c746448426151306b325357354f61474a74556d6c694d3264305456526a4d6c6c745254464e52464636546d315a4e456c7064326c6c51306b3253577056643256724d585a6156334274595656345a6d4e72647a5255656c70465a573561646c5647516e4a6861305636557a4e6156315658556a5654566c4a7659544e776147464961464e535657747054454e4b64325259536e64694d3035735357707661574d79526e5661523070325a554e4a63306c75516e6c694d6c497857544e53656b6c7163474a4a6157397057464e3361574a74536d314a616d393354454e4b64566c5857576c50616b6b7854587052643031715458644e52474d3154314e3361574a484f5856614d6c5a365a454e4a4e6b31555158704f616d64335455524263306c75516a465a62586877597a4a6f6246704453545a4e5344466b5a6c45754c5568535533424256316c74564852596157354d55485254526e52425a584e6c4d486b356358493556573961645639455131413155456436546a4a42526b687054457735536a4666525331615457704b6332564f5747686d526e6c4262315a3656576f795555737a546b567a526d704c5246453d227d', '\xe1ef92053053b286c5f596f8c16c60d87a204de683d68044115af751502e6a21', '\x94f394ec025c3c035a2902ccc368775a30409f56afdd5209aaf7cd34bff81845');
INSERT INTO baseline.chronicle VALUES ('', 'records', 1, 'token_made', 1767225600, 1767225600, 'setup', '\x7b22637573746f6d6572223a6e756c6c2c2261626f7574223a22746f6b5f30316b6476646e613030666e35726374326a3139396b306d7965222c2264657461696c223a22222c227374617465223a2264613661316231626465393434363331303633383833326135366131323635666162626630646531636334313766613938373263306663633062616636613132227d', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x3dd658a54af6f83fb2ba2092b9fadd67e396ac5a7e0fd6d461f81f9263039e4a');
INSERT INTO baseline.chronicle VALUES ('', 'catalog', 3, 'products.added', 1767225600, 1767225600, 'tok_01kdvdna00fn5rct2j199k0mye', '\x7b227461626c65223a2270726f6475637473222c226964223a22656469746f72222c2276657273696f6e223a312c22626f6479223a2265794a705a434936496d566b6158527663694973496d3568625755694f694a465a476c306233496966513d3d227d', '\x94f394ec025c3c035a2902ccc368775a30409f56afdd5209aaf7cd34bff81845', '\x70971eca69f092ad766cb688185158f6deed2eabfcf99758246b0d5c1c75a297');
INSERT INTO baseline.chronicle VALUES ('', 'catalog', 4, 'plans.added', 1767225600, 1767225600, 'tok_01kdvdna00fn5rct2j199k0mye', '\x7b227461626c65223a22706c616e73222c226964223a227374616e64617264222c2276657273696f6e223a312c22626f6479223a2265794a705a434936496e4e305957356b59584a6b4969776963484a765a48566a64434936496d566b6158527663694973496d3568625755694f694a54644746755a4746795a434973496d7470626d51694f694a73615731706447566b49697769634756796157396b496a7037496d3176626e526f637949364d544973496d526865584d694f6a42394c434a6d5a57463064584a6c6379493657794a6c5a476c30496977695a58687762334a30496c3073496d4a68633256665a6d5668644856795a584d694f6c7369636d56685a434a644c434a6d62473976636e4d694f6c7437496e4e70626d4e6c496a6f784e7a59334d6a49314e6a41774c434a325a584a7a61573975496a6f694d5441754d434a395853776962576c755832526c646d6c6a5a584d694f6a4573496d31686546396b5a585a705932567a496a6f784d4441774d4441774c434a745958686663326c305a584d694f6a5573496e4e3059584a30496a6f695958526662334a6b5a5849694c434a30636d6c6862434936626e56736248303d227d', '\x70971eca69f092ad766cb688185158f6deed2eabfcf99758246b0d5c1c75a297', '\x08f6c466e0be2c85a41bfbf8171a909ca95990322baadcaec1d24ecbbeef95b4');
INSERT INTO baseline.chronicle VALUES ('', 'catalog', 5, 'plans.added', 1767225600, 1767225600, 'tok_01kdvdna00fn5rct2j199k0mye', '\x7b227461626c65223a22706c616e73222c226964223a226d6f6e74686c79222c2276657273696f6e223a312c22626f6479223a2265794a705a434936496d3176626e526f62486b694c434a77636d396b64574e30496a6f695a5752706447397949697769626d46745a534936496b3176626e526f62486b694c434a726157356b496a6f6964573573615731706447566b49697769634756796157396b496a7037496d3176626e526f637949364d5377695a474635637949364d483073496d5a6c59585231636d567a496a7062496d566b615851694c434a6c65484276636e516958537769596d467a5a56396d5a57463064584a6c6379493657794a795a57466b496c3073496d5a7362323979637949365733736963326c75593255694f6a45334e6a63794d6a55324d444173496e5a6c636e4e70623234694f6949784d433477496e31644c434a74615735665a47563261574e6c637949364d537769625746345832526c646d6c6a5a584d694f6a45774d4441774d444173496d31686546397a6158526c637949364e53776963335268636e51694f694a6864463976636d526c63694973496e527961574673496a70756457787366513d3d227d', '\x08f6c466e0be2c85a41bfbf8171a909ca95990322baadcaec1d24ecbbeef95b4', '\x7dca31c9478c53a4994223892a87fbd1295833c0abe3c2a42be9497a502dc3ff');
INSERT INTO baseline.chronicle VALUES ('', 'catalog', 6, 'plans.added', 1767225600, 1767225600, 'tok_01kdvdna00fn5rct2j199k0mye', '\x7b227461626c65223a22706c616e73222c226964223a226c61746572222c2276657273696f6e223a312c22626f6479223a2265794a705a434936496d7868644756794969776963484a765a48566a64434936496d566b6158527663694973496d3568625755694f694a4d5958526c63694973496d7470626d51694f694a73615731706447566b49697769634756796157396b496a7037496d3176626e526f637949364d544973496d526865584d694f6a42394c434a6d5a57463064584a6c6379493657794a6c5a476c30496977695a58687762334a30496c3073496d4a68633256665a6d5668644856795a584d694f6c7369636d56685a434a644c434a6d62473976636e4d694f6c7437496e4e70626d4e6c496a6f784e7a59334d6a49314e6a41774c434a325a584a7a61573975496a6f694d5441754d434a395853776962576c755832526c646d6c6a5a584d694f6a4573496d31686546396b5a585a705932567a496a6f784d4441774d4441774c434a745958686663326c305a584d694f6a5573496e4e3059584a30496a6f69595852665a6d6c796333526659574e3061585a6864476c7662694973496e527961574673496a70756457787366513d3d227d', '\x7dca31c9478c53a4994223892a87fbd1295833c0abe3c2a42be9497a502dc3ff', '\x7cde0145843b8f75c8a246b99474f528c8d39e592ba27bdde1fe6e1b97c934ff');
INSERT INTO baseline.chronicle VALUES ('', 'catalog', 7, 'plans.added', 1767225600, 1767225600, 'tok_01kdvdna00fn5rct2j199k0mye', '\x7b227461626c65223a22706c616e73222c226964223a226272696566222c2276657273696f6e223a312c22626f6479223a2265794a705a434936496d4a796157566d4969776963484a765a48566a64434936496d566b6158527663694973496d3568625755694f694a43636d6c6c5a694973496d7470626d51694f694a73615731706447566b49697769634756796157396b496a7037496d3176626e526f637949364d5377695a474635637949364d483073496d5a6c59585231636d567a496a7062496d566b615851694c434a6c65484276636e516958537769596d467a5a56396d5a57463064584a6c6379493657794a795a57466b496c3073496d5a7362323979637949365733736963326c75593255694f6a45334e6a63794d6a55324d444173496e5a6c636e4e70623234694f6949784d433477496e31644c434a74615735665a47563261574e6c637949364d537769625746345832526c646d6c6a5a584d694f6a45774d4441774d444173496d31686546397a6158526c637949364e53776963335268636e51694f694a686446396d61584a7a6446396859335270646d4630615739754969776964484a70595777694f6d353162477839227d', '\x7cde0145843b8f75c8a246b99474f528c8d39e592ba27bdde1fe6e1b97c934ff', '\x5466bcb6e4515ed44eba4b51b27c67ff58626b3464745c50f4aa4d8975a864e9');
INSERT INTO baseline.chronicle VALUES ('', 'catalog', 8, 'plans.added', 1767225600, 1767225600, 'tok_01kdvdna00fn5rct2j199k0mye', '\x7b227461626c65223a22706c616e73222c226964223a226e657874222c2276657273696f6e223a312c22626f6479223a2265794a705a434936496d356c654851694c434a77636d396b64574e30496a6f695a5752706447397949697769626d46745a534936496b356c654851694c434a726157356b496a6f6962476c746158526c5a434973496e426c636d6c765a43493665794a746232353061484d694f6a45794c434a6b59586c7a496a6f77665377695a6d5668644856795a584d694f6c73695a57527064434973496d56346347397964434a644c434a6959584e6c58325a6c59585231636d567a496a7062496e4a6c59575169585377695a6d787662334a7a496a706265794a7a6157356a5a5349364d5463324e7a49794e5459774d437769646d567963326c7662694936496a457a4c6a416966563073496d3170626c396b5a585a705932567a496a6f784c434a74595868665a47563261574e6c637949364d5441774d4441774d4377696257463458334e706447567a496a6f314c434a7a6447467964434936496d4630583239795a4756794969776964484a70595777694f6d353162477839227d', '\x5466bcb6e4515ed44eba4b51b27c67ff58626b3464745c50f4aa4d8975a864e9', '\x80b999f6b80f08391fcfd091ea8962820c7b98715e9a964fc3bb0099dadd1a1a');
INSERT INTO baseline.chronicle VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 'records', 1, 'provider_created', 1767225600, 1767225600, 'tok_01kdvdna00fn5rct2j199k0mye', '\x7b22637573746f6d6572223a6e756c6c2c2261626f7574223a227072765f30316b6476646e61303066346573313277647131366d387a3437222c2264657461696c223a2265336137376264323230303364643866333334663034383364643461323839623463396363303862373935666366316532353563623334343837346530336133222c227374617465223a2231363066656161386337633934336334616536363164636564326666343335326564363430626238363536333564383331376632343463373234656630336539227d', '\x0000000000000000000000000000000000000000000000000000000000000000', '\xf35906dba5d59f145891ac2f9b9fcb9247f4b08ca65b22c6de2f584879002803');
INSERT INTO baseline.chronicle VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 'records', 2, 'token_made', 1767225600, 1767225600, 'tok_01kdvdna00fn5rct2j199k0mye', '\x7b22637573746f6d6572223a6e756c6c2c2261626f7574223a22746f6b5f30316b6476646e61303065347172326d3066687331796a6e6e62222c2264657461696c223a2261353766623465613866323363623032363565333037666163663338326639383934363563333938393537333365623630373631333163656538623961306364222c227374617465223a2263616261653766363232373062396335343638353637303566633332306130323966363164653031656531633136383933616435633464316135336533323561227d', '\xf35906dba5d59f145891ac2f9b9fcb9247f4b08ca65b22c6de2f584879002803', '\x066a5a1a3005709b00db665d2e8f417d3822231deff3e24ac5d228ad68c213f3');
INSERT INTO baseline.chronicle VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 'catalog', 1, 'offers.added', 1767225600, 1767225600, 'tok_01kdvdna00e4qr2m0fhs1yjnnb', '\x7b227461626c65223a226f6666657273222c226964223a226f66665f30316b6476646e613030657177743763673466637766326e7163222c2276657273696f6e223a312c22626f6479223a2265794a705a434936496d396d5a6c38774d57746b646d5275595441775a5846336444646a5a7a526d5933646d4d6d357859794973496e427962335a705a475679496a6f6963484a32587a4178613252325a4735684d44426d4e47567a4d544a335a4845784e6d3034656a5133496977696347786862694936496e4e305957356b59584a6b4969776959335679636d567559336b694f694a46565649694c434a695957356b637949365733736964584266644738694f6d353162477773496e5675615851694f6a45794d44423958537769633256306447786c6257567564434936496e42795a584268615751694c434a755957316c496a6f69496977695932396b5a563970626c397459576c73496a706d5957787a5a58303d227d', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x32ae38bcd5b4066802dc7f59c7718b4efad49c75398626435a58219403ab1105');
INSERT INTO baseline.chronicle VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 'catalog', 2, 'offers.added', 1767225600, 1767225600, 'tok_01kdvdna00e4qr2m0fhs1yjnnb', '\x7b227461626c65223a226f6666657273222c226964223a226f66665f30316b6476646e61303065666b743838327a62707274377a346b222c2276657273696f6e223a312c22626f6479223a2265794a705a434936496d396d5a6c38774d57746b646d5275595441775a575a72644467344d6e706963484a304e336f3061794973496e427962335a705a475679496a6f6963484a32587a4178613252325a4735684d44426d4e47567a4d544a335a4845784e6d3034656a5133496977696347786862694936496d3176626e526f62486b694c434a6a64584a795a57356a65534936496b565655694973496d4a68626d527a496a706265794a316346393062794936626e56736243776964573570644349364d5449774d4831644c434a7a5a585230624756745a573530496a6f6963484a6c634746705a434973496d3568625755694f6949694c434a6a6232526c58326c7558323168615777694f6d5a6862484e6c66513d3d227d', '\x32ae38bcd5b4066802dc7f59c7718b4efad49c75398626435a58219403ab1105', '\xaac10ec49d930d028e37328077d0a1a940b3fbb578b032c969d12549c2b18b48');
INSERT INTO baseline.chronicle VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 'catalog', 3, 'offers.added', 1767225600, 1767225600, 'tok_01kdvdna00e4qr2m0fhs1yjnnb', '\x7b227461626c65223a226f6666657273222c226964223a226f66665f30316b6476646e613030656132727161647478766e6e30613239222c2276657273696f6e223a312c22626f6479223a2265794a705a434936496d396d5a6c38774d57746b646d5275595441775a574579636e46685a485234646d35754d4745794f534973496e427962335a705a475679496a6f6963484a32587a4178613252325a4735684d44426d4e47567a4d544a335a4845784e6d3034656a5133496977696347786862694936496d7868644756794969776959335679636d567559336b694f694a46565649694c434a695957356b637949365733736964584266644738694f6d353162477773496e5675615851694f6a45794d44423958537769633256306447786c6257567564434936496e42795a584268615751694c434a755957316c496a6f69496977695932396b5a563970626c397459576c73496a706d5957787a5a58303d227d', '\xaac10ec49d930d028e37328077d0a1a940b3fbb578b032c969d12549c2b18b48', '\x8dcc3473f3e63a62b7f92eb23a546ac5ddf0e35dde62f6cb8fcecd77da5470ca');
INSERT INTO baseline.chronicle VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 'catalog', 4, 'offers.added', 1767225600, 1767225600, 'tok_01kdvdna00e4qr2m0fhs1yjnnb', '\x7b227461626c65223a226f6666657273222c226964223a226f66665f30316b6476646e613030656b7172776430747779616870317235222c2276657273696f6e223a312c22626f6479223a2265794a705a434936496d396d5a6c38774d57746b646d5275595441775a577478636e646b4d4852336557466f634446794e534973496e427962335a705a475679496a6f6963484a32587a4178613252325a4735684d44426d4e47567a4d544a335a4845784e6d3034656a5133496977696347786862694936496d4a796157566d4969776959335679636d567559336b694f694a46565649694c434a695957356b637949365733736964584266644738694f6d353162477773496e5675615851694f6a45794d44423958537769633256306447786c6257567564434936496e42795a584268615751694c434a755957316c496a6f69496977695932396b5a563970626c397459576c73496a706d5957787a5a58303d227d', '\x8dcc3473f3e63a62b7f92eb23a546ac5ddf0e35dde62f6cb8fcecd77da5470ca', '\xf245a274aa53777b914a7ae6a0136578b763865288974858f1e5ce4a4ec90303');
INSERT INTO baseline.chronicle VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 'catalog', 5, 'offers.added', 1767225600, 1767225600, 'tok_01kdvdna00e4qr2m0fhs1yjnnb', '\x7b227461626c65223a226f6666657273222c226964223a226f66665f30316b6476646e613030656661737067356d386e6e6a6a383339222c2276657273696f6e223a312c22626f6479223a2265794a705a434936496d396d5a6c38774d57746b646d5275595441775a575a686333426e4e573034626d3571616a677a4f534973496e427962335a705a475679496a6f6963484a32587a4178613252325a4735684d44426d4e47567a4d544a335a4845784e6d3034656a5133496977696347786862694936496d356c654851694c434a6a64584a795a57356a65534936496b565655694973496d4a68626d527a496a706265794a316346393062794936626e56736243776964573570644349364d5449774d4831644c434a7a5a585230624756745a573530496a6f6963484a6c634746705a434973496d3568625755694f6949694c434a6a6232526c58326c7558323168615777694f6d5a6862484e6c66513d3d227d', '\xf245a274aa53777b914a7ae6a0136578b763865288974858f1e5ce4a4ec90303', '\xfe48c7c3ab039edcbca8a6fffe37f917e74950e7be014d853d82e12ef08298a7');
INSERT INTO baseline.chronicle VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 'records', 3, 'customer_created', 1767225600, 1767225600, 'tok_01kdvdna00e4qr2m0fhs1yjnnb', '\x7b22637573746f6d6572223a6e756c6c2c2261626f7574223a226375735f30316b6476646e6130306530323934337a6130747a7131716230222c2264657461696c223a2236383531653431386561356336633866633931303438666536646661396463636165663331663865383732373962363238386261623839376132623266393963222c227374617465223a2265616633313133333632316563336635363930316164666464663764383230643231663731623462613930633165366339613137303237666438336232633138227d', '\x066a5a1a3005709b00db665d2e8f417d3822231deff3e24ac5d228ad68c213f3', '\x0f2b81c7f2750487e68313c45c358d149a630ebd41547f56ddc2004b04b9fc24');
INSERT INTO baseline.chronicle VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 'records', 4, 'invited', 1767225600, 1767225600, 'tok_01kdvdna00e4qr2m0fhs1yjnnb', '\x7b22637573746f6d6572223a6e756c6c2c2261626f7574223a22696e765f30316b6476646e61303065737174383473793437357671337a72222c2264657461696c223a2235323064356438306430383664346337373430363162313363663061653761363564363437366530633330313531346362333635386265383635333661396534222c227374617465223a2230653934616537666563376434383765616639313561376138623637303235643430653338623939356165383134386633303965646638313133313536646539227d', '\x0f2b81c7f2750487e68313c45c358d149a630ebd41547f56ddc2004b04b9fc24', '\x3320a31b8655a06d6e30c64f5b177e5ff181478179300d4b433f1388e3514fb5');
INSERT INTO baseline.chronicle VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 'records', 5, 'joined', 1767225600, 1767225600, 'usr_01kdvdna00fmzt5kdsqt3s7e8c', '\x7b22637573746f6d6572223a6e756c6c2c2261626f7574223a226d656d5f30316b6476646e6130306576647237727a39386438313579336d222c2264657461696c223a2265326239663465353939316136366136346661623436316137643664636330376236623766373764636630666465613366633730363637393065323762623534222c227374617465223a2233313439333132303063666364396533373661656334353531346336663138633339373630323532333064396139626164303263373738656435633964373733227d', '\x3320a31b8655a06d6e30c64f5b177e5ff181478179300d4b433f1388e3514fb5', '\xbde097a867b69d7d7faae2ac7a86a603fb669a4e4ad85b450496844520914667');
INSERT INTO baseline.chronicle VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 'records', 6, 'account_made', 1767225600, 1767225600, 'usr_01kdvdna00fmzt5kdsqt3s7e8c', '\x7b22637573746f6d6572223a6e756c6c2c2261626f7574223a227573725f30316b6476646e613030666d7a74356b64737174337337653863222c2264657461696c223a22222c227374617465223a2238343966386531396436666164646434386437643563343431376461303730616236373366353233623962393930633130623564303061666361356338633431227d', '\xbde097a867b69d7d7faae2ac7a86a603fb669a4e4ad85b450496844520914667', '\x2145faa8195273561442e39861e2e5237d7d8530857579ec94f70c20d9b91e56');
INSERT INTO baseline.chronicle VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 'records', 7, 'signed_in', 1767225600, 1767225600, 'usr_01kdvdna00fmzt5kdsqt3s7e8c', '\x7b22637573746f6d6572223a6e756c6c2c2261626f7574223a227365735f30316b6476646e613030667a70616272673536626b7073736e6a222c2264657461696c223a2235653838343839386461323830343731353164306535366638646336323932373733363033643064366161626264643632613131656637323164313534326438222c227374617465223a2230346536306139353439356363386565316466343863636131363861663261666238663161373635396565663031313066366362323061383939626236313239227d', '\x2145faa8195273561442e39861e2e5237d7d8530857579ec94f70c20d9b91e56', '\xb6129fc8a6f7fb7a3cef82face4948c511f875f8960ab9a9e117e62d4fe4dde5');


--
-- Data for Name: codes; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.codes VALUES ('\x191d51096acbd990aa01d60c82f2357df5f87941167929168f7193553128f28d', 'cod_01kdvdna00ecwba9h62133afxr', 'prv_01kdvdna00f4es12wdq16m8z47', 'sub_01kdvdna00e7y9bbq30b6sgn3g', 'MA847', 'good', 1767225600);


--
-- Data for Name: customers; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.customers VALUES ('cus_01kdvdna00e02943za0tzq1qb0', 'prv_01kdvdna00f4es12wdq16m8z47', 'ACME', NULL, '\x7b226964223a226375735f30316b6476646e6130306530323934337a6130747a7131716230222c2270726f7669646572223a227072765f30316b6476646e61303066346573313277647131366d387a3437222c226e616d65223a2241434d45222c227265666572656e6365223a22222c22656d61696c223a22227d', 1, 1767225600, NULL);


--
-- Data for Name: deliveries; Type: TABLE DATA; Schema: baseline; Owner: -
--



--
-- Data for Name: documents; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.documents VALUES ('root', 1, '\x65794a68624763694f694a465a45525451534973496d74705a434936496e4a76623351744d534973496e523563434936496e526c626e56795a533179623239304b32703363794a392e65794a705a434936496e4a7662335174596d467a5a577870626d55694c434a325a584a7a61573975496a6f784c434a7063334e315a5751694f6a45334e6a63794d6a55324d444173496d563463476c795a584d694f6a45344d4445304e4441774d444173496e526f636d567a614739735a4349364d537769636d3976644639725a586c7a496a706265794a72615751694f694a79623239304c5445694c434a34496a6f6955546c7a62326870556d39425255314a5332567656545a79536b704e6155744b566c42545a314656636e64364e6d706f4e337068616b4d3153534a395853776961325635637949365733736961326c6b496a6f6962475668633255744e6d5a6b5a54417a4f574e6a5a475a6c4969776965434936496d5a61656d6c74516b56775379315659324d776158645364325977596b4a524f464a596230464864546c5261324e486546396d624331504e6d38694c434a7764584a7762334e6c496a6f6962475668633255694c434a77636d396b64574e306379493657794971496c3073496d35695a6949364d5463324e7a457a4f5449774d437769626d466d496a6f784f444d774e4463774e4441774c434a736232356e5a584e30496a6f784d444d324f4441774d4377696348566962476c7a6147566b496a6f7766537837496d74705a434936496d46756333646c636931685932597a4d444d344f474d334e3255694c434a34496a6f695244564662576c3652464532566e4d77556b7847616b5a545654427251554e4452585645616b4a6c534456766257517965577442637a566b55534973496e4231636e4276633255694f694a68626e4e335a5849694c434a77636d396b64574e306379493657794971496c3073496d35695a6949364d5463324e7a457a4f5449774d437769626d466d496a6f784f444d774e4463774e4441774c434a736232356e5a584e30496a6f784d444d324f4441774d4377696348566962476c7a6147566b496a6f7766537837496d74705a434936496d357664476c6a5a5330334e3246694e44426a595759334e3251694c434a34496a6f696332784354464e48545468465757786f54445a4959315a4b576e466f64464a4d5357566b655552755156565a51564e79576e644261324e564d434973496e4231636e4276633255694f694a7562335270593255694c434a77636d396b64574e306379493657794971496c3073496d35695a6949364d5463324e7a457a4f5449774d437769626d466d496a6f784f444d774e4463774e4441774c434a736232356e5a584e30496a6f784d444d324f4441774d4377696348566962476c7a6147566b496a6f7766537837496d74705a434936496d4e6f5a574e7263473970626e51744d4451354d475932597a5a6c4e4751354969776965434936496b707a5345553154557843616d4a50536e6c7358303174596b347761315a52525568715a316c315444497a516e6461595773745a487045556d4d694c434a7764584a7762334e6c496a6f695932686c5932747762326c7564434973496e4279623252315933527a496a706249696f6958537769626d4a6d496a6f784e7a59334d544d354d6a41774c434a75595759694f6a45344d7a41304e7a41304d444173496d7876626d646c633351694f6a45774d7a59344d4441774c434a7764574a7361584e6f5a5751694f6a42394c48736961326c6b496a6f696432566961473976617930324d6a63304d475932597a4d784e5759694c434a34496a6f6964476c6f52566c764f545632646d46514d455674566e6331535767354e57395662445275576d31494e7a6c48636b4e4e524738325357637762794973496e4231636e4276633255694f694a335a574a6f623239724969776963484a765a48566a64484d694f6c73694b694a644c434a75596d59694f6a45334e6a63784d7a6b794d444173496d35685a6949364d54677a4d4451334d4451774d437769624739755a32567a644349364d54417a4e6a67774d444173496e4231596d78706332686c5a4349364d48316466512e566a7731794538675f58737133515f6e425a305872456e417545763872657938694b5f6b6a6f5f58556d674441307446456d6433356543455a4947557843493272755a6b356a7049317643513457544f6a5062774277', 1767225600);
INSERT INTO baseline.documents VALUES ('sandbox-root', 1, '\x65794a68624763694f694a465a45525451534973496d74705a434936496e4a76623351744d534973496e523563434936496e526c626e56795a533179623239304b32703363794a392e65794a705a434936496e4a7662335174596d467a5a577870626d5574633246755a474a7665434973496e5a6c636e4e70623234694f6a4573496d6c7a6333566c5a4349364d5463324e7a49794e5459774d4377695a58687761584a6c637949364d6a557a4e4441794d7a41774e7a6b354c434a3061484a6c63326876624751694f6a4573496e4a766233526661325635637949365733736961326c6b496a6f69636d3976644330784969776965434936496c45356332396f61564a765155564e5355746c62315532636b704b54576c4c536c5a515532645256584a33656a5a7161446436595770444e556b6966563073496d746c65584d694f6c7437496d74705a434936496e4e68626d5269623367744d546332596d45314d44517a4e6d59344969776965434936496a5577656b31765a57706d61557866636b7734547a5a45656e5a7655464272616b457a53335a57555752355356526f613370686148685352556b694c434a7764584a7762334e6c496a6f69633246755a474a7665434973496e4279623252315933527a496a706249696f6958537769626d4a6d496a6f774c434a75595759694f6a49314d7a51774d6a4d774d4463354f537769624739755a32567a644349364d54417a4e6a67774d444173496e4231596d78706332686c5a4349364d48316466512e2d485253704157596d547458696e4c507453467441657365307939717239556f5a755f4443503550477a4e32414648694c4c394a315f452d5a4d6a4a73654e5868664679416f567a556a32514b334e4573466a4b4451', 1767225600);


--
-- Data for Name: email_cursors; Type: TABLE DATA; Schema: baseline; Owner: -
--



--
-- Data for Name: emails; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.emails VALUES ('eml_01kdvdna00fx0vr08y8sygfkkc', 'prv_01kdvdna00f4es12wdq16m8z47', 'user2@example.com', 'invitation', '\xd585255590e1f10ddfe8456ea7a52f4368dae15be875541a2f096a02de691d0228fdae38d2eaea1783e333533ef7dd405e1aaea3475c375934b1fe42cb3fb5a3ea23a1935f7d2ccdecd9a24f0064316cd40ae1b87ba636d6a76c9d4d4e83185b602704fc40b8410f482c58988d35abae878269a4616e3d6c46d37809aa41d0b68f4065eadf23272ba1c998711a5c7827c7119aa97b3e073c161d9f7b775015ac4b74bd6f6d6b277e7c0647493911822e6d203d1c98851d4931975300295e5da5653b728c04d4ba69e7fc82b2a04eead6f763328bba60cfec078dc156a5592efb94bbac47d372de8da57db2c3ea10284fab241ec9e98a05e43d6cdd1440e476342af884c1fbd5f0b99dc170d536d24a8cde1db3712da00d9a4b31523af6519a162b70a60c775edc09ed8a60a07016556d77b1e42cf655f0e18aea9a9be1ed46f2b38284cf78a795fe9d0d77b4a0327882478a1c22fd96cf8e0c9e68f3a205db96a98e6d3af750', 1767225600, 1767225600, 0, NULL, '', 'user2@example.com');


--
-- Data for Name: entries; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.entries VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 1, 'clearing', 'cus_01kdvdna00e02943za0tzq1qb0', -1000000);
INSERT INTO baseline.entries VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 1, 'balance', 'cus_01kdvdna00e02943za0tzq1qb0', 1000000);
INSERT INTO baseline.entries VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 2, 'balance', 'cus_01kdvdna00e02943za0tzq1qb0', -12000);
INSERT INTO baseline.entries VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 2, 'revenue', 'cus_01kdvdna00e02943za0tzq1qb0', 12000);


--
-- Data for Name: facts; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.facts VALUES ('sub_01kdvdna00e7y9bbq30b6sgn3g', 1, 'prv_01kdvdna00f4es12wdq16m8z47', 'Ordered', 1767225600, 1767225600, 'tok_01kdvdna00e4qr2m0fhs1yjnnb', '\x7b2266616374223a224f726465726564222c226174223a313736373232353630302c227265636f726465645f6174223a313736373232353630302c226279223a22746f6b5f30316b6476646e61303065347172326d3066687331796a6e6e62222c22737562736372697074696f6e223a227375625f30316b6476646e613030653779396262713330623673676e3367222c2270726f7669646572223a227072765f30316b6476646e61303066346573313277647131366d387a3437222c22637573746f6d6572223a226375735f30316b6476646e6130306530323934337a6130747a7131716230222c227465726d73223a7b2270726f64756374223a22656469746f72222c22706c616e223a227374616e64617264222c226b696e64223a226c696d69746564222c22706572696f64223a7b226d6f6e746873223a31322c2264617973223a307d2c2264657669636573223a31302c226665617475726573223a5b2265646974222c226578706f7274225d2c22626173655f6665617475726573223a5b2272656164225d2c226d696e5f76657273696f6e223a2231302e30222c226d696e5f64657669636573223a312c226d61785f64657669636573223a313030303030302c226d61785f7369746573223a352c227374617274223a2261745f6f72646572222c22736574746c656d656e74223a2270726570616964222c2263757272656e6379223a22455552222c2262616e6473223a5b7b2275705f746f223a6e756c6c2c22756e6974223a313230307d5d7d2c2272756c6573223a7b2267726163655f64617973223a31342c2263616e63656c5f67726163655f64617973223a302c22747269616c5f67726163655f64617973223a302c2272656e65775f77696e646f775f64617973223a39302c227265696e73746174655f64617973223a3336352c22726573756d655f64617973223a33302c226c6174655f72656e6577616c223a226368617267655f6772616365222c22726566756e64223a226e6f6e65222c2273746f705f636c6f636b223a66616c73652c22746f6c6572616e63655f70657263656e74223a31302c22736561745f636f6e666c6963745f64617973223a33302c2269646c655f72656c656173655f64617973223a36302c22626c6f636b5f67726163655f64617973223a382c2272656d696e64657273223a5b36302c33302c31342c372c332c312c305d2c2273796e635f696e74657276616c223a38363430302c226c656173655f64617973223a33302c2261667465725f656e645f73796e635f64617973223a39302c226169725f6761705f6c656173655f64617973223a39302c22657068656d6572616c5f686f757273223a32347d2c22636f6465223a7b226964223a22636f645f30316b6476646e61303065637762613968363231333361667872222c226c6173745f67726f7570223a224d41383437222c22646967657374223a2231393164353130393661636264393930616130316436306338326632333537646635663837393431313637393239313638663731393335353331323866323864227d2c22696e74656e74223a226d616e75616c222c227072696365223a31323030302c22706572696f64223a7b2273696e6365223a313736373232353630302c22756e74696c223a313739383736313630302c2264657669636573223a31302c227072696365223a31323030302c2272756c6573223a7b2267726163655f64617973223a31342c2263616e63656c5f67726163655f64617973223a302c22747269616c5f67726163655f64617973223a302c2272656e65775f77696e646f775f64617973223a39302c227265696e73746174655f64617973223a3336352c22726573756d655f64617973223a33302c226c6174655f72656e6577616c223a226368617267655f6772616365222c22726566756e64223a226e6f6e65222c2273746f705f636c6f636b223a66616c73652c22746f6c6572616e63655f70657263656e74223a31302c22736561745f636f6e666c6963745f64617973223a33302c2269646c655f72656c656173655f64617973223a36302c22626c6f636b5f67726163655f64617973223a382c2272656d696e64657273223a5b36302c33302c31342c372c332c312c305d2c2273796e635f696e74657276616c223a38363430302c226c656173655f64617973223a33302c2261667465725f656e645f73796e635f64617973223a39302c226169725f6761705f6c656173655f64617973223a39302c22657068656d6572616c5f686f757273223a32347d2c226d696e5f76657273696f6e223a2231302e30222c22747269616c223a66616c73652c22726169736573223a5b5d2c226461795f707269636573223a5b7b226c656674223a3336352c22746f74616c223a31323030302c2264617973223a3336357d5d2c226c656e677468223a7b226d6f6e746873223a31322c2264617973223a307d2c2277686f6c65223a3336352c22776169766564223a307d2c2261637469766174655f6279223a313739383736313630307d', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x12bf48c031b697f2e9d477eedd1f6545abd311dd493864f3c33c5145b43cdc4d');
INSERT INTO baseline.facts VALUES ('sub_01kdvdna00e7y9bbq30b6sgn3g', 2, 'prv_01kdvdna00f4es12wdq16m8z47', 'SiteActivated', 1767225600, 1767225600, 'site_01kdvdna00fr7byrdj3da4ve38', '\x7b2266616374223a2253697465416374697661746564222c226174223a313736373232353630302c227265636f726465645f6174223a313736373232353630302c226279223a22736974655f30316b6476646e613030667237627972646a3364613476653338222c2273697465223a22736974655f30316b6476646e613030667237627972646a3364613476653338222c226b6579223a226b647831544c33556a594b6279716f317648624659616d42335f674272684964374d5761766257667a526b222c22636f6465223a22636f645f30316b6476646e61303065637762613968363231333361667872222c226e616d65223a2253697465206f6620416e61222c2276657273696f6e223a2231322e30222c22666c6f6f72223a2231302e30222c22616c6c6f746d656e74223a31317d', '\x12bf48c031b697f2e9d477eedd1f6545abd311dd493864f3c33c5145b43cdc4d', '\x5f77932033fb3b2167a906692ab7cf86e9443db97a9b828dd5fe47078a1b02c2');


--
-- Data for Name: gateways; Type: TABLE DATA; Schema: baseline; Owner: -
--



--
-- Data for Name: idempotency; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00fn5rct2j199k0mye POST /v1/products', 'key-139704897258320-1', '\x23158c4b9a7eb3087353e6c41f226186a8698845f5d08926fafed1717faa92ae', 'done', 0, '\x84a6737461747573ccc9a4626f6479c4407b226964223a22656469746f72222c226e616d65223a22456469746f72222c2263726561746564223a22323032362d30312d30315430303a30303a30305a227daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00fn5rct2j199k0mye POST /v1/plans', 'key-139704897258320-2', '\x1269cd53c77c11c16ec4f461ebd19787bff014316fe52c4be2568ec3c6a0b4e6', 'done', 0, '\x84a6737461747573ccc9a4626f6479c501537b226964223a227374616e64617264222c2270726f64756374223a22656469746f72222c226e616d65223a225374616e64617264222c226b696e64223a226c696d69746564222c22706572696f64223a22503159222c226665617475726573223a5b2265646974222c226578706f7274225d2c22626173655f6665617475726573223a5b2272656164225d2c226d696e5f76657273696f6e223a2231302e30222c226d696e5f64657669636573223a312c226d61785f64657669636573223a313030303030302c226d61785f7369746573223a352c227374617274223a2261745f6f72646572222c22747269616c223a6e756c6c2c22666c6f6f7273223a5b7b2273696e6365223a22323032362d30312d30315430303a30303a30305a222c2276657273696f6e223a2231302e30227d5d2c2263726561746564223a22323032362d30312d30315430303a30303a30305a227daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00fn5rct2j199k0mye POST /v1/plans', 'key-139704897258320-3', '\x4a4260b8ebcc4ff6318e39091e7108520313495695dea5aa3bdccfc3eade02d5', 'done', 0, '\x84a6737461747573ccc9a4626f6479c501537b226964223a226d6f6e74686c79222c2270726f64756374223a22656469746f72222c226e616d65223a224d6f6e74686c79222c226b696e64223a22756e6c696d69746564222c22706572696f64223a2250314d222c226665617475726573223a5b2265646974222c226578706f7274225d2c22626173655f6665617475726573223a5b2272656164225d2c226d696e5f76657273696f6e223a2231302e30222c226d696e5f64657669636573223a312c226d61785f64657669636573223a313030303030302c226d61785f7369746573223a352c227374617274223a2261745f6f72646572222c22747269616c223a6e756c6c2c22666c6f6f7273223a5b7b2273696e6365223a22323032362d30312d30315430303a30303a30305a222c2276657273696f6e223a2231302e30227d5d2c2263726561746564223a22323032362d30312d30315430303a30303a30305a227daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00fn5rct2j199k0mye POST /v1/plans', 'key-139704897258320-4', '\xdd924ff59369b92858019cfd97ce525098c281db9a80282efe73e5b48d16c7dd', 'done', 0, '\x84a6737461747573ccc9a4626f6479c501587b226964223a226c61746572222c2270726f64756374223a22656469746f72222c226e616d65223a224c61746572222c226b696e64223a226c696d69746564222c22706572696f64223a22503159222c226665617475726573223a5b2265646974222c226578706f7274225d2c22626173655f6665617475726573223a5b2272656164225d2c226d696e5f76657273696f6e223a2231302e30222c226d696e5f64657669636573223a312c226d61785f64657669636573223a313030303030302c226d61785f7369746573223a352c227374617274223a2261745f66697273745f61637469766174696f6e222c22747269616c223a6e756c6c2c22666c6f6f7273223a5b7b2273696e6365223a22323032362d30312d30315430303a30303a30305a222c2276657273696f6e223a2231302e30227d5d2c2263726561746564223a22323032362d30312d30315430303a30303a30305a227daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00fn5rct2j199k0mye POST /v1/plans', 'key-139704897258320-5', '\xf0c678c45fe65269c36a69f4255d49a6538a17b19cce92c1fd8d62c9d7436efa', 'done', 0, '\x84a6737461747573ccc9a4626f6479c501587b226964223a226272696566222c2270726f64756374223a22656469746f72222c226e616d65223a224272696566222c226b696e64223a226c696d69746564222c22706572696f64223a2250314d222c226665617475726573223a5b2265646974222c226578706f7274225d2c22626173655f6665617475726573223a5b2272656164225d2c226d696e5f76657273696f6e223a2231302e30222c226d696e5f64657669636573223a312c226d61785f64657669636573223a313030303030302c226d61785f7369746573223a352c227374617274223a2261745f66697273745f61637469766174696f6e222c22747269616c223a6e756c6c2c22666c6f6f7273223a5b7b2273696e6365223a22323032362d30312d30315430303a30303a30305a222c2276657273696f6e223a2231302e30227d5d2c2263726561746564223a22323032362d30312d30315430303a30303a30305a227daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00fn5rct2j199k0mye POST /v1/plans', 'key-139704897258320-6', '\xc61975753327fb75563da0f7bf31e7624aef8dc13f1bef745b9239df88419ab7', 'done', 0, '\x84a6737461747573ccc9a4626f6479c5014b7b226964223a226e657874222c2270726f64756374223a22656469746f72222c226e616d65223a224e657874222c226b696e64223a226c696d69746564222c22706572696f64223a22503159222c226665617475726573223a5b2265646974222c226578706f7274225d2c22626173655f6665617475726573223a5b2272656164225d2c226d696e5f76657273696f6e223a2231332e30222c226d696e5f64657669636573223a312c226d61785f64657669636573223a313030303030302c226d61785f7369746573223a352c227374617274223a2261745f6f72646572222c22747269616c223a6e756c6c2c22666c6f6f7273223a5b7b2273696e6365223a22323032362d30312d30315430303a30303a30305a222c2276657273696f6e223a2231332e30227d5d2c2263726561746564223a22323032362d30312d30315430303a30303a30305a227daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00fn5rct2j199k0mye POST /v1/providers', 'key-139704897258320-7', '\xd2c93530e627bc796f381960d104db2c0f0f991ddef96c60c2e96f2d5dfa3610', 'done', 0, '\x84a6737461747573ccc9a4626f6479c4da7b226964223a227072765f30316b6476646e61303066346573313277647131366d387a3437222c226e616d65223a224e6f727468222c2263757272656e6379223a22455552222c2273616e64626f78223a66616c73652c226272616e64223a7b226e616d65223a22222c226c6f676f223a22222c22636f6c6f72223a22222c22737570706f7274223a22222c2272656e65775f75726c223a22227d2c226e6f77223a22323032362d30312d30315430303a30303a30305a222c2263726561746564223a22323032362d30312d30315430303a30303a30305a227daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00fn5rct2j199k0mye POST /v1/tokens', 'key-139704897258320-8', '\x790f8cd1870630da50589cea2620a6cf0ba598330ef03847604c2fe832f8c092', 'done', 1, '\x2a1f45a6737024dc90301fbc4177e9720df937e35ef2513b60327b5f1a0504c7a3e492c370f41874cfb5451464a07a7c8506093f8837d68a74a446097ca8f076067a2fef8e603c25234a626427c69296e14b2f5ff20516e05937f2ebc3573f9cba5ffa9972546bcd1f217e3ea166cbebec348842f66baae2a8fa5cbe50e68109344e5605235824682f2bebb9420a04eb104d4ca221d36f6c6b94952c3489bc35d0544e419fd5903a71fc1a895586d69292a73cdeff9a3882c77301c91e492c2ebb4f47d211b02f9247476f31deb441269e3002b8e80def381c1a4bb4a206932eeaf7a9badf6cc8ab6d2bcaf279ca1a92409ee996176033437dd8ae2d0ee94d2f7ec85878a8dc499c8f1141bf582910ffc8a9d93e28ccfd79c0ea142d84355c997473c52c49a2cb41042fd29ac9b0b58919f220464db0daeba74dc618ff7bde5716fb6ad1b319c368a63b5665ac655ed595b25b7888a189c642671e84dcf3123146fd3d6dbc011fdc2aa9ceb738170b9b29018c3b0e9cc33a4c3c22a4e9f960de07396c4e69f7a7fc6d8ff6b13900390b8a8ed36424554f03a216f3f1a5bba310145bb9bf0418bde55bbebc80a25c5e2c14c22d8501680fc557a253df8cb7aa7efd878f1ec71371875274dc3b3e85d269a51be3feacc6e0ff709de23f70336274f13bc57368684bd7000aadeaea3f0f1692cb79261a978b734ca4d8b3b3bfaf040c53dee6dae458393e1fe035748e6346637db7120ee31dad6d0abe991b952324b93050cfde1d977bae4cc47044b0a95057e0ded07305667545e103a7d7d596a40e851f435c413ef48e07a0caf6811ce849d27af81be573f2687ade52bf6f1c4a4b3168ed1108c4b1df71bcdd925ae56c2ede588234333f8cc575b251fb9d509fc56619f03c66c2ada549144e993599ceea84dfc01616a0dc01608649d208382d23d943b9a8a6a18b06a72ac2ecbfe123', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00e4qr2m0fhs1yjnnb POST /v1/offers', 'key-139704898782416-1', '\x9addebcdb6aca8e7157b4968176d668ee805988071f6ffb6843da758c0c9eac4', 'done', 0, '\x84a6737461747573ccc9a4626f6479c4b77b226964223a226f66665f30316b6476646e613030657177743763673466637766326e7163222c22706c616e223a227374616e64617264222c226e616d65223a22222c2263757272656e6379223a22455552222c2262616e6473223a5b7b2275705f746f223a6e756c6c2c22756e6974223a313230307d5d2c22736574746c656d656e74223a2270726570616964222c22636f64655f696e5f6d61696c223a66616c73652c2277697468647261776e223a66616c73657daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00e4qr2m0fhs1yjnnb POST /v1/offers', 'key-139704898782416-2', '\x20dc689fd1a7b1e29e3e63a84c00db3f493ae5a57244c09bdb63a1eb9f47a16b', 'done', 0, '\x84a6737461747573ccc9a4626f6479c4b67b226964223a226f66665f30316b6476646e61303065666b743838327a62707274377a346b222c22706c616e223a226d6f6e74686c79222c226e616d65223a22222c2263757272656e6379223a22455552222c2262616e6473223a5b7b2275705f746f223a6e756c6c2c22756e6974223a313230307d5d2c22736574746c656d656e74223a2270726570616964222c22636f64655f696e5f6d61696c223a66616c73652c2277697468647261776e223a66616c73657daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00e4qr2m0fhs1yjnnb POST /v1/offers', 'key-139704898782416-3', '\xed5cc84b0a81228621ab92218f050550d93912defe4e910288f6ad50eb443e30', 'done', 0, '\x84a6737461747573ccc9a4626f6479c4b47b226964223a226f66665f30316b6476646e613030656132727161647478766e6e30613239222c22706c616e223a226c61746572222c226e616d65223a22222c2263757272656e6379223a22455552222c2262616e6473223a5b7b2275705f746f223a6e756c6c2c22756e6974223a313230307d5d2c22736574746c656d656e74223a2270726570616964222c22636f64655f696e5f6d61696c223a66616c73652c2277697468647261776e223a66616c73657daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00e4qr2m0fhs1yjnnb POST /v1/offers', 'key-139704898782416-4', '\x2a11f57ea7f17c4a4eb9dbff3f601c8ec4c9f23af70b0cc32639fc0be953b128', 'done', 0, '\x84a6737461747573ccc9a4626f6479c4b47b226964223a226f66665f30316b6476646e613030656b7172776430747779616870317235222c22706c616e223a226272696566222c226e616d65223a22222c2263757272656e6379223a22455552222c2262616e6473223a5b7b2275705f746f223a6e756c6c2c22756e6974223a313230307d5d2c22736574746c656d656e74223a2270726570616964222c22636f64655f696e5f6d61696c223a66616c73652c2277697468647261776e223a66616c73657daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00e4qr2m0fhs1yjnnb POST /v1/offers', 'key-139704898782416-5', '\x87e1c25da8151ffeecae7ff9d9d686605809c5fa41b4d00e4e5b105c4e85106e', 'done', 0, '\x84a6737461747573ccc9a4626f6479c4b37b226964223a226f66665f30316b6476646e613030656661737067356d386e6e6a6a383339222c22706c616e223a226e657874222c226e616d65223a22222c2263757272656e6379223a22455552222c2262616e6473223a5b7b2275705f746f223a6e756c6c2c22756e6974223a313230307d5d2c22736574746c656d656e74223a2270726570616964222c22636f64655f696e5f6d61696c223a66616c73652c2277697468647261776e223a66616c73657daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00e4qr2m0fhs1yjnnb POST /v1/customers', 'key-139704898782416-6', '\x77fb5250ae3887c3ddd28d717163b598e216887c25e62f5b04f670aeff8c56c0', 'done', 0, '\x84a6737461747573ccc9a4626f6479c4927b226964223a226375735f30316b6476646e6130306530323934337a6130747a7131716230222c226e616d65223a2241434d45222c227265666572656e6365223a22222c22656d61696c223a22222c2263757272656e6379223a22455552222c226372656469745f6c696d6974223a302c2263726561746564223a22323032362d30312d30315430303a30303a30305a227daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00e4qr2m0fhs1yjnnb POST /v1/customers/{customer}/top-ups', 'key-139704898782416-7', '\xe719d0ed754e5aa20c7068a4e06ec3684d29a3ee0768998b2e108ef553ee404c', 'done', 0, '\x84a6737461747573ccc9a4626f6479c501647b226163636f756e74223a7b22637573746f6d6572223a226375735f30316b6476646e6130306530323934337a6130747a7131716230222c2263757272656e6379223a22455552222c2262616c616e6365223a313030303030302c2272657365727665223a302c226372656469745f6c696d6974223a302c22617661696c61626c65223a313030303030302c226e6578745f647565223a6e756c6c7d2c22706f7374696e6773223a5b7b226b696e64223a22746f705f7570222c226174223a22323032362d30312d30315430303a30303a30305a222c227265636f726465645f6174223a22323032362d30312d30315430303a30303a30305a222c22616d6f756e74223a313030303030302c2272657365727665223a302c227265666572656e6365223a2262616e6b2031222c22737562736372697074696f6e223a22222c22706572696f64223a6e756c6c2c226e6f7465223a22227d5d2c226661637473223a5b5d7daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea76865616465727390', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00e4qr2m0fhs1yjnnb POST /v1/invitations', 'key-139704898782416-8', '\xaaec9a0e4ab8bf6335911630e48d32e7f3b7dda3104973a86c675e0e37731df7', 'done', 1, '\x969718dc0707ded29c196d81a9c90450510bde41540578d93aba73b47101435564e886b95d563d69b59b1cda4ecc94e9c3a1b8cf109e0e24f8a8e184af9425f96dc8d57fc3c8eef41cd8a2afd6d28e0961ade5524c311a2b0b00a7b39bd52829ebd96f76b1b76135502527f80e02f9114492237109adf94e6d6f6aa6674598e13b9200cf0b4001d47bf1c6334a3a316d66ebd862e2072aafb730b64f08d5c4977cb13e1c50ada7d77f887e707ad7d779336d044c22d06ca796946b4e939d09f63d9df6c1981a922e15abc6634d38958869c8c3c96356dafdb8796fb806b3dd6f075195fabed25f0f30a140fc9b5d42916d1c4c8fe3eb204814bf39de652cd249b617bc781e81e4b7a613eb685c35197c534530c37368918e1a726d3dec2a49d426817f3c85c484967e611df978588135d62ee7fc96fffdbcb9cd6c7d9d7d9ab45cbfc82383c20057e04c5070b9f9b34b0448d93d9f5249a9a894d1d64e44f6f36adcca4b9c0ff8e496a80f3da3c71ff123da433c46ebea6d19c2765d85ba9526499a120be39fa8d10045c0183336fe67e521d384ec873594276edd5324a88386e21be2261108929a42b93c2c95a9867dd8770d645315da9c006b011c684ea5c7cf6e261b7bf54a7cb5c380cc118ca6638dabffe721', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00e4qr2m0fhs1yjnnb POST /v1/subscriptions', 'key-139704898782416-9', '\x76e38997823ee462f2be670c919b467f5df4eb88628ad7579156fc57d9fd750d', 'done', 1, '\xac8af1dde168fc27da17a742ef62234cfedcc8229413e35f1c9292d23031e773be4a2ddcbd5ab7fd0a3cd34df2f8c0a4e8af3911ebf81574277cecf2edcfa374f8cc3c9ffab4605e0d0a2356843de74a9b8daa1d32d45c72ffcbb6e28823dbd80001a17ff52335128b880162200cb125c500909f59684b20daaae5a9e009680b20360cc8413616c6de28c31a50c8f68d86467686e28cb5b036b7294692d7add80af42af089e86af68b63804adc411f4161e6d53e4a74c201d0a1169ce4684accd189b6f6c1b66bb9762cd5980aeb48dd32b7d3daeefe5a932dc68c8b2ac88e01a242d4566db4bd04a5187fafdf1bc6022ecbcbdf68d843c3b8889e32711b1e44a6132f6e0adacf48126ea9d624bb4ef17e1357a4d5857d7fcb4e5dd22c2b23a5c095d91c432c660e5e40ebe83a2a3f027e4c35b986cc9ac45dd197f96745c25249ea9babf043fc2254cf261ebb50d1ffe6efc23adca828982c5a71cad0dc4337f1c0fb149880a5d92443ea46e30f5232764809126ee27d6f02c4ea67c7deb74a5729330679c4cbb660012d4f530b33e4ba151a9a00d3250fae0be6a984f63b0774ce7d64096d2bc71b6d456dc3000dcc9e9d65ee9b537c4a3b002a0635a533ea464ca4c9e527e6f6c0eb4915bdc5e0bd0f24037628f187e74395b614d7eda6b39232066a4e3d0db515f2a2ccfa7de6834f9d8119238a82605d1f5d74dd6aa46de691bc8195f71d415ac8b3623cbf9166d52cf9deaf7e4089f3915633d71c1cf45b79a47d5185d6f47e0d5dbd90962f25ac0608a10b9f1e175b4b66de57ead5752862fc01db7f2a675967ae3c57190204bfc1ce573a6390609df3189fbcf1bdc3eb141b9ade26b7e3ae2c0199ee72ebc0e0be5b853909b1f85158d84b04a7b2e766c4cba59db4945570e83a47d24e004faf7c2e047561d7e4592d56f4f821374358e4e01948e13fa603253a83bb344fed8f633ac5f3710942c497a8dc069b6768836c021a40b25c4d759b9f95d1407022dfc20de6eb636143805438f94a37072c3e6dbbb4d051bcf4c55db1257b09a17498df678d037423919b16278afff9cbcb5ecfb15accd695c26389801b8bba83809355f7584407bf3c7bceba1d43826f58626e837dc543a34631901a204c088e124498df4f7bf1053d1ef288ba52f80ab7d8c2e90840574fbd773732d7fa17cf716ec444ba824bdee69f12366c646ac2d648ee7bb57dfae3b4e106cd3eaf05ecbe96adc460e942b7593fe9b8046b1c2d32a268da4589b14b247385b38634da1cbcba98c7bdd30965d3eaf60108bff350542d95f31d8636e1f457d3cba0ebf92009d83c49f6115a19aff71d5a9db7f043df1149e4f858819e54eb36a2f5ee4f1da97e8099f2893ab1df6bcc906882742192a876bf2d53a3f88e4faeeaef53ae05cc99d2551abb12fef08610c847f7e0d92450174fba95ab13970c5f401d31e72a11fe68be9d78bef94cf16a25616c10bdfe69ac80a39db4bb87d77e4293703b6c6167d0ecc08a651b9b7b4419c2ffc282742828a41f92f455a467380e25f52cc005472d61793171fe6c2caaaee366b9a79aa2c0a8b45a045a65dfabc2b5f16af8e3b2531e39ce8a8384ebed70a7d67ddbcf53c00da89810f48bd4660f9823c81f02565c668adff5d2721d6da01cdd9e9cacee033129135260902430ecb6408e44d1af042640d5d0c4d55587a602c9b12c40b2606e48473c63b7a3080b263d8a5f9e21072e23a5bd22b9802d3856f5acfd2640de1a39a8b4f981c4e97b89c1fbfddd7cd787c804ad5cb3ef69d437d439a1eedb136bfaa7c084f148dbca0d777e2fbec8942e21c1c7d027c11e8019a2a3bf0e17e2f1ce89a0fe4582b1d872fc629f1df203c6080f0f89536b72e90a61e5e99e2da77957997b872c77148cd5717d08300ecb3b4dc20fc57a9881e14fc4e890891ed5bf9cbb7f80f418c235f3c88ba6450500edbbb899dc7a5c2c8947406f5e144458b605ae2174323068552cd81e0f853a561e8622f43bf2d42270c99ce6798c696ab3a71f6dde0795d7cd3471453d2305321fe3003a3f267f1d1199d325667ce3468994722a0e1615230097d244c401d6a2dfb321eb75688be251ba619f4b5f7b10ae3485fb3c63c66d0473e3df7fc99d57a3df9e4d7240a443258bb0951257a07590587e35286ddbb4b5eff98dc18f33770fb31c5f1dbf51c2d6541c74675eb54f20f0d8c231d8374bb0a43b9252307585bb29c0fd93382ce10ba9ae2cd042613a89d05152d48e7dcb611fe5fcbb359b404fc3df24d2b270c90749bd52721205a11471802ecfbd873ab4e6d312375225ee00a4d4f4db63921d44ead8a1e3b79f3be1452803c1faf3212b6ff116eb6aa79add75a5840cb4571c2bce911abad5ba1eeea2f51a308a85df471273c6aad694149c20808f42db3ee847ffaa7250588977a4417f9ce8bc519be67cf8ab35d94a7b56b3b552ebe12398c27c632f199de2ff069b7b43888b4a86b2f882934257d72d41c099db82e817a6e1d597f55ea526873ffe265cd0bbe220715a2ba3761cb9597bdbb8038212927e4d901620cb03649d711c44ceb27ada11773f3ff1e58ce69bd9cad6f5cfa5d1dbefed3d1a0159fec23a8fa38e91138e4ab04df119a0f6884b17a977edea656c53e0ff695cfad8772c89c667cbba627c18a6376af6c6c91c62a50c35affaa4fc3fe6d5d07d332bdcc7ade4fde9a3c6720bb7d3a9dbe52f8b23571e57b2c8f0b4ad59293caf91c2c0d29474daf55c4834908929f0b481253ff017475a93aea410168171c32877c94e4be0fed91c2c47371cacdac8b311f23ab8863403f3af726f602654599111c2e6f91562a9d8a4cbab095a44ce4dd53382548dfa4c117fefe5c9123fe68afb7b9898df25827804254b0cd3fcaedd5867ceda8b6c67b6d3c4bdd06b67377e95af979784049477442b68bba758fdd80e9fb59eef8e6ddfed264633afc7cd043eb85458253bea0d950395707318a2f079ee2d29744acea7c78b29afee64bffccc71a03238ddc1b6692987c1c7cf496e815b5715d4c1a21b9cbc9208033bde6b2b72b211982f3c13d8e1842b2f97c4d999502354a88b64ad8ea15f87540e380c2cbe7b55c37b84b1fb4a7081593ad6d69164d007df', 1767225600);


--
-- Data for Name: invitations; Type: TABLE DATA; Schema: baseline; Owner: -
--



--
-- Data for Name: leases; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.leases VALUES ('site_01kdvdna00fr7byrdj3da4ve38', 1767225600, 1, 'present', 'prv_01kdvdna00f4es12wdq16m8z47', 'sub_01kdvdna00e7y9bbq30b6sgn3g', 2, 1767225600, 1769817600, 1769817600, 1767225600, '\x49f3cab7f28cb0767d49b7ebf649f8d3d522a9b041f3041dacc8f42632e25277', '\x65794a68624763694f694a465a45525451534973496d74705a434936496d786c59584e6c4c545a6d5a4755774d7a6c6a5932526d5a534973496e523563434936496e526c626e56795a5331735a57467a5a5374716433516966512e65794a7063334d694f694a6f64485277637a6f764c32787059325675633255756447567a64434973496e4e3159694936496e4e70644756664d4446725a485a6b626d45774d475a794e324a35636d52714d3252684e485a6c4d7a67694c434a68645751694f694a6c5a476c30623349694c434a7164476b694f694a7a6158526c587a4178613252325a4735684d44426d636a646965584a6b616a4e6b595452325a544d344c6a45334e6a63794d6a55324d4441754d534973496d6c68644349364d5463324e7a49794e5459774d437769626d4a6d496a6f784e7a59334d6a49314e6a41774c434a6c654841694f6a45334e6a6b344d5463324d444173496d4e755a69493665794a71643273694f6e736961335235496a6f69543074514969776959334a32496a6f69525751794e5455784f534973496e67694f694a785333644657576c34583277354e7a687a4d575268516e56615657497456544e77636b7475564664364e6a557759555a6d63316c6c4d586856496e31394c434a7a5a584a70595777694f6a4573496d567762324e6f496a6f784e7a59334d6a49314e6a41774c434a77636d5632496a6f69496977696333566963324e796158423061573975496a6f6963335669587a4178613252325a4735684d44426c4e336b35596d4a784d7a42694e6e4e6e626a4e6e49697769636d563261584e70623234694f6a4973496e427962325231593351694f694a6c5a476c30623349694c434a7762474675496a6f6963335268626d5268636d51694c434a726157356b496a6f6962476c746158526c5a434973496e4e775957357a496a706265794a7a6157356a5a5349364d5463324e7a49794e5459774d43776964573530615777694f6a45334f5467334e6a45324d444173496e426f59584e6c496a6f6959574e3061585a6c4969776964326835496a6f69634746705a434973496d5a6c59585231636d567a496a7062496d566b615851694c434a6c65484276636e51694c434a795a57466b496c3073496d787062576c30496a6f784d58307365794a7a6157356a5a5349364d5463354f4463324d5459774d43776964573530615777694f6a45334f546b354e7a45794d444173496e426f59584e6c496a6f695a334a68593255694c434a3361486b694f694a7759586c745a573530583256755a47566b496977695a6d5668644856795a584d694f6c73695a57527064434973496d56346347397964434973496e4a6c595751695853776962476c74615851694f6a457866537837496e4e70626d4e6c496a6f784e7a6b354f5463784d6a41774c434a31626e527062434936626e56736243776963476868633255694f694a6c626d526c5a434973496e646f65534936496e42686557316c626e52665a57356b5a5751694c434a6d5a57463064584a6c6379493657794a795a57466b496c313958537769593239756447466a64463931626e5270624349364d5463324f5467784e7a59774d437769636d566d636d567a614639685a6e526c636949364d5463324e7a4d784d6a41774d4377695a6d5668644856795a584d694f6c73695a57527064434973496d56346347397964434973496e4a6c5957516958537769596d467a5a56396d5a57463064584a6c6379493657794a795a57466b496c3073496d46736247393062575675644349364d544573496d787062576c30496a6f784d43776962576c7558335a6c636e4e70623234694f6949784d433477496977695a47563261574e6c58334276636e51694f6949694c434a6d61576431636d567a496a7037496e5276624756795957356a5a5639775a584a6a5a573530496a6f784d437769615752735a5639795a57786c59584e6c5832526865584d694f6a59774c434a7a5a57463058324e76626d5a7361574e305832526865584d694f6a4d774c434a795a573170626d526c636e4d694f6c73324d43777a4d4377784e4377334c444d734d5377775853776963336c7559313970626e526c636e5a68624349364f4459304d444173496d466d64475679583256755a46397a6557356a5832526865584d694f6a6b774c434a3359584a755832466d64475679496a6f324d4451344d444173496e4e6c5958526662476c6d5a5349364d5449774f5459774d4377695a47357a496a6f695958563062794973496e4a6c6157357a644746305a56396b59586c7a496a6f7a4e6a56394c434a77636d39326157526c63694936496b3576636e526f49697769596e4a68626d51694f6e7369626d46745a534936496b3576636e526f496977696247396e6279493649694973496d4e7662473979496a6f694969776963335677634739796443493649694973496e4a6c626d5633583356796243493649694a394c434a6a6232526c58327868633352665a334a76645841694f694a4e515467304e794973496e4a76624755694f694a6859335270646d55694c434a77636d567759576c6b5833567564476c73496a6f784e7a6b344e7a59784e6a41774c434a7a5957356b596d3934496a706d5957787a5a537769593239746157356e496a7075645778734c434a70626e4e305957787359585270623234694f694a7a5a584a325a5849694c434a6c6347686c62575679595777694f6d5a6862484e6c4c434a766458527362323972496a7075645778734c434a776247467558323568625755694f694a54644746755a4746795a434a392e53657534624b4c675465713531473935505945437833377a386e3944354b6d41375352376e78753347375431655a75684f5156483170376f7877744a6372584f4d343063564e41786b3435674f565a4b59454e6e4267');


--
-- Data for Name: memberships; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.memberships VALUES ('mem_01kdvdna00evdr7rz98d815y3m', 'usr_01kdvdna00fmzt5kdsqt3s7e8c', 'prv_01kdvdna00f4es12wdq16m8z47', 'provider', 'prv_01kdvdna00f4es12wdq16m8z47', NULL, 'owner', 1767225600, 1767225600, 1767225600);


--
-- Data for Name: meta; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.meta VALUES ('application', 'tenure');


--
-- Data for Name: offers; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.offers VALUES ('off_01kdvdna00eqwt7cg4fcwf2nqc', 'prv_01kdvdna00f4es12wdq16m8z47', 'standard', '\x7b226964223a226f66665f30316b6476646e613030657177743763673466637766326e7163222c2270726f7669646572223a227072765f30316b6476646e61303066346573313277647131366d387a3437222c22706c616e223a227374616e64617264222c2263757272656e6379223a22455552222c2262616e6473223a5b7b2275705f746f223a6e756c6c2c22756e6974223a313230307d5d2c22736574746c656d656e74223a2270726570616964222c226e616d65223a22222c22636f64655f696e5f6d61696c223a66616c73657d', 1, 1767225600, NULL);
INSERT INTO baseline.offers VALUES ('off_01kdvdna00efkt882zbprt7z4k', 'prv_01kdvdna00f4es12wdq16m8z47', 'monthly', '\x7b226964223a226f66665f30316b6476646e61303065666b743838327a62707274377a346b222c2270726f7669646572223a227072765f30316b6476646e61303066346573313277647131366d387a3437222c22706c616e223a226d6f6e74686c79222c2263757272656e6379223a22455552222c2262616e6473223a5b7b2275705f746f223a6e756c6c2c22756e6974223a313230307d5d2c22736574746c656d656e74223a2270726570616964222c226e616d65223a22222c22636f64655f696e5f6d61696c223a66616c73657d', 1, 1767225600, NULL);
INSERT INTO baseline.offers VALUES ('off_01kdvdna00ea2rqadtxvnn0a29', 'prv_01kdvdna00f4es12wdq16m8z47', 'later', '\x7b226964223a226f66665f30316b6476646e613030656132727161647478766e6e30613239222c2270726f7669646572223a227072765f30316b6476646e61303066346573313277647131366d387a3437222c22706c616e223a226c61746572222c2263757272656e6379223a22455552222c2262616e6473223a5b7b2275705f746f223a6e756c6c2c22756e6974223a313230307d5d2c22736574746c656d656e74223a2270726570616964222c226e616d65223a22222c22636f64655f696e5f6d61696c223a66616c73657d', 1, 1767225600, NULL);
INSERT INTO baseline.offers VALUES ('off_01kdvdna00ekqrwd0twyahp1r5', 'prv_01kdvdna00f4es12wdq16m8z47', 'brief', '\x7b226964223a226f66665f30316b6476646e613030656b7172776430747779616870317235222c2270726f7669646572223a227072765f30316b6476646e61303066346573313277647131366d387a3437222c22706c616e223a226272696566222c2263757272656e6379223a22455552222c2262616e6473223a5b7b2275705f746f223a6e756c6c2c22756e6974223a313230307d5d2c22736574746c656d656e74223a2270726570616964222c226e616d65223a22222c22636f64655f696e5f6d61696c223a66616c73657d', 1, 1767225600, NULL);
INSERT INTO baseline.offers VALUES ('off_01kdvdna00efaspg5m8nnjj839', 'prv_01kdvdna00f4es12wdq16m8z47', 'next', '\x7b226964223a226f66665f30316b6476646e613030656661737067356d386e6e6a6a383339222c2270726f7669646572223a227072765f30316b6476646e61303066346573313277647131366d387a3437222c22706c616e223a226e657874222c2263757272656e6379223a22455552222c2262616e6473223a5b7b2275705f746f223a6e756c6c2c22756e6974223a313230307d5d2c22736574746c656d656e74223a2270726570616964222c226e616d65223a22222c22636f64655f696e5f6d61696c223a66616c73657d', 1, 1767225600, NULL);


--
-- Data for Name: order_requests; Type: TABLE DATA; Schema: baseline; Owner: -
--



--
-- Data for Name: outbox; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.outbox VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 1, 'subscription.ordered', 'sub_01kdvdna00e7y9bbq30b6sgn3g', 1767225600, 1767225600, '\x7b22737562736372697074696f6e223a227375625f30316b6476646e613030653779396262713330623673676e3367222c22637573746f6d6572223a226375735f30316b6476646e6130306530323934337a6130747a7131716230222c227265766973696f6e223a312c2266616374223a224f726465726564222c226174223a313736373232353630302c227068617365223a22616374697665222c22776879223a2270616964227d');
INSERT INTO baseline.outbox VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 2, 'subscription.site_activated', 'sub_01kdvdna00e7y9bbq30b6sgn3g', 1767225600, 1767225600, '\x7b22737562736372697074696f6e223a227375625f30316b6476646e613030653779396262713330623673676e3367222c22637573746f6d6572223a226375735f30316b6476646e6130306530323934337a6130747a7131716230222c227265766973696f6e223a322c2266616374223a2253697465416374697661746564222c226174223a313736373232353630302c227068617365223a22616374697665222c22776879223a2270616964227d');


--
-- Data for Name: outbox_heads; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.outbox_heads VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 2);


--
-- Data for Name: payment_references; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.payment_references VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 'bank 1', 'top_up cus_01kdvdna00e02943za0tzq1qb0 1000000');


--
-- Data for Name: payment_requests; Type: TABLE DATA; Schema: baseline; Owner: -
--



--
-- Data for Name: places; Type: TABLE DATA; Schema: baseline; Owner: -
--



--
-- Data for Name: plans; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.plans VALUES ('standard', '', 'editor', '\x7b226964223a227374616e64617264222c2270726f64756374223a22656469746f72222c226e616d65223a225374616e64617264222c226b696e64223a226c696d69746564222c22706572696f64223a7b226d6f6e746873223a31322c2264617973223a307d2c226665617475726573223a5b2265646974222c226578706f7274225d2c22626173655f6665617475726573223a5b2272656164225d2c22666c6f6f7273223a5b7b2273696e6365223a313736373232353630302c2276657273696f6e223a2231302e30227d5d2c226d696e5f64657669636573223a312c226d61785f64657669636573223a313030303030302c226d61785f7369746573223a352c227374617274223a2261745f6f72646572222c22747269616c223a6e756c6c7d', 1, 1767225600, NULL);
INSERT INTO baseline.plans VALUES ('monthly', '', 'editor', '\x7b226964223a226d6f6e74686c79222c2270726f64756374223a22656469746f72222c226e616d65223a224d6f6e74686c79222c226b696e64223a22756e6c696d69746564222c22706572696f64223a7b226d6f6e746873223a312c2264617973223a307d2c226665617475726573223a5b2265646974222c226578706f7274225d2c22626173655f6665617475726573223a5b2272656164225d2c22666c6f6f7273223a5b7b2273696e6365223a313736373232353630302c2276657273696f6e223a2231302e30227d5d2c226d696e5f64657669636573223a312c226d61785f64657669636573223a313030303030302c226d61785f7369746573223a352c227374617274223a2261745f6f72646572222c22747269616c223a6e756c6c7d', 1, 1767225600, NULL);
INSERT INTO baseline.plans VALUES ('later', '', 'editor', '\x7b226964223a226c61746572222c2270726f64756374223a22656469746f72222c226e616d65223a224c61746572222c226b696e64223a226c696d69746564222c22706572696f64223a7b226d6f6e746873223a31322c2264617973223a307d2c226665617475726573223a5b2265646974222c226578706f7274225d2c22626173655f6665617475726573223a5b2272656164225d2c22666c6f6f7273223a5b7b2273696e6365223a313736373232353630302c2276657273696f6e223a2231302e30227d5d2c226d696e5f64657669636573223a312c226d61785f64657669636573223a313030303030302c226d61785f7369746573223a352c227374617274223a2261745f66697273745f61637469766174696f6e222c22747269616c223a6e756c6c7d', 1, 1767225600, NULL);
INSERT INTO baseline.plans VALUES ('brief', '', 'editor', '\x7b226964223a226272696566222c2270726f64756374223a22656469746f72222c226e616d65223a224272696566222c226b696e64223a226c696d69746564222c22706572696f64223a7b226d6f6e746873223a312c2264617973223a307d2c226665617475726573223a5b2265646974222c226578706f7274225d2c22626173655f6665617475726573223a5b2272656164225d2c22666c6f6f7273223a5b7b2273696e6365223a313736373232353630302c2276657273696f6e223a2231302e30227d5d2c226d696e5f64657669636573223a312c226d61785f64657669636573223a313030303030302c226d61785f7369746573223a352c227374617274223a2261745f66697273745f61637469766174696f6e222c22747269616c223a6e756c6c7d', 1, 1767225600, NULL);
INSERT INTO baseline.plans VALUES ('next', '', 'editor', '\x7b226964223a226e657874222c2270726f64756374223a22656469746f72222c226e616d65223a224e657874222c226b696e64223a226c696d69746564222c22706572696f64223a7b226d6f6e746873223a31322c2264617973223a307d2c226665617475726573223a5b2265646974222c226578706f7274225d2c22626173655f6665617475726573223a5b2272656164225d2c22666c6f6f7273223a5b7b2273696e6365223a313736373232353630302c2276657273696f6e223a2231332e30227d5d2c226d696e5f64657669636573223a312c226d61785f64657669636573223a313030303030302c226d61785f7369746573223a352c227374617274223a2261745f6f72646572222c22747269616c223a6e756c6c7d', 1, 1767225600, NULL);


--
-- Data for Name: policies; Type: TABLE DATA; Schema: baseline; Owner: -
--



--
-- Data for Name: postings; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.postings VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 1, 'cus_01kdvdna00e02943za0tzq1qb0', 'top_up', 1767225600, 1767225600, 'tok_01kdvdna00e4qr2m0fhs1yjnnb', NULL, 'top_up/bank 1', '\x7b22637573746f6d6572223a226375735f30316b6476646e6130306530323934337a6130747a7131716230222c22706f7374696e67223a7b226b696e64223a22746f705f7570222c226174223a313736373232353630302c227265636f726465645f6174223a313736373232353630302c22656e7472696573223a5b7b226163636f756e74223a22636c656172696e67222c22616d6f756e74223a2d313030303030307d2c7b226163636f756e74223a2262616c616e6365222c22616d6f756e74223a313030303030307d5d2c227265666572656e6365223a2262616e6b2031227d7d', '\x0000000000000000000000000000000000000000000000000000000000000000', '\xbd03708cd7b0e92a4f5d92407c8ed66bb944170a8b639ededf3ed57879b5851f');
INSERT INTO baseline.postings VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 2, 'cus_01kdvdna00e02943za0tzq1qb0', 'charge', 1767225600, 1767225600, 'tok_01kdvdna00e4qr2m0fhs1yjnnb', 'sub_01kdvdna00e7y9bbq30b6sgn3g', 'paid/sub_01kdvdna00e7y9bbq30b6sgn3g/1767225600/', '\x7b22637573746f6d6572223a226375735f30316b6476646e6130306530323934337a6130747a7131716230222c22706f7374696e67223a7b226b696e64223a22636861726765222c226174223a313736373232353630302c227265636f726465645f6174223a313736373232353630302c22656e7472696573223a5b7b226163636f756e74223a2262616c616e6365222c22616d6f756e74223a2d31323030307d2c7b226163636f756e74223a22726576656e7565222c22616d6f756e74223a31323030307d5d2c22737562736372697074696f6e223a227375625f30316b6476646e613030653779396262713330623673676e3367222c22706572696f64223a313736373232353630307d7d', '\xbd03708cd7b0e92a4f5d92407c8ed66bb944170a8b639ededf3ed57879b5851f', '\xc5bb1a64153a3395a0d98f98588a835d1ccd9da3d3da8e8bd6078db77110a467');


--
-- Data for Name: products; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.products VALUES ('editor', '', '\x7b226964223a22656469746f72222c226e616d65223a22456469746f72227d', 1, 1767225600, NULL);


--
-- Data for Name: providers; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.providers VALUES ('prv_01kdvdna00f4es12wdq16m8z47', 'North', 0, 'EUR', NULL, NULL, NULL, '\x7b226964223a227072765f30316b6476646e61303066346573313277647131366d387a3437222c226e616d65223a224e6f727468222c2263757272656e6379223a22455552222c2273616e64626f78223a66616c73652c226272616e64223a7b226e616d65223a22222c226c6f676f223a22222c22636f6c6f72223a22222c22737570706f7274223a22222c2272656e65775f75726c223a22227d7d', 1, 1767225600, NULL);


--
-- Data for Name: recovery; Type: TABLE DATA; Schema: baseline; Owner: -
--



--
-- Data for Name: sessions; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.sessions VALUES ('\x5a017720960709f13bd2b6b11cb6d75e4d32d16c6fa47f0b6dc4c236d2e745d6', 'ses_01kdvdna00fzpabrg56bkpssnj', 'usr_01kdvdna00fmzt5kdsqt3s7e8c', 'mem_01kdvdna00evdr7rz98d815y3m', 'session', 1767225600, 1767268800, 1767225600, '127.0.0.1', NULL);


--
-- Data for Name: sites; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.sites VALUES ('site_01kdvdna00fr7byrdj3da4ve38', 'prv_01kdvdna00f4es12wdq16m8z47', 'cus_01kdvdna00e02943za0tzq1qb0', 'editor', 'sub_01kdvdna00e7y9bbq30b6sgn3g', NULL, 'kdx1TL3UjYKbyqo1vHbFYamB3_gBrhId7MWavbWfzRk', '\x7b226b7479223a224f4b50222c22637276223a2245643235353139222c2278223a22714b77455969785f6c3937387331646142755a55622d553370724b6e54577a363530614666735965317855227d', 'in_use', 1767225600, 'Site of Ana', '12.0', '\x7b227368617265223a2265794a7a6158526c496a6f6963326c305a5638774d57746b646d5275595441775a6e4933596e6c795a476f7a5a474530646d557a4f434973496e4e705a32356c5a4349364d544573496d686c624751694f6a45784c434a70626c3931633255694f6a4173496e6468626e526c5a4349364d437769643239795a463931626e5270624349364d5463324f5467784e7a59774d437769595764795a57566b496a706d5957787a5a5377696247566d644349365a6d467363325573496d3176646d566b496a6f7766513d3d222c22636f6465223a22636f645f30316b6476646e61303065637762613968363231333361667872227d', '\x313736373232353630302e322e3345785f556151625148357341534f4a414c47475441', 'req_5ca0986d009c1391e40656608461ef1d', '\x65794a68624763694f694a465a45525451534973496d74705a434936496d46756333646c636931685932597a4d444d344f474d334e3255694c434a30655841694f694a305a573531636d557463336c7559793168626e4e335a584972616e647a496e302e65794a756232356a5a534936496b7861516d4a44553364306430526f626a513359314e4b527a6b775155355a574731545755467465453170656d465a525656704d33424955566b694c434a795a5846315a584e3058334e6f595449314e694936496a4d77643263794e475531616d6f786255643653336433546d593156577471536931774d6a59325555524c52465657567a6c515a474e51566e63694c434a306157316c496a6f784e7a59334d6a49314e6a41774c434a7962323930496a6f784c434a306232746c62694936496a45334e6a63794d6a55324d4441754d69347a5258686656574652596c46494e584e425530394b515578485231524249697769626d56346446397a6557356a496a7037496d3576644639695a575a76636d55694f6a45334e6a63794d6a67344e444173496d3576644639685a6e526c636949364d5463324e7a49794f5455324d483073496e4a6c6333567364434936496e567559326868626d646c5a434a392e466b4154494341677649536c7a4f64704830674944574161614d41356d7862524b3566347937484e553878387636394a4331325a4b37594374345a565a41486268446571595a4c344e6d4a4d69744d62325756574341', 1, 1767225600, 2, 1, 1769817600, 0, 11, 0, '', 1767225600, 1767229560, NULL, 2, '', 'timer', '\x96ce695f9c409384a573696e6365ce6955b900a5756e74696cce6b36ec80a57068617365a6616374697665a3776879a47061696484a573696e6365ce6b36ec80a5756e74696cce6b496180a57068617365a56772616365a3776879ad7061796d656e745f656e64656484a573696e6365ce6b496180a5756e74696cc0a57068617365a5656e646564a3776879ad7061796d656e745f656e646564ce000151805acd016db26c656173652d366664653033396363646665', 'server', 0);


--
-- Data for Name: standings; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.standings VALUES ('sub_01kdvdna00e7y9bbq30b6sgn3g', 'prv_01kdvdna00f4es12wdq16m8z47', 'cus_01kdvdna00e02943za0tzq1qb0', 'editor', 'standard', 'limited', 10, 1767225600, 1798761600, 1799971200, NULL, NULL, NULL, 'MA847', '\x7b7d', 1767225600, 1798761600, 12000, 0, 0, NULL);


--
-- Data for Name: stays; Type: TABLE DATA; Schema: baseline; Owner: -
--



--
-- Data for Name: subscriptions; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.subscriptions VALUES ('sub_01kdvdna00e7y9bbq30b6sgn3g', 'prv_01kdvdna00f4es12wdq16m8z47', 'cus_01kdvdna00e02943za0tzq1qb0', 'editor', 0, 2, '\x5f77932033fb3b2167a906692ab7cf86e9443db97a9b828dd5fe47078a1b02c2', 1793577600, 1767225600);


--
-- Data for Name: throttles; Type: TABLE DATA; Schema: baseline; Owner: -
--



--
-- Data for Name: tokens; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.tokens VALUES ('\x43939b68135de8f249ffbd0350fdd679ae416fc30dbd1445dc62b75d277174a6', 'tok_01kdvdna00fn5rct2j199k0mye', NULL, NULL, 'vendor', 'catalog:read catalog:write providers:read providers:write customers:read customers:write subscriptions:read subscriptions:write money:read money:write payments:write policy:read policy:write sites:read tokens:write events:read messages:read messages:write metrics:read sandbox:write server:read server:write users:read users:write audit:read', 'first token', 1767225600, 2082585600, 1767225600, NULL);
INSERT INTO baseline.tokens VALUES ('\x33dd3310302c46e22c0ab89b8f2b8c2654ffe396f8a0ed2e031e41bd675e99ff', 'tok_01kdvdna00e4qr2m0fhs1yjnnb', 'prv_01kdvdna00f4es12wdq16m8z47', NULL, 'provider', 'catalog:read providers:read customers:read customers:write subscriptions:read subscriptions:write money:read money:write payments:write policy:read policy:write sites:read tokens:write events:read messages:read messages:write sandbox:write users:read users:write audit:read', 'desk', 1767225600, 2082585600, 1767225600, NULL);


--
-- Data for Name: trials; Type: TABLE DATA; Schema: baseline; Owner: -
--



--
-- Data for Name: users; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.users VALUES ('usr_01kdvdna00fmzt5kdsqt3s7e8c', 'user2@example.com', 'Ana', '$argon2id$v=19$m=64,t=1,p=1$OXPuhtdUPrdLhQ9yZdIM5A$UvQCFcEVKrkFWvILsyc7yRCajNHyisBGpCfp4mBLdHo', NULL, NULL, 0, 1767225600, 1767225600);


--
-- Data for Name: waiting_codes; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.waiting_codes VALUES ('sub_01kdvdna00e7y9bbq30b6sgn3g', 'prv_01kdvdna00f4es12wdq16m8z47', 'MA847', '\xf01547d39b60543f3b4ee3d06c0187d751df7d7b6a497d4521fbbeca1e482264bff33dd7eabad2d2cb95d1cd215c0c2307769f40ecc8f52cc313c8c038da754a537a373d3b00ece82333adb3ad844d0d3e48cf91b747d1d2cd1b6afa50d494', 0, 1767225600, 1768435200, NULL);


--
-- Data for Name: webhooks; Type: TABLE DATA; Schema: baseline; Owner: -
--



--
-- Name: alembic_version alembic_version_pkc; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);


--
-- Name: accounts pk_accounts; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.accounts
    ADD CONSTRAINT pk_accounts PRIMARY KEY (customer);


--
-- Name: announcements pk_announcements; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.announcements
    ADD CONSTRAINT pk_announcements PRIMARY KEY (subscription, kind, since);


--
-- Name: audit pk_audit; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.audit
    ADD CONSTRAINT pk_audit PRIMARY KEY (id);


--
-- Name: chains pk_chains; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.chains
    ADD CONSTRAINT pk_chains PRIMARY KEY (provider, topic);


--
-- Name: chronicle pk_chronicle; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.chronicle
    ADD CONSTRAINT pk_chronicle PRIMARY KEY (provider, topic, seq);


--
-- Name: codes pk_codes; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.codes
    ADD CONSTRAINT pk_codes PRIMARY KEY (digest);


--
-- Name: customers pk_customers; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.customers
    ADD CONSTRAINT pk_customers PRIMARY KEY (id);


--
-- Name: deliveries pk_deliveries; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.deliveries
    ADD CONSTRAINT pk_deliveries PRIMARY KEY (id);


--
-- Name: documents pk_documents; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.documents
    ADD CONSTRAINT pk_documents PRIMARY KEY (name, version);


--
-- Name: email_cursors pk_email_cursors; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.email_cursors
    ADD CONSTRAINT pk_email_cursors PRIMARY KEY (provider);


--
-- Name: emails pk_emails; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.emails
    ADD CONSTRAINT pk_emails PRIMARY KEY (id);


--
-- Name: entries pk_entries; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.entries
    ADD CONSTRAINT pk_entries PRIMARY KEY (provider, seq, account);


--
-- Name: facts pk_facts; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.facts
    ADD CONSTRAINT pk_facts PRIMARY KEY (subscription, seq);


--
-- Name: gateways pk_gateways; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.gateways
    ADD CONSTRAINT pk_gateways PRIMARY KEY (provider);


--
-- Name: idempotency pk_idempotency; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.idempotency
    ADD CONSTRAINT pk_idempotency PRIMARY KEY (scope, key);


--
-- Name: invitations pk_invitations; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.invitations
    ADD CONSTRAINT pk_invitations PRIMARY KEY (id);


--
-- Name: leases pk_leases; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.leases
    ADD CONSTRAINT pk_leases PRIMARY KEY (site, epoch, serial, slot);


--
-- Name: memberships pk_memberships; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.memberships
    ADD CONSTRAINT pk_memberships PRIMARY KEY (id);


--
-- Name: meta pk_meta; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.meta
    ADD CONSTRAINT pk_meta PRIMARY KEY (key);


--
-- Name: offers pk_offers; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.offers
    ADD CONSTRAINT pk_offers PRIMARY KEY (id);


--
-- Name: order_requests pk_order_requests; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.order_requests
    ADD CONSTRAINT pk_order_requests PRIMARY KEY (id);


--
-- Name: outbox pk_outbox; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.outbox
    ADD CONSTRAINT pk_outbox PRIMARY KEY (provider, seq);


--
-- Name: outbox_heads pk_outbox_heads; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.outbox_heads
    ADD CONSTRAINT pk_outbox_heads PRIMARY KEY (provider);


--
-- Name: payment_references pk_payment_references; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.payment_references
    ADD CONSTRAINT pk_payment_references PRIMARY KEY (provider, reference);


--
-- Name: payment_requests pk_payment_requests; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.payment_requests
    ADD CONSTRAINT pk_payment_requests PRIMARY KEY (id);


--
-- Name: places pk_places; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.places
    ADD CONSTRAINT pk_places PRIMARY KEY (site, subscription);


--
-- Name: plans pk_plans; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.plans
    ADD CONSTRAINT pk_plans PRIMARY KEY (id);


--
-- Name: policies pk_policies; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.policies
    ADD CONSTRAINT pk_policies PRIMARY KEY (provider, version);


--
-- Name: postings pk_postings; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.postings
    ADD CONSTRAINT pk_postings PRIMARY KEY (provider, seq);


--
-- Name: products pk_products; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.products
    ADD CONSTRAINT pk_products PRIMARY KEY (id);


--
-- Name: providers pk_providers; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.providers
    ADD CONSTRAINT pk_providers PRIMARY KEY (id);


--
-- Name: recovery pk_recovery; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.recovery
    ADD CONSTRAINT pk_recovery PRIMARY KEY ("user", digest);


--
-- Name: sessions pk_sessions; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.sessions
    ADD CONSTRAINT pk_sessions PRIMARY KEY (digest);


--
-- Name: sites pk_sites; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.sites
    ADD CONSTRAINT pk_sites PRIMARY KEY (id);


--
-- Name: standings pk_standings; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.standings
    ADD CONSTRAINT pk_standings PRIMARY KEY (subscription);


--
-- Name: stays pk_stays; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.stays
    ADD CONSTRAINT pk_stays PRIMARY KEY (subscription, site, came);


--
-- Name: subscriptions pk_subscriptions; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.subscriptions
    ADD CONSTRAINT pk_subscriptions PRIMARY KEY (id);


--
-- Name: throttles pk_throttles; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.throttles
    ADD CONSTRAINT pk_throttles PRIMARY KEY (key, began);


--
-- Name: tokens pk_tokens; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.tokens
    ADD CONSTRAINT pk_tokens PRIMARY KEY (digest);


--
-- Name: trials pk_trials; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.trials
    ADD CONSTRAINT pk_trials PRIMARY KEY (provider, customer, product);


--
-- Name: users pk_users; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.users
    ADD CONSTRAINT pk_users PRIMARY KEY (id);


--
-- Name: waiting_codes pk_waiting_codes; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.waiting_codes
    ADD CONSTRAINT pk_waiting_codes PRIMARY KEY (subscription);


--
-- Name: webhooks pk_webhooks; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.webhooks
    ADD CONSTRAINT pk_webhooks PRIMARY KEY (id);


--
-- Name: codes uq_codes_id; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.codes
    ADD CONSTRAINT uq_codes_id UNIQUE (id);


--
-- Name: customers uq_customers_provider_reference; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.customers
    ADD CONSTRAINT uq_customers_provider_reference UNIQUE (provider, reference);


--
-- Name: invitations uq_invitations_digest; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.invitations
    ADD CONSTRAINT uq_invitations_digest UNIQUE (digest);


--
-- Name: invitations uq_invitations_place_email; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.invitations
    ADD CONSTRAINT uq_invitations_place_email UNIQUE (place, email);


--
-- Name: memberships uq_memberships_user_place; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.memberships
    ADD CONSTRAINT uq_memberships_user_place UNIQUE ("user", place);


--
-- Name: payment_requests uq_payment_requests_provider_reference; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.payment_requests
    ADD CONSTRAINT uq_payment_requests_provider_reference UNIQUE (provider, reference);


--
-- Name: postings uq_postings_provider_once; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.postings
    ADD CONSTRAINT uq_postings_provider_once UNIQUE (provider, once);


--
-- Name: providers uq_providers_name; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.providers
    ADD CONSTRAINT uq_providers_name UNIQUE (name);


--
-- Name: sessions uq_sessions_id; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.sessions
    ADD CONSTRAINT uq_sessions_id UNIQUE (id);


--
-- Name: sites uq_sites_thumbprint_product; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.sites
    ADD CONSTRAINT uq_sites_thumbprint_product UNIQUE (thumbprint, product);


--
-- Name: tokens uq_tokens_id; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.tokens
    ADD CONSTRAINT uq_tokens_id UNIQUE (id);


--
-- Name: users uq_users_email; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.users
    ADD CONSTRAINT uq_users_email UNIQUE (email);


--
-- Name: ix_accounts_next_due; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_accounts_next_due ON baseline.accounts USING btree (next_due);


--
-- Name: ix_accounts_provider_customer; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_accounts_provider_customer ON baseline.accounts USING btree (provider, customer);


--
-- Name: ix_audit_at; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_audit_at ON baseline.audit USING btree (at);


--
-- Name: ix_audit_provider_seq; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_audit_provider_seq ON baseline.audit USING btree (provider, seq);


--
-- Name: ix_audit_seq; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_audit_seq ON baseline.audit USING btree (seq);


--
-- Name: ix_audit_who_what; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_audit_who_what ON baseline.audit USING btree (who, what);


--
-- Name: ix_codes_subscription; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_codes_subscription ON baseline.codes USING btree (subscription);


--
-- Name: ix_customers_by_name; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_customers_by_name ON baseline.customers USING btree (provider, lower(name), id);


--
-- Name: ix_customers_provider_id; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_customers_provider_id ON baseline.customers USING btree (provider, id);


--
-- Name: ix_deliveries_created; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_deliveries_created ON baseline.deliveries USING btree (created);


--
-- Name: ix_deliveries_due; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_deliveries_due ON baseline.deliveries USING btree (due);


--
-- Name: ix_deliveries_webhook_id; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_deliveries_webhook_id ON baseline.deliveries USING btree (webhook, id);


--
-- Name: ix_emails_due; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_emails_due ON baseline.emails USING btree (due);


--
-- Name: ix_emails_mailbox_created; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_emails_mailbox_created ON baseline.emails USING btree (mailbox, created);


--
-- Name: ix_emails_provider_created; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_emails_provider_created ON baseline.emails USING btree (provider, created);


--
-- Name: ix_emails_provider_id; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_emails_provider_id ON baseline.emails USING btree (provider, id);


--
-- Name: ix_entries_customer_account; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_entries_customer_account ON baseline.entries USING btree (customer, account);


--
-- Name: ix_idempotency_created; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_idempotency_created ON baseline.idempotency USING btree (created);


--
-- Name: ix_invitations_expires; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_invitations_expires ON baseline.invitations USING btree (expires);


--
-- Name: ix_invitations_mailed; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_invitations_mailed ON baseline.invitations USING btree (mailed);


--
-- Name: ix_leases_subscription; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_leases_subscription ON baseline.leases USING btree (subscription);


--
-- Name: ix_memberships_place_user; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_memberships_place_user ON baseline.memberships USING btree (place, "user");


--
-- Name: ix_offers_plan; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_offers_plan ON baseline.offers USING btree (plan);


--
-- Name: ix_offers_provider_id; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_offers_provider_id ON baseline.offers USING btree (provider, id);


--
-- Name: ix_order_requests_customer_id; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_order_requests_customer_id ON baseline.order_requests USING btree (customer, id);


--
-- Name: ix_order_requests_provider_id; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_order_requests_provider_id ON baseline.order_requests USING btree (provider, id);


--
-- Name: ix_payment_requests_customer_id; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_payment_requests_customer_id ON baseline.payment_requests USING btree (customer, id);


--
-- Name: ix_payment_requests_provider_id; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_payment_requests_provider_id ON baseline.payment_requests USING btree (provider, id);


--
-- Name: ix_places_subscription_until; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_places_subscription_until ON baseline.places USING btree (subscription, until);


--
-- Name: ix_plans_product; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_plans_product ON baseline.plans USING btree (product);


--
-- Name: ix_postings_customer_seq; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_postings_customer_seq ON baseline.postings USING btree (customer, seq);


--
-- Name: ix_sessions_expires; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_sessions_expires ON baseline.sessions USING btree (expires);


--
-- Name: ix_sessions_membership; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_sessions_membership ON baseline.sessions USING btree (membership);


--
-- Name: ix_sessions_user; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_sessions_user ON baseline.sessions USING btree ("user");


--
-- Name: ix_sites_ephemeral_id; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_sites_ephemeral_id ON baseline.sites USING btree (ephemeral, id);


--
-- Name: ix_sites_provider_id; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_sites_provider_id ON baseline.sites USING btree (provider, id);


--
-- Name: ix_sites_subscription; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_sites_subscription ON baseline.sites USING btree (subscription);


--
-- Name: ix_sites_successor; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_sites_successor ON baseline.sites USING btree (successor);


--
-- Name: ix_standings_due; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_standings_due ON baseline.standings USING btree (provider, due_at, ended_at, price);


--
-- Name: ix_standings_phases; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_standings_phases ON baseline.standings USING btree (provider, active_from, ended_at, paused_from, paused_until, paid_until);


--
-- Name: ix_standings_provider_customer_subscription; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_standings_provider_customer_subscription ON baseline.standings USING btree (provider, customer, subscription);


--
-- Name: ix_standings_provider_ended_at; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_standings_provider_ended_at ON baseline.standings USING btree (provider, ended_at);


--
-- Name: ix_standings_provider_failed_at; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_standings_provider_failed_at ON baseline.standings USING btree (provider, failed_at);


--
-- Name: ix_standings_provider_last_group; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_standings_provider_last_group ON baseline.standings USING btree (provider, last_group);


--
-- Name: ix_standings_provider_paid_until; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_standings_provider_paid_until ON baseline.standings USING btree (provider, paid_until);


--
-- Name: ix_standings_provider_subscription; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_standings_provider_subscription ON baseline.standings USING btree (provider, subscription);


--
-- Name: ix_standings_wanting; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_standings_wanting ON baseline.standings USING btree (provider, automatic, reserved, customer, due_at, ended_at, price);


--
-- Name: ix_stays_counted_until; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_stays_counted_until ON baseline.stays USING btree (counted, until);


--
-- Name: ix_subscriptions_customer_product; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_subscriptions_customer_product ON baseline.subscriptions USING btree (customer, product);


--
-- Name: ix_subscriptions_next_change; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_subscriptions_next_change ON baseline.subscriptions USING btree (next_change);


--
-- Name: ix_subscriptions_provider_id; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_subscriptions_provider_id ON baseline.subscriptions USING btree (provider, id);


--
-- Name: ix_throttles_began; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_throttles_began ON baseline.throttles USING btree (began);


--
-- Name: ix_tokens_provider_id; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_tokens_provider_id ON baseline.tokens USING btree (provider, id);


--
-- Name: ix_waiting_codes_until; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_waiting_codes_until ON baseline.waiting_codes USING btree (until);


--
-- Name: ix_webhooks_provider_id; Type: INDEX; Schema: baseline; Owner: -
--

CREATE INDEX ix_webhooks_provider_id ON baseline.webhooks USING btree (provider, id);


--
-- Name: accounts accounts_refuse_overdraft; Type: TRIGGER; Schema: baseline; Owner: -
--

CREATE TRIGGER accounts_refuse_overdraft BEFORE UPDATE OF balance ON baseline.accounts FOR EACH ROW WHEN ((new.balance < old.balance)) EXECUTE FUNCTION baseline.tenure_refuse_overdraft();


--
-- Name: accounts accounts_refuse_overdrawn; Type: TRIGGER; Schema: baseline; Owner: -
--

CREATE TRIGGER accounts_refuse_overdrawn BEFORE INSERT ON baseline.accounts FOR EACH ROW EXECUTE FUNCTION baseline.tenure_refuse_overdraft();


--
-- Name: chronicle chronicle_refuse_change; Type: TRIGGER; Schema: baseline; Owner: -
--

CREATE TRIGGER chronicle_refuse_change BEFORE DELETE OR UPDATE ON baseline.chronicle FOR EACH ROW EXECUTE FUNCTION baseline.tenure_refuse_change();


--
-- Name: chronicle chronicle_refuse_truncate; Type: TRIGGER; Schema: baseline; Owner: -
--

CREATE TRIGGER chronicle_refuse_truncate BEFORE TRUNCATE ON baseline.chronicle FOR EACH STATEMENT EXECUTE FUNCTION baseline.tenure_refuse_change();


--
-- Name: entries entries_refuse_change; Type: TRIGGER; Schema: baseline; Owner: -
--

CREATE TRIGGER entries_refuse_change BEFORE DELETE OR UPDATE ON baseline.entries FOR EACH ROW EXECUTE FUNCTION baseline.tenure_refuse_change();


--
-- Name: entries entries_refuse_truncate; Type: TRIGGER; Schema: baseline; Owner: -
--

CREATE TRIGGER entries_refuse_truncate BEFORE TRUNCATE ON baseline.entries FOR EACH STATEMENT EXECUTE FUNCTION baseline.tenure_refuse_change();


--
-- Name: facts facts_refuse_change; Type: TRIGGER; Schema: baseline; Owner: -
--

CREATE TRIGGER facts_refuse_change BEFORE DELETE OR UPDATE ON baseline.facts FOR EACH ROW EXECUTE FUNCTION baseline.tenure_refuse_change();


--
-- Name: facts facts_refuse_truncate; Type: TRIGGER; Schema: baseline; Owner: -
--

CREATE TRIGGER facts_refuse_truncate BEFORE TRUNCATE ON baseline.facts FOR EACH STATEMENT EXECUTE FUNCTION baseline.tenure_refuse_change();


--
-- Name: postings postings_refuse_change; Type: TRIGGER; Schema: baseline; Owner: -
--

CREATE TRIGGER postings_refuse_change BEFORE DELETE OR UPDATE ON baseline.postings FOR EACH ROW EXECUTE FUNCTION baseline.tenure_refuse_change();


--
-- Name: postings postings_refuse_truncate; Type: TRIGGER; Schema: baseline; Owner: -
--

CREATE TRIGGER postings_refuse_truncate BEFORE TRUNCATE ON baseline.postings FOR EACH STATEMENT EXECUTE FUNCTION baseline.tenure_refuse_change();


--
-- Name: accounts fk_accounts_customer; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.accounts
    ADD CONSTRAINT fk_accounts_customer FOREIGN KEY (customer) REFERENCES baseline.customers(id);


--
-- Name: accounts fk_accounts_provider; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.accounts
    ADD CONSTRAINT fk_accounts_provider FOREIGN KEY (provider) REFERENCES baseline.providers(id);


--
-- Name: announcements fk_announcements_subscription; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.announcements
    ADD CONSTRAINT fk_announcements_subscription FOREIGN KEY (subscription) REFERENCES baseline.subscriptions(id);


--
-- Name: audit fk_audit_customer; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.audit
    ADD CONSTRAINT fk_audit_customer FOREIGN KEY (customer) REFERENCES baseline.customers(id);


--
-- Name: audit fk_audit_provider; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.audit
    ADD CONSTRAINT fk_audit_provider FOREIGN KEY (provider) REFERENCES baseline.providers(id);


--
-- Name: codes fk_codes_subscription; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.codes
    ADD CONSTRAINT fk_codes_subscription FOREIGN KEY (subscription) REFERENCES baseline.subscriptions(id);


--
-- Name: customers fk_customers_provider; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.customers
    ADD CONSTRAINT fk_customers_provider FOREIGN KEY (provider) REFERENCES baseline.providers(id);


--
-- Name: deliveries fk_deliveries_provider; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.deliveries
    ADD CONSTRAINT fk_deliveries_provider FOREIGN KEY (provider) REFERENCES baseline.providers(id);


--
-- Name: deliveries fk_deliveries_webhook; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.deliveries
    ADD CONSTRAINT fk_deliveries_webhook FOREIGN KEY (webhook) REFERENCES baseline.webhooks(id);


--
-- Name: email_cursors fk_email_cursors_provider; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.email_cursors
    ADD CONSTRAINT fk_email_cursors_provider FOREIGN KEY (provider) REFERENCES baseline.providers(id);


--
-- Name: emails fk_emails_provider; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.emails
    ADD CONSTRAINT fk_emails_provider FOREIGN KEY (provider) REFERENCES baseline.providers(id);


--
-- Name: entries fk_entries_provider; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.entries
    ADD CONSTRAINT fk_entries_provider FOREIGN KEY (provider, seq) REFERENCES baseline.postings(provider, seq);


--
-- Name: facts fk_facts_subscription; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.facts
    ADD CONSTRAINT fk_facts_subscription FOREIGN KEY (subscription) REFERENCES baseline.subscriptions(id);


--
-- Name: gateways fk_gateways_provider; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.gateways
    ADD CONSTRAINT fk_gateways_provider FOREIGN KEY (provider) REFERENCES baseline.providers(id);


--
-- Name: invitations fk_invitations_customer; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.invitations
    ADD CONSTRAINT fk_invitations_customer FOREIGN KEY (customer) REFERENCES baseline.customers(id);


--
-- Name: invitations fk_invitations_provider; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.invitations
    ADD CONSTRAINT fk_invitations_provider FOREIGN KEY (provider) REFERENCES baseline.providers(id);


--
-- Name: leases fk_leases_site; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.leases
    ADD CONSTRAINT fk_leases_site FOREIGN KEY (site) REFERENCES baseline.sites(id);


--
-- Name: leases fk_leases_subscription; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.leases
    ADD CONSTRAINT fk_leases_subscription FOREIGN KEY (subscription) REFERENCES baseline.subscriptions(id);


--
-- Name: memberships fk_memberships_customer; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.memberships
    ADD CONSTRAINT fk_memberships_customer FOREIGN KEY (customer) REFERENCES baseline.customers(id);


--
-- Name: memberships fk_memberships_provider; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.memberships
    ADD CONSTRAINT fk_memberships_provider FOREIGN KEY (provider) REFERENCES baseline.providers(id);


--
-- Name: memberships fk_memberships_user; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.memberships
    ADD CONSTRAINT fk_memberships_user FOREIGN KEY ("user") REFERENCES baseline.users(id);


--
-- Name: offers fk_offers_plan; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.offers
    ADD CONSTRAINT fk_offers_plan FOREIGN KEY (plan) REFERENCES baseline.plans(id);


--
-- Name: offers fk_offers_provider; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.offers
    ADD CONSTRAINT fk_offers_provider FOREIGN KEY (provider) REFERENCES baseline.providers(id);


--
-- Name: order_requests fk_order_requests_customer; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.order_requests
    ADD CONSTRAINT fk_order_requests_customer FOREIGN KEY (customer) REFERENCES baseline.accounts(customer);


--
-- Name: order_requests fk_order_requests_offer; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.order_requests
    ADD CONSTRAINT fk_order_requests_offer FOREIGN KEY (offer) REFERENCES baseline.offers(id);


--
-- Name: order_requests fk_order_requests_provider; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.order_requests
    ADD CONSTRAINT fk_order_requests_provider FOREIGN KEY (provider) REFERENCES baseline.providers(id);


--
-- Name: order_requests fk_order_requests_subscription; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.order_requests
    ADD CONSTRAINT fk_order_requests_subscription FOREIGN KEY (subscription) REFERENCES baseline.subscriptions(id);


--
-- Name: outbox_heads fk_outbox_heads_provider; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.outbox_heads
    ADD CONSTRAINT fk_outbox_heads_provider FOREIGN KEY (provider) REFERENCES baseline.providers(id);


--
-- Name: outbox fk_outbox_provider; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.outbox
    ADD CONSTRAINT fk_outbox_provider FOREIGN KEY (provider) REFERENCES baseline.providers(id);


--
-- Name: outbox fk_outbox_subscription; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.outbox
    ADD CONSTRAINT fk_outbox_subscription FOREIGN KEY (subscription) REFERENCES baseline.subscriptions(id);


--
-- Name: payment_references fk_payment_references_provider; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.payment_references
    ADD CONSTRAINT fk_payment_references_provider FOREIGN KEY (provider) REFERENCES baseline.providers(id);


--
-- Name: payment_requests fk_payment_requests_customer; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.payment_requests
    ADD CONSTRAINT fk_payment_requests_customer FOREIGN KEY (customer) REFERENCES baseline.accounts(customer);


--
-- Name: payment_requests fk_payment_requests_provider; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.payment_requests
    ADD CONSTRAINT fk_payment_requests_provider FOREIGN KEY (provider) REFERENCES baseline.providers(id);


--
-- Name: payment_requests fk_payment_requests_subscription; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.payment_requests
    ADD CONSTRAINT fk_payment_requests_subscription FOREIGN KEY (subscription) REFERENCES baseline.subscriptions(id);


--
-- Name: places fk_places_provider; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.places
    ADD CONSTRAINT fk_places_provider FOREIGN KEY (provider) REFERENCES baseline.providers(id);


--
-- Name: places fk_places_site; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.places
    ADD CONSTRAINT fk_places_site FOREIGN KEY (site) REFERENCES baseline.sites(id);


--
-- Name: places fk_places_subscription; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.places
    ADD CONSTRAINT fk_places_subscription FOREIGN KEY (subscription) REFERENCES baseline.subscriptions(id);


--
-- Name: plans fk_plans_product; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.plans
    ADD CONSTRAINT fk_plans_product FOREIGN KEY (product) REFERENCES baseline.products(id);


--
-- Name: policies fk_policies_provider; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.policies
    ADD CONSTRAINT fk_policies_provider FOREIGN KEY (provider) REFERENCES baseline.providers(id);


--
-- Name: postings fk_postings_customer; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.postings
    ADD CONSTRAINT fk_postings_customer FOREIGN KEY (customer) REFERENCES baseline.accounts(customer);


--
-- Name: postings fk_postings_provider; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.postings
    ADD CONSTRAINT fk_postings_provider FOREIGN KEY (provider) REFERENCES baseline.providers(id);


--
-- Name: postings fk_postings_subscription; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.postings
    ADD CONSTRAINT fk_postings_subscription FOREIGN KEY (subscription) REFERENCES baseline.subscriptions(id);


--
-- Name: recovery fk_recovery_user; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.recovery
    ADD CONSTRAINT fk_recovery_user FOREIGN KEY ("user") REFERENCES baseline.users(id);


--
-- Name: sessions fk_sessions_membership; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.sessions
    ADD CONSTRAINT fk_sessions_membership FOREIGN KEY (membership) REFERENCES baseline.memberships(id);


--
-- Name: sessions fk_sessions_user; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.sessions
    ADD CONSTRAINT fk_sessions_user FOREIGN KEY ("user") REFERENCES baseline.users(id);


--
-- Name: sites fk_sites_customer; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.sites
    ADD CONSTRAINT fk_sites_customer FOREIGN KEY (customer) REFERENCES baseline.customers(id);


--
-- Name: sites fk_sites_product; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.sites
    ADD CONSTRAINT fk_sites_product FOREIGN KEY (product) REFERENCES baseline.products(id);


--
-- Name: sites fk_sites_provider; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.sites
    ADD CONSTRAINT fk_sites_provider FOREIGN KEY (provider) REFERENCES baseline.providers(id);


--
-- Name: sites fk_sites_subscription; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.sites
    ADD CONSTRAINT fk_sites_subscription FOREIGN KEY (subscription) REFERENCES baseline.subscriptions(id);


--
-- Name: sites fk_sites_successor; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.sites
    ADD CONSTRAINT fk_sites_successor FOREIGN KEY (successor) REFERENCES baseline.subscriptions(id);


--
-- Name: standings fk_standings_subscription; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.standings
    ADD CONSTRAINT fk_standings_subscription FOREIGN KEY (subscription) REFERENCES baseline.subscriptions(id);


--
-- Name: stays fk_stays_provider; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.stays
    ADD CONSTRAINT fk_stays_provider FOREIGN KEY (provider) REFERENCES baseline.providers(id);


--
-- Name: stays fk_stays_subscription; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.stays
    ADD CONSTRAINT fk_stays_subscription FOREIGN KEY (subscription) REFERENCES baseline.subscriptions(id);


--
-- Name: subscriptions fk_subscriptions_customer; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.subscriptions
    ADD CONSTRAINT fk_subscriptions_customer FOREIGN KEY (customer) REFERENCES baseline.customers(id);


--
-- Name: subscriptions fk_subscriptions_product; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.subscriptions
    ADD CONSTRAINT fk_subscriptions_product FOREIGN KEY (product) REFERENCES baseline.products(id);


--
-- Name: subscriptions fk_subscriptions_provider; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.subscriptions
    ADD CONSTRAINT fk_subscriptions_provider FOREIGN KEY (provider) REFERENCES baseline.providers(id);


--
-- Name: tokens fk_tokens_customer; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.tokens
    ADD CONSTRAINT fk_tokens_customer FOREIGN KEY (customer) REFERENCES baseline.customers(id);


--
-- Name: tokens fk_tokens_provider; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.tokens
    ADD CONSTRAINT fk_tokens_provider FOREIGN KEY (provider) REFERENCES baseline.providers(id);


--
-- Name: trials fk_trials_customer; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.trials
    ADD CONSTRAINT fk_trials_customer FOREIGN KEY (customer) REFERENCES baseline.customers(id);


--
-- Name: trials fk_trials_product; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.trials
    ADD CONSTRAINT fk_trials_product FOREIGN KEY (product) REFERENCES baseline.products(id);


--
-- Name: trials fk_trials_provider; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.trials
    ADD CONSTRAINT fk_trials_provider FOREIGN KEY (provider) REFERENCES baseline.providers(id);


--
-- Name: waiting_codes fk_waiting_codes_subscription; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.waiting_codes
    ADD CONSTRAINT fk_waiting_codes_subscription FOREIGN KEY (subscription) REFERENCES baseline.subscriptions(id);


--
-- Name: webhooks fk_webhooks_provider; Type: FK CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.webhooks
    ADD CONSTRAINT fk_webhooks_provider FOREIGN KEY (provider) REFERENCES baseline.providers(id);


--
-- PostgreSQL database dump complete
--


