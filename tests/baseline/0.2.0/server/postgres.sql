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
-- Name: provider_links; Type: TABLE; Schema: baseline; Owner: -
--

CREATE TABLE baseline.provider_links (
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

INSERT INTO baseline.accounts VALUES ('cus_01kdvdna00emqtkp4jm30y8hvf', 'prv_01kdvdna00ez3bawryavp1e18m', 'EUR', 0, 988000, 0, 1767225600, NULL, 3);


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

INSERT INTO baseline.audit VALUES ('aud_01kdvdna00ey1v88221dr6p8hg', 1, NULL, NULL, 1767225600, 'setup', '', '', '', 'token_made', '');
INSERT INTO baseline.audit VALUES ('aud_01kdvdna00ex8bf6a2sexddpz0', 2, 'prv_01kdvdna00ez3bawryavp1e18m', NULL, 1767225600, 'tok_01kdvdna00f3992e77nwytj9j9', 'first token', 'vendor', '127.0.0.1', 'provider_created', 'prv_01kdvdna00ez3bawryavp1e18m: North');
INSERT INTO baseline.audit VALUES ('aud_01kdvdna00eqstnt6036f8e3m6', 3, 'prv_01kdvdna00ez3bawryavp1e18m', NULL, 1767225600, 'tok_01kdvdna00f3992e77nwytj9j9', 'first token', 'vendor', '127.0.0.1', 'token_made', 'tok_01kdvdna00ezvthcd3svtnmv2a: desk');
INSERT INTO baseline.audit VALUES ('aud_01kdvdna00f8292r763dekkx8f', 4, 'prv_01kdvdna00ez3bawryavp1e18m', NULL, 1767225600, 'tok_01kdvdna00ezvthcd3svtnmv2a', 'desk', 'provider', '127.0.0.1', 'customer_created', 'cus_01kdvdna00emqtkp4jm30y8hvf: ACME');
INSERT INTO baseline.audit VALUES ('aud_01kdvdna00fc9bv8k29pwy9fjn', 5, 'prv_01kdvdna00ez3bawryavp1e18m', NULL, 1767225600, 'tok_01kdvdna00ezvthcd3svtnmv2a', 'desk', 'provider', '127.0.0.1', 'invited', 'user2@example.com: owner');
INSERT INTO baseline.audit VALUES ('aud_01kdvdna00f94az57mmkbcda7t', 6, 'prv_01kdvdna00ez3bawryavp1e18m', NULL, 1767225600, 'usr_01kdvdna00eef9a5spjkxmf267', 'user2@example.com', 'provider', '127.0.0.1', 'joined', 'owner, asked by desk');
INSERT INTO baseline.audit VALUES ('aud_01kdvdna00e1ptcnhn3myqr54y', 7, 'prv_01kdvdna00ez3bawryavp1e18m', NULL, 1767225600, 'usr_01kdvdna00eef9a5spjkxmf267', 'user2@example.com', 'provider', '127.0.0.1', 'account_made', '');
INSERT INTO baseline.audit VALUES ('aud_01kdvdna00f5jvjhermkas826c', 8, 'prv_01kdvdna00ez3bawryavp1e18m', NULL, 1767225600, 'usr_01kdvdna00eef9a5spjkxmf267', 'user2@example.com', 'provider', '127.0.0.1', 'signed_in', 'password');


--
-- Data for Name: chains; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.chains VALUES ('', 'records', 1, '\xdd85f794c51d45cd8b15a7563f2868657b1091a5044b24a6e9918c6114064d53');
INSERT INTO baseline.chains VALUES ('', 'catalog', 8, '\xf938ced56fa4b349cb2dff2a8ddceefe003859b2ad08c027ae844f08756f3021');
INSERT INTO baseline.chains VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 'catalog', 5, '\x6ba824ab39e5a9f890c25510197f43764685b7f3698bf769826fba05297ff68d');
INSERT INTO baseline.chains VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 'records', 7, '\x24116046c1a88bb0024fd35b36390c7aeb4f39e18de6b8333532e556c07c63dc');
INSERT INTO baseline.chains VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 'ledger', 2, '\xb3a7bfdf863437493246ce4588bec39237bb872f4ade6176f1f885ac0fe2d80d');


--
-- Data for Name: codes; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.codes VALUES ('\xe61e089923e6c1670eccfb04b226e0405f099a3bf36dcc0ca2e61fdef6a9ad75', 'cod_01kdvdna00e0gawdmaz6d5ja4q', 'prv_01kdvdna00ez3bawryavp1e18m', 'sub_01kdvdna00ephbnjja4vcrncf2', 'HX73A', 'good', 1767225600);


--
-- Data for Name: customers; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.customers VALUES ('cus_01kdvdna00emqtkp4jm30y8hvf', 'prv_01kdvdna00ez3bawryavp1e18m', 'ACME', NULL, '\x7b226964223a226375735f30316b6476646e613030656d71746b70346a6d33307938687666222c2270726f7669646572223a227072765f30316b6476646e613030657a336261777279617670316531386d222c226e616d65223a2241434d45222c227265666572656e6365223a22222c22656d61696c223a22227d', 1, 1767225600, NULL);


--
-- Data for Name: deliveries; Type: TABLE DATA; Schema: baseline; Owner: -
--



--
-- Data for Name: documents; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.documents VALUES ('root', 1, '\x65794a68624763694f694a465a45525451534973496d74705a434936496e4a76623351744d534973496e523563434936496e526c626e56795a533179623239304b32703363794a392e65794a705a434936496e4a7662335174596d467a5a577870626d55694c434a325a584a7a61573975496a6f784c434a7063334e315a5751694f6a45334e6a63794d6a55324d444173496d563463476c795a584d694f6a45344d4445304e4441774d444173496e526f636d567a614739735a4349364d537769636d3976644639725a586c7a496a706265794a72615751694f694a79623239304c5445694c434a34496a6f69616a6379553152354f584e49635735794f474a43576b6b795331567265553133576e6731524856584e6c4a3459565670566b6c694c544a6b54534a395853776961325635637949365733736961326c6b496a6f6962475668633255744e544d335a47497a595449344d6d4e684969776965434936496c5578545556664f455a464d5442735347354a62456830546e426e627a6832616a5a525356704a4d554669626a4e5263457835656b464b624773694c434a7764584a7762334e6c496a6f6962475668633255694c434a77636d396b64574e306379493657794971496c3073496d35695a6949364d5463324e7a457a4f5449774d437769626d466d496a6f784f444d774e4463774e4441774c434a736232356e5a584e30496a6f784d444d324f4441774d4377696348566962476c7a6147566b496a6f7766537837496d74705a434936496d46756333646c636930774f546b32597a526c4d545a6b5a6a45694c434a34496a6f69536b4a784d6a517859564d744e6b59784d55773258336c794d57387861584a46623038316431564262564a4358324a754d586c436346523651534973496e4231636e4276633255694f694a68626e4e335a5849694c434a77636d396b64574e306379493657794971496c3073496d35695a6949364d5463324e7a457a4f5449774d437769626d466d496a6f784f444d774e4463774e4441774c434a736232356e5a584e30496a6f784d444d324f4441774d4377696348566962476c7a6147566b496a6f7766537837496d74705a434936496d357664476c6a5a5330784e44526b4e5455345932497a4d7a55694c434a34496a6f695769314f5657646b656c5a56576b52354e586c305a55687757575266516a6c7861464e5a5745747253554e794f4570424d6e52514e544a584e434973496e4231636e4276633255694f694a7562335270593255694c434a77636d396b64574e306379493657794971496c3073496d35695a6949364d5463324e7a457a4f5449774d437769626d466d496a6f784f444d774e4463774e4441774c434a736232356e5a584e30496a6f784d444d324f4441774d4377696348566962476c7a6147566b496a6f7766537837496d74705a434936496d4e6f5a574e7263473970626e51744e7a63314d4745314e7a4d794d5751774969776965434936496c5635644746545331557a6146467759305a59656b704e516e42735355566d516b5a35543146506432744254315a725631686f4d556c33554441694c434a7764584a7762334e6c496a6f695932686c5932747762326c7564434973496e4279623252315933527a496a706249696f6958537769626d4a6d496a6f784e7a59334d544d354d6a41774c434a75595759694f6a45344d7a41304e7a41304d444173496d7876626d646c633351694f6a45774d7a59344d4441774c434a7764574a7361584e6f5a5751694f6a42394c48736961326c6b496a6f696432566961473976617931695a574d35595455345a5445314d444d694c434a34496a6f69557a424d536c4e59516e4a4b4e6a4d35555646324c5764355557567762484e36526b5a5553456c45566d4e525a546c4b624863356446394354534973496e4231636e4276633255694f694a335a574a6f623239724969776963484a765a48566a64484d694f6c73694b694a644c434a75596d59694f6a45334e6a63784d7a6b794d444173496d35685a6949364d54677a4d4451334d4451774d437769624739755a32567a644349364d54417a4e6a67774d444173496e4231596d78706332686c5a4349364d48316466512e456951724f3756555f5932586d3966776e65574a434931557361616b6a454447557655735650484774344d7a7835454d73717a5848684f50346f494a51546e2d5345517970736d7041665156356f326d504a57624177', 1767225600);
INSERT INTO baseline.documents VALUES ('sandbox-root', 1, '\x65794a68624763694f694a465a45525451534973496d74705a434936496e4a76623351744d534973496e523563434936496e526c626e56795a533179623239304b32703363794a392e65794a705a434936496e4a7662335174596d467a5a577870626d5574633246755a474a7665434973496e5a6c636e4e70623234694f6a4573496d6c7a6333566c5a4349364d5463324e7a49794e5459774d4377695a58687761584a6c637949364d6a557a4e4441794d7a41774e7a6b354c434a3061484a6c63326876624751694f6a4573496e4a766233526661325635637949365733736961326c6b496a6f69636d3976644330784969776965434936496d6f334d6c4e5565546c7a53484675636a6869516c704a4d6b745661336c4e643170344e555231567a5a536547465661565a4a596930795a45306966563073496d746c65584d694f6c7437496d74705a434936496e4e68626d5269623367745a6a4d774d6a67344e6d4a695a6a55314969776965434936496d4e336248643654476873513256705a5756715a6c5a74547a52786456567a5a30467a4e6d67315932786b596c4a695a555a586230383557456b694c434a7764584a7762334e6c496a6f69633246755a474a7665434973496e4279623252315933527a496a706249696f6958537769626d4a6d496a6f774c434a75595759694f6a49314d7a51774d6a4d774d4463354f537769624739755a32567a644349364d54417a4e6a67774d444173496e4231596d78706332686c5a4349364d48316466512e664367704e5972706d7933644664786d677a54687973552d767a312d6175354145425850784b6573597966576a425670396e42793444677a396751677a563449484d7a6a4d786e764d3569446e6778444f4a344d4267', 1767225600);


--
-- Data for Name: email_cursors; Type: TABLE DATA; Schema: baseline; Owner: -
--



--
-- Data for Name: emails; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.emails VALUES ('eml_01kdvdna00eq1smsv0xmzjqj2p', 'prv_01kdvdna00ez3bawryavp1e18m', 'user2@example.com', 'invitation', '\x73f9308640a751341e760409bd7ae06a61d0138aea7a299ea5d2b4f7153b14c8c30e7439a44c03f9f7a852f5d00b6f1f5de82f5407ce81b6c361a2a9dc422a0e00fb6654c4fa67cc108c611bb9e24b3b283f0c2b9a0bd099edfbbf77b9c2cbdfa18307fb4ad51a006a842bbdb819d86909504f2999418a5ae09c697924aa7e36f1402c06efe60e5c572eb5efad9caeb77dadd0624697b75f95856c020be4214e2a3f28d10d8014566668b47740d58af75773e083245de26a8351c6cf6f4c78fc1cd5d17e5363980fe7d19a2f47ed47d0982fbb5e9414ae3c36519656b9deac59de16b0025001446100a9d5bc9a984c48bf27b0cab3adbc8c1d41cb5efd9e9618d482d6e9123a2364c302f9b949c56acced895ce8c10525bf80df5507eef82f2e323d0ba5050c7a80fff458d52f3e66eadf7b5b500f3e7f75d524a616294240b646575eefa48345f259a5f5bbbe892450e634daad0df35bdcac683b8ba9d44a79a5691c710c50', 1767225600, 1767225600, 0, NULL, '', 'user2@example.com');


--
-- Data for Name: entries; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.entries VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 1, 'clearing', 'cus_01kdvdna00emqtkp4jm30y8hvf', -1000000);
INSERT INTO baseline.entries VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 1, 'balance', 'cus_01kdvdna00emqtkp4jm30y8hvf', 1000000);
INSERT INTO baseline.entries VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 2, 'balance', 'cus_01kdvdna00emqtkp4jm30y8hvf', -12000);
INSERT INTO baseline.entries VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 2, 'revenue', 'cus_01kdvdna00emqtkp4jm30y8hvf', 12000);


--
-- Data for Name: facts; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.facts VALUES ('sub_01kdvdna00ephbnjja4vcrncf2', 1, 'prv_01kdvdna00ez3bawryavp1e18m', 'Ordered', 1767225600, 1767225600, 'tok_01kdvdna00ezvthcd3svtnmv2a', '\x7b2266616374223a224f726465726564222c226174223a313736373232353630302c227265636f726465645f6174223a313736373232353630302c226279223a22746f6b5f30316b6476646e613030657a7674686364337376746e6d763261222c22737562736372697074696f6e223a227375625f30316b6476646e613030657068626e6a6a61347663726e636632222c2270726f7669646572223a227072765f30316b6476646e613030657a336261777279617670316531386d222c22637573746f6d6572223a226375735f30316b6476646e613030656d71746b70346a6d33307938687666222c227465726d73223a7b2270726f64756374223a22656469746f72222c22706c616e223a227374616e64617264222c226b696e64223a226c696d69746564222c22706572696f64223a7b226d6f6e746873223a31322c2264617973223a307d2c2264657669636573223a31302c226665617475726573223a5b2265646974222c226578706f7274225d2c22626173655f6665617475726573223a5b2272656164225d2c226d696e5f76657273696f6e223a2231302e30222c226d696e5f64657669636573223a312c226d61785f64657669636573223a313030303030302c226d61785f7369746573223a352c227374617274223a2261745f6f72646572222c22736574746c656d656e74223a2270726570616964222c2263757272656e6379223a22455552222c2262616e6473223a5b7b2275705f746f223a6e756c6c2c22756e6974223a313230307d5d7d2c2272756c6573223a7b2267726163655f64617973223a31342c2263616e63656c5f67726163655f64617973223a302c22747269616c5f67726163655f64617973223a302c2272656e65775f77696e646f775f64617973223a39302c227265696e73746174655f64617973223a3336352c22726573756d655f64617973223a33302c226c6174655f72656e6577616c223a226368617267655f6772616365222c22726566756e64223a226e6f6e65222c2273746f705f636c6f636b223a66616c73652c22746f6c6572616e63655f70657263656e74223a31302c22736561745f636f6e666c6963745f64617973223a33302c2269646c655f72656c656173655f64617973223a36302c22626c6f636b5f67726163655f64617973223a382c2272656d696e64657273223a5b36302c33302c31342c372c332c312c305d2c2273796e635f696e74657276616c223a38363430302c226c656173655f64617973223a33302c2261667465725f656e645f73796e635f64617973223a39302c226169725f6761705f6c656173655f64617973223a39302c22657068656d6572616c5f686f757273223a32347d2c22636f6465223a7b226964223a22636f645f30316b6476646e6130306530676177646d617a3664356a613471222c226c6173745f67726f7570223a224858373341222c22646967657374223a2265363165303839393233653663313637306563636662303462323236653034303566303939613362663336646363306361326536316664656636613961643735227d2c22696e74656e74223a226d616e75616c222c227072696365223a31323030302c22706572696f64223a7b2273696e6365223a313736373232353630302c22756e74696c223a313739383736313630302c2264657669636573223a31302c227072696365223a31323030302c2272756c6573223a7b2267726163655f64617973223a31342c2263616e63656c5f67726163655f64617973223a302c22747269616c5f67726163655f64617973223a302c2272656e65775f77696e646f775f64617973223a39302c227265696e73746174655f64617973223a3336352c22726573756d655f64617973223a33302c226c6174655f72656e6577616c223a226368617267655f6772616365222c22726566756e64223a226e6f6e65222c2273746f705f636c6f636b223a66616c73652c22746f6c6572616e63655f70657263656e74223a31302c22736561745f636f6e666c6963745f64617973223a33302c2269646c655f72656c656173655f64617973223a36302c22626c6f636b5f67726163655f64617973223a382c2272656d696e64657273223a5b36302c33302c31342c372c332c312c305d2c2273796e635f696e74657276616c223a38363430302c226c656173655f64617973223a33302c2261667465725f656e645f73796e635f64617973223a39302c226169725f6761705f6c656173655f64617973223a39302c22657068656d6572616c5f686f757273223a32347d2c226d696e5f76657273696f6e223a2231302e30222c22747269616c223a66616c73652c22726169736573223a5b5d2c226461795f707269636573223a5b7b226c656674223a3336352c22746f74616c223a31323030302c2264617973223a3336357d5d2c226c656e677468223a7b226d6f6e746873223a31322c2264617973223a307d2c2277686f6c65223a3336352c22776169766564223a307d2c2261637469766174655f6279223a313739383736313630307d', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x356a343a34595bdbc98e5a20e33108f7faf9c0293ec2923a72c541d8d4eb83f1');
INSERT INTO baseline.facts VALUES ('sub_01kdvdna00ephbnjja4vcrncf2', 2, 'prv_01kdvdna00ez3bawryavp1e18m', 'SiteActivated', 1767225600, 1767225600, 'site_01kdvdna00et4arjt4ear1wtah', '\x7b2266616374223a2253697465416374697661746564222c226174223a313736373232353630302c227265636f726465645f6174223a313736373232353630302c226279223a22736974655f30316b6476646e61303065743461726a74346561723177746168222c2273697465223a22736974655f30316b6476646e61303065743461726a74346561723177746168222c226b6579223a2278304e416b516c5254422d48376d736b73786a636569707844376d67584937674933576f32735535452d77222c22636f6465223a22636f645f30316b6476646e6130306530676177646d617a3664356a613471222c226e616d65223a2253697465206f6620416e61222c2276657273696f6e223a2231322e30222c22666c6f6f72223a2231302e30222c22616c6c6f746d656e74223a31317d', '\x356a343a34595bdbc98e5a20e33108f7faf9c0293ec2923a72c541d8d4eb83f1', '\x4953d937b06f3bdd451301055311c7826645e33d1c5ca4f9cdaca70e2eac78b7');


--
-- Data for Name: gateways; Type: TABLE DATA; Schema: baseline; Owner: -
--



--
-- Data for Name: idempotency; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00f3992e77nwytj9j9 POST /v1/products', 'key-139878698218064-1', '\x23158c4b9a7eb3087353e6c41f226186a8698845f5d08926fafed1717faa92ae', 'done', 0, '\x84a6737461747573ccc9a4626f6479c4407b226964223a22656469746f72222c226e616d65223a22456469746f72222c2263726561746564223a22323032362d30312d30315430303a30303a30305a227daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00f3992e77nwytj9j9 POST /v1/plans', 'key-139878698218064-2', '\x1269cd53c77c11c16ec4f461ebd19787bff014316fe52c4be2568ec3c6a0b4e6', 'done', 0, '\x84a6737461747573ccc9a4626f6479c501537b226964223a227374616e64617264222c2270726f64756374223a22656469746f72222c226e616d65223a225374616e64617264222c226b696e64223a226c696d69746564222c22706572696f64223a22503159222c226665617475726573223a5b2265646974222c226578706f7274225d2c22626173655f6665617475726573223a5b2272656164225d2c226d696e5f76657273696f6e223a2231302e30222c226d696e5f64657669636573223a312c226d61785f64657669636573223a313030303030302c226d61785f7369746573223a352c227374617274223a2261745f6f72646572222c22747269616c223a6e756c6c2c22666c6f6f7273223a5b7b2273696e6365223a22323032362d30312d30315430303a30303a30305a222c2276657273696f6e223a2231302e30227d5d2c2263726561746564223a22323032362d30312d30315430303a30303a30305a227daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00f3992e77nwytj9j9 POST /v1/plans', 'key-139878698218064-3', '\x4a4260b8ebcc4ff6318e39091e7108520313495695dea5aa3bdccfc3eade02d5', 'done', 0, '\x84a6737461747573ccc9a4626f6479c501537b226964223a226d6f6e74686c79222c2270726f64756374223a22656469746f72222c226e616d65223a224d6f6e74686c79222c226b696e64223a22756e6c696d69746564222c22706572696f64223a2250314d222c226665617475726573223a5b2265646974222c226578706f7274225d2c22626173655f6665617475726573223a5b2272656164225d2c226d696e5f76657273696f6e223a2231302e30222c226d696e5f64657669636573223a312c226d61785f64657669636573223a313030303030302c226d61785f7369746573223a352c227374617274223a2261745f6f72646572222c22747269616c223a6e756c6c2c22666c6f6f7273223a5b7b2273696e6365223a22323032362d30312d30315430303a30303a30305a222c2276657273696f6e223a2231302e30227d5d2c2263726561746564223a22323032362d30312d30315430303a30303a30305a227daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00f3992e77nwytj9j9 POST /v1/plans', 'key-139878698218064-4', '\xdd924ff59369b92858019cfd97ce525098c281db9a80282efe73e5b48d16c7dd', 'done', 0, '\x84a6737461747573ccc9a4626f6479c501587b226964223a226c61746572222c2270726f64756374223a22656469746f72222c226e616d65223a224c61746572222c226b696e64223a226c696d69746564222c22706572696f64223a22503159222c226665617475726573223a5b2265646974222c226578706f7274225d2c22626173655f6665617475726573223a5b2272656164225d2c226d696e5f76657273696f6e223a2231302e30222c226d696e5f64657669636573223a312c226d61785f64657669636573223a313030303030302c226d61785f7369746573223a352c227374617274223a2261745f66697273745f61637469766174696f6e222c22747269616c223a6e756c6c2c22666c6f6f7273223a5b7b2273696e6365223a22323032362d30312d30315430303a30303a30305a222c2276657273696f6e223a2231302e30227d5d2c2263726561746564223a22323032362d30312d30315430303a30303a30305a227daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00f3992e77nwytj9j9 POST /v1/plans', 'key-139878698218064-5', '\xf0c678c45fe65269c36a69f4255d49a6538a17b19cce92c1fd8d62c9d7436efa', 'done', 0, '\x84a6737461747573ccc9a4626f6479c501587b226964223a226272696566222c2270726f64756374223a22656469746f72222c226e616d65223a224272696566222c226b696e64223a226c696d69746564222c22706572696f64223a2250314d222c226665617475726573223a5b2265646974222c226578706f7274225d2c22626173655f6665617475726573223a5b2272656164225d2c226d696e5f76657273696f6e223a2231302e30222c226d696e5f64657669636573223a312c226d61785f64657669636573223a313030303030302c226d61785f7369746573223a352c227374617274223a2261745f66697273745f61637469766174696f6e222c22747269616c223a6e756c6c2c22666c6f6f7273223a5b7b2273696e6365223a22323032362d30312d30315430303a30303a30305a222c2276657273696f6e223a2231302e30227d5d2c2263726561746564223a22323032362d30312d30315430303a30303a30305a227daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00f3992e77nwytj9j9 POST /v1/plans', 'key-139878698218064-6', '\xc61975753327fb75563da0f7bf31e7624aef8dc13f1bef745b9239df88419ab7', 'done', 0, '\x84a6737461747573ccc9a4626f6479c5014b7b226964223a226e657874222c2270726f64756374223a22656469746f72222c226e616d65223a224e657874222c226b696e64223a226c696d69746564222c22706572696f64223a22503159222c226665617475726573223a5b2265646974222c226578706f7274225d2c22626173655f6665617475726573223a5b2272656164225d2c226d696e5f76657273696f6e223a2231332e30222c226d696e5f64657669636573223a312c226d61785f64657669636573223a313030303030302c226d61785f7369746573223a352c227374617274223a2261745f6f72646572222c22747269616c223a6e756c6c2c22666c6f6f7273223a5b7b2273696e6365223a22323032362d30312d30315430303a30303a30305a222c2276657273696f6e223a2231332e30227d5d2c2263726561746564223a22323032362d30312d30315430303a30303a30305a227daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00f3992e77nwytj9j9 POST /v1/providers', 'key-139878698218064-7', '\xd2c93530e627bc796f381960d104db2c0f0f991ddef96c60c2e96f2d5dfa3610', 'done', 0, '\x84a6737461747573ccc9a4626f6479c4da7b226964223a227072765f30316b6476646e613030657a336261777279617670316531386d222c226e616d65223a224e6f727468222c2263757272656e6379223a22455552222c2273616e64626f78223a66616c73652c226272616e64223a7b226e616d65223a22222c226c6f676f223a22222c22636f6c6f72223a22222c22737570706f7274223a22222c2272656e65775f75726c223a22227d2c226e6f77223a22323032362d30312d30315430303a30303a30305a222c2263726561746564223a22323032362d30312d30315430303a30303a30305a227daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00f3992e77nwytj9j9 POST /v1/tokens', 'key-139878698218064-8', '\x20b4b9bcf237661c2c8f06dfe35146ebba0e6911cf2ecccb5780f22548df1fec', 'done', 1, '\x663d7d9aa51653d5b0244975b1eb715c3554a4830fbb7a52b6cb9dccecde8f8e499dcb2d77f994fbf2723d97b5f2f665b278afe91a76597100e7bc653ecf99e300fa82fd6c4133b6c515fd3a05f8f551e11ed15eab178fdec59df45facb12185fb8fdca4023e7e62721dee446733bf9fe8350ea8daa344388f2ec944e524ef30c43141a86626fd072031cdb0faf629662803d17fd109a1d678d1f57f3880ec54399944ed811c2c34b48bf4d9d759a06a976d6e5a10f76ca76d5e7c8f22e60bdedbfc8d96e4a5db2578defed6225958a633848bbfe3346fa9a20f7afe817e493d14f61eb4e35252d0c7b9e8fefe0f2202e14ae1313328a36027a8266b5fa238b47530cf25c9eaeb3f763773a7fa3d26d9805dfb35a34c354535b59dfcc64a0afba8fb1d1cbf561564a10f81cd3622f56b9b4a1af18c5d9d3407d623e662740818f9aab3ec8401d46295fe1cffb489499f69cac845ee4c682c1961ecb8d5f1ca5437b7006e87f015996ee717a57d075faf247ad920e62657ed79aed8c8f47333194e8b97fbbcf98f9272d9b14ff793fa2331a071def9d444f403b91604d00cd5b2912bf0788d1e322e526b7394c13ea919552e70ad2df0b878816aee10510321c2bc4a09f7ae6cf8804d08777e70b41d81a8372e3a1554dee90da85e07c165693b72f69067dc5ab1fe4f0179f19953f31d535b295e2fed2775d9c61411f0c8bef93bdf7b21657beabe40dbef860fd90970fc5dfee3a8b471adeb7d491647838a5509cffcfe78e57201b1f3633c02f9b1b55b8154dafb1a7a6dc9ccac5c3ba4934d691987bd6fa87bcaae5537776e313399a2c938284b4b6ec1294119d7d0106827567ce4e86ea227c2bfd8d05b78eb3617c7adf2e7a1cfc40e1878868b71c7f04f179c4736d84a9c210cb7edce3b64a0bef8f01e02ecf2f7ef9eb09dab5f9c841126823b3d333bcc07725190a2df57f143', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00ezvthcd3svtnmv2a POST /v1/offers', 'key-139878698214096-1', '\x9addebcdb6aca8e7157b4968176d668ee805988071f6ffb6843da758c0c9eac4', 'done', 0, '\x84a6737461747573ccc9a4626f6479c4b77b226964223a226f66665f30316b6476646e613030666d79736331346a33657a3535336b31222c22706c616e223a227374616e64617264222c226e616d65223a22222c2263757272656e6379223a22455552222c2262616e6473223a5b7b2275705f746f223a6e756c6c2c22756e6974223a313230307d5d2c22736574746c656d656e74223a2270726570616964222c22636f64655f696e5f6d61696c223a66616c73652c2277697468647261776e223a66616c73657daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00ezvthcd3svtnmv2a POST /v1/offers', 'key-139878698214096-2', '\x20dc689fd1a7b1e29e3e63a84c00db3f493ae5a57244c09bdb63a1eb9f47a16b', 'done', 0, '\x84a6737461747573ccc9a4626f6479c4b67b226964223a226f66665f30316b6476646e61303066356662637a6e303970317067633577222c22706c616e223a226d6f6e74686c79222c226e616d65223a22222c2263757272656e6379223a22455552222c2262616e6473223a5b7b2275705f746f223a6e756c6c2c22756e6974223a313230307d5d2c22736574746c656d656e74223a2270726570616964222c22636f64655f696e5f6d61696c223a66616c73652c2277697468647261776e223a66616c73657daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00ezvthcd3svtnmv2a POST /v1/offers', 'key-139878698214096-3', '\xed5cc84b0a81228621ab92218f050550d93912defe4e910288f6ad50eb443e30', 'done', 0, '\x84a6737461747573ccc9a4626f6479c4b47b226964223a226f66665f30316b6476646e613030666b6172343878393666747268313477222c22706c616e223a226c61746572222c226e616d65223a22222c2263757272656e6379223a22455552222c2262616e6473223a5b7b2275705f746f223a6e756c6c2c22756e6974223a313230307d5d2c22736574746c656d656e74223a2270726570616964222c22636f64655f696e5f6d61696c223a66616c73652c2277697468647261776e223a66616c73657daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00ezvthcd3svtnmv2a POST /v1/offers', 'key-139878698214096-4', '\x2a11f57ea7f17c4a4eb9dbff3f601c8ec4c9f23af70b0cc32639fc0be953b128', 'done', 0, '\x84a6737461747573ccc9a4626f6479c4b47b226964223a226f66665f30316b6476646e61303065626162313663626e66306b33307764222c22706c616e223a226272696566222c226e616d65223a22222c2263757272656e6379223a22455552222c2262616e6473223a5b7b2275705f746f223a6e756c6c2c22756e6974223a313230307d5d2c22736574746c656d656e74223a2270726570616964222c22636f64655f696e5f6d61696c223a66616c73652c2277697468647261776e223a66616c73657daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00ezvthcd3svtnmv2a POST /v1/offers', 'key-139878698214096-5', '\x87e1c25da8151ffeecae7ff9d9d686605809c5fa41b4d00e4e5b105c4e85106e', 'done', 0, '\x84a6737461747573ccc9a4626f6479c4b37b226964223a226f66665f30316b6476646e613030667732766e783030793530366d317231222c22706c616e223a226e657874222c226e616d65223a22222c2263757272656e6379223a22455552222c2262616e6473223a5b7b2275705f746f223a6e756c6c2c22756e6974223a313230307d5d2c22736574746c656d656e74223a2270726570616964222c22636f64655f696e5f6d61696c223a66616c73652c2277697468647261776e223a66616c73657daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00ezvthcd3svtnmv2a POST /v1/customers', 'key-139878698214096-6', '\x77fb5250ae3887c3ddd28d717163b598e216887c25e62f5b04f670aeff8c56c0', 'done', 0, '\x84a6737461747573ccc9a4626f6479c4927b226964223a226375735f30316b6476646e613030656d71746b70346a6d33307938687666222c226e616d65223a2241434d45222c227265666572656e6365223a22222c22656d61696c223a22222c2263757272656e6379223a22455552222c226372656469745f6c696d6974223a302c2263726561746564223a22323032362d30312d30315430303a30303a30305a227daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea7686561646572739192a445546167a3223122', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00ezvthcd3svtnmv2a POST /v1/customers/{customer}/top-ups', 'key-139878698214096-7', '\x05081bc9ccb191642e4a5c5a3d54a8c83b9a210cc6b855d7bd3b0065a4a56cc8', 'done', 0, '\x84a6737461747573ccc9a4626f6479c501647b226163636f756e74223a7b22637573746f6d6572223a226375735f30316b6476646e613030656d71746b70346a6d33307938687666222c2263757272656e6379223a22455552222c2262616c616e6365223a313030303030302c2272657365727665223a302c226372656469745f6c696d6974223a302c22617661696c61626c65223a313030303030302c226e6578745f647565223a6e756c6c7d2c22706f7374696e6773223a5b7b226b696e64223a22746f705f7570222c226174223a22323032362d30312d30315430303a30303a30305a222c227265636f726465645f6174223a22323032362d30312d30315430303a30303a30305a222c22616d6f756e74223a313030303030302c2272657365727665223a302c227265666572656e6365223a2262616e6b2031222c22737562736372697074696f6e223a22222c22706572696f64223a6e756c6c2c226e6f7465223a22227d5d2c226661637473223a5b5d7daa6d656469615f74797065b06170706c69636174696f6e2f6a736f6ea76865616465727390', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00ezvthcd3svtnmv2a POST /v1/invitations', 'key-139878698214096-8', '\xaaec9a0e4ab8bf6335911630e48d32e7f3b7dda3104973a86c675e0e37731df7', 'done', 1, '\x63c615bcee306bf38695413ea94c7d43044872ee25fbaf292367e70d47dc44eb3cc752c9b6770542e6fa3d6a33ed88e3efe96abecff881db68013c7122ba29fccb722e1e758a16f2924c908bbc053d7cb89aba2d9e9af0a8f02bfe8c53a0e2262ce16cb1687044725a951d4fd66f68bab7c87f7286161fe971d2ef9fce460aec9877e407acd779e71221f8c870ad791a766de7246a03743d6d23eafd2714e6ad4033a1384814615f8fabc2e2f172af66d7dcc9a8b42e6fdff73c1a5fe977d836df69ea75dbb53d8ba4be633dedbc31d2c8aa815e8ab075dd129bb2a5f50f82926ea083251dd65996674ae591de32d061653db854da3b98f9013946f923597c5ef04b8e0e8f81d03cca223b1150086af65b84ce4587fec54dcaaa2cacae69441bb0da6deb9aef82ea4812dc39fe0443fa751757b9905020ade47b9ff90630bc1016d042c18a7e46ec6bfacd389abe002fab58042afbbf5af4c98a5115dbb678a9c239e2c2c55c3170576e40cf5170012c885a340742ca6da93c3c517d55acbb8f43a4952d30e1b045b6e4d66b9ac542dabccf0bf4de86d45458f51ddc2929816ac1a483e683939f4d06eb98d7c1438e3272abbd41d826b01f84e921ee2b659464e030999db9eb8a55926b7eb4cccba4092d76f285cb', 1767225600);
INSERT INTO baseline.idempotency VALUES ('tok_01kdvdna00ezvthcd3svtnmv2a POST /v1/subscriptions', 'key-139878698214096-9', '\x2e8079ed76496ccf104a46088dfe7d57abf0959f50694705f044b5818757998c', 'done', 1, '\xe295e7ffcbe1acccd2ae46db921315a8b65c8eb9dc6740e7ef26d7cc57d4d3cc94528a70a143c685bbe679fdead3ed1c63362805668e267fed2deb0c1904b89aa2f21d02ed4206448007c0a5cd24ee441956d4af6b98baf10801585c91783675df2f8a17d034d297f4282b81bc17aaa9f24220368eaf5fdc18750434591ac3ae1325434a18e2bb6af620279330e336b1626f0d249f4ee1c566682bed998335f8fb67d7b70f45d4dd3e1fabebc83a2a38f42f5ce461d494e7d647d682c9c12f8b7d9524ba0fc04ac2696fbd0f96b71b50a360dd5844f0c72bda3d92271e5fe71dedcaa7d6614cd2a6cf2bd9c4fa99ebcf9738cfa71fab701083fdf4e88b8509d92ee008aa9cdcef789bb69dd67409c8471fbfbc0516bf3a4899d27569ae838fc7f719b4ae02ba03b0d52ff127d5540fcde6b5a21ae7dd3846d27eb1724ecdf5d7dec4dee59a195c5f22b53e2b37d81bc43febd1656c6278586cf861508d35772335655b59a74d0863f19ba309af740cc85eb5f1794b2e50e83dc2487d6ec28dcbfd95f70cc78d3f55099ad4b5712babdbbaaabc8ea30371b1415b48f9eb5976ae688140a32bb9c263029702eee1659e9e103a4ecfb9c99d57cdc8930f9927ad700ac9492878a6c5c1ecfe92542d2a3f892a0e60a103ba3c2ad278b462178bc20e4e71f81877271c02e14c4a96a7c71fc0d08f19676a2fad2a1c2feaa1d8069891bce33880cd010fc0cbf8de4a3876c9e4365627120ee1e303fbcbad116432f9fe97b73003b22fccbcb133d26ad3d2b94a11b6f02461b47190dc42ecf3c50af645887bc8470692d389959e507d1a3a6697058ef71b64d6754d70af685565379c37576c3dd2552c9297fd891f24a8658033b8bed0c4de46d6f1cb9eb55076ea275d66eabc0c6b68edf0804ff86aa3e257ee3585be5ea3f2566006879e7b2e2635a37fea715c14dcf144e0f24989ff1dd926b4ce9826f7f74b3e7bc50e584825723b518e869639f6ee41a8ff3a0e979d40f65eac67983ed4c646c62a384791cea77c86632d3712e72851b5cc5e85e33c1e349eeddb0da70807b11e09d5bedfc954645f864a0dd262399cb7a8fb7fc385dd104d652480e972c78b125d69dd279998c6cdd02fae11d0c104fb7c332cd8487008f6e85f2bbd7c91068ac6f8f8900c2b642f4a709e3345d1af4668b8b231ba1d2f3d4fd6b4599ca9fe6c3ec51b18b2bab944b215a4255937f4ed836caaa52f9c93e6d46479aaebcf928186b15e70e4312377ce6bbefd3df8d9e88121d1417e1525c2e7a107cfe7e901f06d990ee7236317b04e857ff4702245821d4cabeebcad8f974058330db7eec3cb646c28e05207f47003471dbfc3bb13e9e40a0f16ae7044fcb0f2979af5f52635fe458f472061cc5dee9ac75db36d4c64b866c4134ae62fea376e710b53dd2b40a577e8e0c1ab07c830ae8b0050deea70de8f1769612ee872fe8392750caecd014d9ddac894ad12af5ce9d3d3873bec45732f8b955ae929ce5515fcde2c044dd75866a497983208a7694270b7e7235511a181fa176dc1befbcb0a0f772ac0bc3b333c21e39fd6d040bdb5be5937bd91956e73fd5d0a482ffc58ee65a6e6814f8f55432c310257b31cdae0a18b87d6f181d3c6cd2e8baa3da8401be470e2b4bb8aec64b68bee38686e4c60958019843ecfeb03eed3317b95982497ac529b1d7900597c0fbb8d140fd59005eeb8d5f91b015c68f410cc31d92d4d7a74042db116081f3cb5bbb55eb618f6bf1fa4e76bd03cba3a7fb9e27caa0b3b3896df78e3c3fe055afd67d779b67de44d1e73375279cba2c1e95d5883d815910941d42db4761c65f077f25bac053c286449078d90871d95eaa6ff2b1b0a25fb2ce043f27fb1653a035f30c28028dc19cd2f5b5740103eec7df5865c2dc59fbe30dc7d6c25e2279235f4e077d269cae6b470adfee07fa46dbba361756b77cb57a4b0721c8f2049f885fb7e3f7f8cab515ec71b9542cb2c16346b7b06415e332232cf855a27e91c55ec9a534fcf713627725ca0ec7a1c5705547a1e1a0e8989a2313ac64c13a1af3c8493ef367723092409cf60c43fe20ca0e62f95f192457c0cdaefb31780e8a54f7a660990c1511eddcdea87b60cf86fe74bd3a4428e142e1e2de51da0fbe085f15783440afdc0a9c24a1d073eac5d65c112aa1257feb37891313031e1781be60bab888519d01e72b97e797da94f2bfae258e0331b5da291684369878b1e90464a403f9ce0e1413e855669f3f8f22098893522e56187df70f09295480db61f88b555586987efe1c7caed5848c338b5461e5c48e6de781907da375ecf12f6f1e7fee59b04d70a4f3ed3adfddfd111e94518c09f370090e4654f1beb3f2e2ec20e50c33d11c65b605d1bd0dc39701841540f62deea9773dc947e3cec6e14c090cca738c99515dda003082450d05ac5647429bd5883b58ea48a7212c55b4a9d69d0726fd39c33cbf78bb9018dddb1c949d741dae85d07aed9767a4bc29da65eb248e03742557e6ce2f46543271c5f545da50ccfe663ec7817e650393f96eccd3d3169ebd25d056163199fdf4d7a37087ce8bb7b7b0e9644b71eb40fe438b2df86f28b44a48151079df9c999de33590ff67aa5c4305647dbb56cfc93a613743eee410eb2d1b2f3c78b897e8561743055b7059ccaac2534fa805e1c605f7bbc18903eec39b1043f110f3b075a64faa9e5c35986b1388799a26d2a897160ae82ffa46ed7daf08e76de4bcac90c6338408d8ec1ed81504ede6f22a4f2aaac685c0792675db98225c70abe7de35b8b1c5b29543a2db97101bbf94c74a199fd2b25c801c308e48db21564ca8cf35cb2429106e30936a4026a31e735d719001a4851c6c9ccbd87fdc5f992eed2ee81f91f58415ec495c245368d9bcd039a0a8423ae10467defe1a3d996205650c30d43f3c9c05c4ec3b2c34a22ef40ff163878a7390077f8102cb290c73611f4effdeb2e894eabbbb85192c96acc21c0c886999b5b6af94be92af7512f82e7e9bc54a8245bf1ac88b7fa042af58015e1d12da04bd9cffacb64b140e256701f9dceaee809d6851f6cafb2dce314ec65d3c5fc6b13ee3836b95efbd5169d540e1dc165c5004d3f729bee438ed3f1500bbf5a27', 1767225600);


--
-- Data for Name: invitations; Type: TABLE DATA; Schema: baseline; Owner: -
--



--
-- Data for Name: leases; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.leases VALUES ('site_01kdvdna00et4arjt4ear1wtah', 1767225600, 1, 'present', 'prv_01kdvdna00ez3bawryavp1e18m', 'sub_01kdvdna00ephbnjja4vcrncf2', 2, 1767225600, 1769817600, 1769817600, 1767225600, '\xf029bbf1465813135d7b0a1aac877233b75f2849dc1e005975e715be9757fb48', '\x65794a68624763694f694a465a45525451534973496d74705a434936496d786c59584e6c4c54557a4e3252694d3245794f444a6a59534973496e523563434936496e526c626e56795a5331735a57467a5a5374716433516966512e65794a7063334d694f694a6f64485277637a6f764c32787059325675633255756447567a64434973496e4e3159694936496e4e70644756664d4446725a485a6b626d45774d4756304e474679616e51305a5746794d586430595767694c434a68645751694f694a6c5a476c30623349694c434a7164476b694f694a7a6158526c587a4178613252325a4735684d44426c64445268636d70304e475668636a46336447466f4c6a45334e6a63794d6a55324d4441754d534973496d6c68644349364d5463324e7a49794e5459774d437769626d4a6d496a6f784e7a59334d6a49314e6a41774c434a6c654841694f6a45334e6a6b344d5463324d444173496d4e755a69493665794a71643273694f6e736961335235496a6f69543074514969776959334a32496a6f69525751794e5455784f534973496e67694f694a32646b5a574f445a6c4d6c564d5a6d74665a45316163306c7a52305a6e526b74525255357752444a4a546a68474d4646755a6e5a4e4d587033496e31394c434a7a5a584a70595777694f6a4573496d567762324e6f496a6f784e7a59334d6a49314e6a41774c434a77636d5632496a6f69496977696333566963324e796158423061573975496a6f6963335669587a4178613252325a4735684d44426c63476869626d70715954523259334a755932597949697769636d563261584e70623234694f6a4973496e427962325231593351694f694a6c5a476c30623349694c434a7762474675496a6f6963335268626d5268636d51694c434a726157356b496a6f6962476c746158526c5a434973496e4e775957357a496a706265794a7a6157356a5a5349364d5463324e7a49794e5459774d43776964573530615777694f6a45334f5467334e6a45324d444173496e426f59584e6c496a6f6959574e3061585a6c4969776964326835496a6f69634746705a434973496d5a6c59585231636d567a496a7062496d566b615851694c434a6c65484276636e51694c434a795a57466b496c3073496d787062576c30496a6f784d58307365794a7a6157356a5a5349364d5463354f4463324d5459774d43776964573530615777694f6a45334f546b354e7a45794d444173496e426f59584e6c496a6f695a334a68593255694c434a3361486b694f694a7759586c745a573530583256755a47566b496977695a6d5668644856795a584d694f6c73695a57527064434973496d56346347397964434973496e4a6c595751695853776962476c74615851694f6a457866537837496e4e70626d4e6c496a6f784e7a6b354f5463784d6a41774c434a31626e527062434936626e56736243776963476868633255694f694a6c626d526c5a434973496e646f65534936496e42686557316c626e52665a57356b5a5751694c434a6d5a57463064584a6c6379493657794a795a57466b496c313958537769593239756447466a64463931626e5270624349364d5463324f5467784e7a59774d437769636d566d636d567a614639685a6e526c636949364d5463324e7a4d784d6a41774d4377695a6d5668644856795a584d694f6c73695a57527064434973496d56346347397964434973496e4a6c5957516958537769596d467a5a56396d5a57463064584a6c6379493657794a795a57466b496c3073496d46736247393062575675644349364d544573496d787062576c30496a6f784d43776962576c7558335a6c636e4e70623234694f6949784d433477496977695a47563261574e6c58334276636e51694f6949694c434a6d61576431636d567a496a7037496e5276624756795957356a5a5639775a584a6a5a573530496a6f784d437769615752735a5639795a57786c59584e6c5832526865584d694f6a59774c434a7a5a57463058324e76626d5a7361574e305832526865584d694f6a4d774c434a795a573170626d526c636e4d694f6c73324d43777a4d4377784e4377334c444d734d5377775853776963336c7559313970626e526c636e5a68624349364f4459304d444173496d466d64475679583256755a46397a6557356a5832526865584d694f6a6b774c434a3359584a755832466d64475679496a6f324d4451344d444173496e4e6c5958526662476c6d5a5349364d5449774f5459774d4377695a47357a496a6f695958563062794973496e4a6c6157357a644746305a56396b59586c7a496a6f7a4e6a56394c434a77636d39326157526c63694936496b3576636e526f49697769596e4a68626d51694f6e7369626d46745a534936496b3576636e526f496977696247396e6279493649694973496d4e7662473979496a6f694969776963335677634739796443493649694973496e4a6c626d5633583356796243493649694a394c434a6a6232526c58327868633352665a334a76645841694f694a495744637a51534973496e4a76624755694f694a6859335270646d55694c434a77636d567759576c6b5833567564476c73496a6f784e7a6b344e7a59784e6a41774c434a7a5957356b596d3934496a706d5957787a5a537769593239746157356e496a7075645778734c434a70626e4e305957787359585270623234694f694a7a5a584a325a5849694c434a6c6347686c62575679595777694f6d5a6862484e6c4c434a766458527362323972496a7075645778734c434a776247467558323568625755694f694a54644746755a4746795a434a392e41615666397a626e6b6355446665674d4d76495f6346624330734e644d32744b7172723767763970762d4969486b6e786f7232335778364e4f5268784437543965684b4243684f585f4361474f304e79623361554251');


--
-- Data for Name: memberships; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.memberships VALUES ('mem_01kdvdna00eb9atytpm962j1jz', 'usr_01kdvdna00eef9a5spjkxmf267', 'prv_01kdvdna00ez3bawryavp1e18m', 'provider', 'prv_01kdvdna00ez3bawryavp1e18m', NULL, 'owner', 1767225600, 1767225600, 1767225600);


--
-- Data for Name: meta; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.meta VALUES ('application', 'tenure');


--
-- Data for Name: offers; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.offers VALUES ('off_01kdvdna00fmysc14j3ez553k1', 'prv_01kdvdna00ez3bawryavp1e18m', 'standard', '\x7b226964223a226f66665f30316b6476646e613030666d79736331346a33657a3535336b31222c2270726f7669646572223a227072765f30316b6476646e613030657a336261777279617670316531386d222c22706c616e223a227374616e64617264222c2263757272656e6379223a22455552222c2262616e6473223a5b7b2275705f746f223a6e756c6c2c22756e6974223a313230307d5d2c22736574746c656d656e74223a2270726570616964222c226e616d65223a22222c22636f64655f696e5f6d61696c223a66616c73657d', 1, 1767225600, NULL);
INSERT INTO baseline.offers VALUES ('off_01kdvdna00f5fbczn09p1pgc5w', 'prv_01kdvdna00ez3bawryavp1e18m', 'monthly', '\x7b226964223a226f66665f30316b6476646e61303066356662637a6e303970317067633577222c2270726f7669646572223a227072765f30316b6476646e613030657a336261777279617670316531386d222c22706c616e223a226d6f6e74686c79222c2263757272656e6379223a22455552222c2262616e6473223a5b7b2275705f746f223a6e756c6c2c22756e6974223a313230307d5d2c22736574746c656d656e74223a2270726570616964222c226e616d65223a22222c22636f64655f696e5f6d61696c223a66616c73657d', 1, 1767225600, NULL);
INSERT INTO baseline.offers VALUES ('off_01kdvdna00fkar48x96ftrh14w', 'prv_01kdvdna00ez3bawryavp1e18m', 'later', '\x7b226964223a226f66665f30316b6476646e613030666b6172343878393666747268313477222c2270726f7669646572223a227072765f30316b6476646e613030657a336261777279617670316531386d222c22706c616e223a226c61746572222c2263757272656e6379223a22455552222c2262616e6473223a5b7b2275705f746f223a6e756c6c2c22756e6974223a313230307d5d2c22736574746c656d656e74223a2270726570616964222c226e616d65223a22222c22636f64655f696e5f6d61696c223a66616c73657d', 1, 1767225600, NULL);
INSERT INTO baseline.offers VALUES ('off_01kdvdna00ebab16cbnf0k30wd', 'prv_01kdvdna00ez3bawryavp1e18m', 'brief', '\x7b226964223a226f66665f30316b6476646e61303065626162313663626e66306b33307764222c2270726f7669646572223a227072765f30316b6476646e613030657a336261777279617670316531386d222c22706c616e223a226272696566222c2263757272656e6379223a22455552222c2262616e6473223a5b7b2275705f746f223a6e756c6c2c22756e6974223a313230307d5d2c22736574746c656d656e74223a2270726570616964222c226e616d65223a22222c22636f64655f696e5f6d61696c223a66616c73657d', 1, 1767225600, NULL);
INSERT INTO baseline.offers VALUES ('off_01kdvdna00fw2vnx00y506m1r1', 'prv_01kdvdna00ez3bawryavp1e18m', 'next', '\x7b226964223a226f66665f30316b6476646e613030667732766e783030793530366d317231222c2270726f7669646572223a227072765f30316b6476646e613030657a336261777279617670316531386d222c22706c616e223a226e657874222c2263757272656e6379223a22455552222c2262616e6473223a5b7b2275705f746f223a6e756c6c2c22756e6974223a313230307d5d2c22736574746c656d656e74223a2270726570616964222c226e616d65223a22222c22636f64655f696e5f6d61696c223a66616c73657d', 1, 1767225600, NULL);


--
-- Data for Name: order_requests; Type: TABLE DATA; Schema: baseline; Owner: -
--



--
-- Data for Name: outbox; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.outbox VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 1, 'subscription.ordered', 'sub_01kdvdna00ephbnjja4vcrncf2', 1767225600, 1767225600, '\x7b22737562736372697074696f6e223a227375625f30316b6476646e613030657068626e6a6a61347663726e636632222c22637573746f6d6572223a226375735f30316b6476646e613030656d71746b70346a6d33307938687666222c227265766973696f6e223a312c2266616374223a224f726465726564222c226174223a313736373232353630302c227068617365223a22616374697665222c22776879223a2270616964227d');
INSERT INTO baseline.outbox VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 2, 'subscription.site_activated', 'sub_01kdvdna00ephbnjja4vcrncf2', 1767225600, 1767225600, '\x7b22737562736372697074696f6e223a227375625f30316b6476646e613030657068626e6a6a61347663726e636632222c22637573746f6d6572223a226375735f30316b6476646e613030656d71746b70346a6d33307938687666222c227265766973696f6e223a322c2266616374223a2253697465416374697661746564222c226174223a313736373232353630302c227068617365223a22616374697665222c22776879223a2270616964227d');


--
-- Data for Name: outbox_heads; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.outbox_heads VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 2);


--
-- Data for Name: payment_references; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.payment_references VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 'bank 1', 'top_up cus_01kdvdna00emqtkp4jm30y8hvf 1000000');


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

INSERT INTO baseline.postings VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 1, 'cus_01kdvdna00emqtkp4jm30y8hvf', 'top_up', 1767225600, 1767225600, 'tok_01kdvdna00ezvthcd3svtnmv2a', NULL, 'top_up/bank 1', '\x7b22637573746f6d6572223a226375735f30316b6476646e613030656d71746b70346a6d33307938687666222c22706f7374696e67223a7b226b696e64223a22746f705f7570222c226174223a313736373232353630302c227265636f726465645f6174223a313736373232353630302c22656e7472696573223a5b7b226163636f756e74223a22636c656172696e67222c22616d6f756e74223a2d313030303030307d2c7b226163636f756e74223a2262616c616e6365222c22616d6f756e74223a313030303030307d5d2c227265666572656e6365223a2262616e6b2031227d7d', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x5f26eae9f46b3da567a71c3c3714a9c671a51c463e41ea280010153cb85709ea');
INSERT INTO baseline.postings VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 2, 'cus_01kdvdna00emqtkp4jm30y8hvf', 'charge', 1767225600, 1767225600, 'tok_01kdvdna00ezvthcd3svtnmv2a', 'sub_01kdvdna00ephbnjja4vcrncf2', 'paid/sub_01kdvdna00ephbnjja4vcrncf2/1767225600/', '\x7b22637573746f6d6572223a226375735f30316b6476646e613030656d71746b70346a6d33307938687666222c22706f7374696e67223a7b226b696e64223a22636861726765222c226174223a313736373232353630302c227265636f726465645f6174223a313736373232353630302c22656e7472696573223a5b7b226163636f756e74223a2262616c616e6365222c22616d6f756e74223a2d31323030307d2c7b226163636f756e74223a22726576656e7565222c22616d6f756e74223a31323030307d5d2c22737562736372697074696f6e223a227375625f30316b6476646e613030657068626e6a6a61347663726e636632222c22706572696f64223a313736373232353630307d7d', '\x5f26eae9f46b3da567a71c3c3714a9c671a51c463e41ea280010153cb85709ea', '\xb3a7bfdf863437493246ce4588bec39237bb872f4ade6176f1f885ac0fe2d80d');


--
-- Data for Name: products; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.products VALUES ('editor', '', '\x7b226964223a22656469746f72222c226e616d65223a22456469746f72227d', 1, 1767225600, NULL);


--
-- Data for Name: provider_links; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.provider_links VALUES ('', 'catalog', 1, 'documents.published', 1767225600, 1767225600, 'setup', '\x7b227461626c65223a22646f63756d656e7473222c226964223a22726f6f74222c2276657273696f6e223a312c22626f6479223a225a586c4b61474a4859326c5061557047576b56535646465453584e4a62585277576b4e4a4e6b6c75536e5a694d31463054564e4a63306c75556a566a51306b325357355362474a75566e6c61557a4635596a49354d45737963444e6a65556f354c6d5635536e426151306b325357354b646d497a5558525a62555a36576c643463474a7456576c4d51306f79576c684b656d46584f58564a616d393454454e4b63474d7a546a466156314670543270464d30357159336c4e616c55795455524263306c74566a526a52327835576c684e615539715254524e52455577546b52426430314551584e4a626c4a7659323157656d46484f584e6151306b3254564e3361574e744f585a6b526a6c79576c6873656b6c7163474a6c655570795956645261553970536e6c694d6a6b775446524661557844536a524a616d39705957706a65565578556a56505745354a5931633165553948536b4e5861327435557a4657636d56564d544e58626d6378556b685757453573536a525a566c5a77566d747361557855536d745555306f3557464e3361574579566a566a65556b32567a4e7a615745796247744a616d3970596b645761474d795658524f5645307a576b644a656c6c555354524e6255356f53576c336157564453545a4a62465634564656575a6b3946576b5a4e56454a7a55306331536d4a4661444255626b4a75596e706f4d6d4671576c4a54566e424b5456564761574a71546c4a6a525867315a57744753324a4863326c4d513070335a46684b6432497a546d784a616d3970596b645761474d7956576c4d513070335932303561325258546a426a65556b3256336c4a63556c734d484e4a62545670576d6c4a4e6b3155597a4a4f656b56365431524a6430314464326c6962555a7453577076654539455458644f52474e33546b524264307844536e4e694d6a5675576c684f4d456c716233684e52453079543052426430314464326c6a53465a70596b6473656d4648566d744a616d39335a6c4e344e306c746448426151306b325357314764574d7a5a47786a61544233543152724d6c6c36556d784e56467072576d704661557844536a524a616d39705532744b654531715558685a566b3130546d745a65453156647a4a594d3278355456633465474659536b5a694d4467785a444657516d4a57536b4e594d6b70315456687351324e47556a5a5255306c7a535735434d574e75516e5a6a4d6c567054326c4b61474a75546a4e6157456c7054454e4b64324e744f57746b5630347759336c4a4e6c64355358464a6244427a535730316156707053545a4e56474d79546e7046656b39555358644e51336470596d314762556c716233685052453133546b526a643035455158644d5130707a596a4931626c7059546a424a616d39345455524e4d6b39455158644e513364705930685761574a486248706852315a725357707664325a546544644a62585277576b4e4a4e6b6c744e585a6b52327871576c4d7765453545556d744f5646553057544a4a656b313656576c4d51306f3053577076615664704d553957563252725a577861566c6472556a564f57477777576c566f64316458556d5a52616d783459555a4f576c644664484a545655353554305677516b3175556c464f56457059546b4e4a63306c75516a466a626b4a32597a4a5661553970536e56694d314a7757544a5661557844536e646a62546c725a46644f4d474e3553545a5865556c785357777763306c744e576c6161556b325456526a4d6b35365258705056456c3354554e3361574a74526d314a616d39345430524e643035455933644f5245463354454e4b633249794e57356157453477535770766545314554544a505245463354554e3361574e49566d6c69523278365955645761306c716233646d55336733535731306346704453545a4a62553576576c644f636d4e484f584269626c4630546e706a4d5531485254464f656b31355456645264306c7064326c6c51306b32535778574e575248526c52544d56563659555a4764316b77576c6c6c6133424f5557354363314e56566d315261316f31564446475547517964454a554d567079566a466f6230315662444e565245467054454e4b64325259536e64694d3035735357707661566b796147785a4d6e5233596a4a736457524453584e4a626b4a35596a4a534d566b7a556e704a616e426953576c766156685464326c6962557074535770766545353657544e4e564530315457704264307844536e565a56316c70543270464e4531365154424f656b45775455524263306c7465485a6962575273597a4e52615539715258644e656c6b305455524264307844536e646b5630707a5956684f6231705855576c50616b49355445687a615745796247744a616d39705a444a57615746484f585a6865544670576c644e4e566c5556545261564555785455524e61557844536a524a616d39705658704354564e73546c6c52626b704c546d704e4e565657526a4a4d563251315656645764324a49546a5a53613170565530567352565a74546c4a615647784c596b686a4e5752474f554e5555306c7a535735434d574e75516e5a6a4d6c567054326c4b4d317058536d39694d6a6c7953576c3361574e49536e5a6153465a715a45684e6155397363326c4c6155706b54454e4b64566c7457576c50616b557a546d706a6545313661336c4e5245467a535730316146707053545a4e56476436545552524d3031455558644e51336470596b633564566f79566e706b51306b3254565242656b35715a33644e5245467a535735434d566c746548426a4d6d6873576b4e4a4e6b31494d57526d5553354661564679547a64575656395a4d6c68744f575a33626d5658536b4e4a4d56567a59574672616b56455231563256584e57554568486444524e656e67315255317a6358705953476850554452765355705256473474553056526558427a625842425a6c46574e5738796256424b56324a4264773d3d227d', '\x0000000000000000000000000000000000000000000000000000000000000000', '\xccaadd4a62d17fd139e72c37a20c47806d891513f64d1f29a63ce9bc998cae72');
INSERT INTO baseline.provider_links VALUES ('', 'catalog', 2, 'documents.published', 1767225600, 1767225600, 'setup', '\x7b227461626c65223a22646f63756d656e7473222c226964223a2273616e64626f782d726f6f74222c2276657273696f6e223a312c22626f6479223a225a586c4b61474a4859326c5061557047576b56535646465453584e4a62585277576b4e4a4e6b6c75536e5a694d31463054564e4a63306c75556a566a51306b325357355362474a75566e6c61557a4635596a49354d45737963444e6a65556f354c6d5635536e426151306b325357354b646d497a5558525a62555a36576c643463474a745658526a4d6b5a31576b644b646d564453584e4a626c70735932354f634749794e476c50616b567a53573173656d4d7a566d786151306b325456526a4d6b353653586c4f56466c3354554e3361567059614864685745707359336c4a4e6b31715658704f524546355458704264303536617a564d51306f775955684b62474d7961485a69523146705432704663306c75536e5a694d314a6d59544a574e574e3553545a584d334e7059544a7361306c7162326c6a62546c325a454d7765456c7064326c6c51306b32535731764d303173546c566c564778365530684764574e7161476c526248424b54577430566d457a6245356b4d584130546c56534d565a36576c4e6c52305a5759565a61536c6c704d486c61525442705a6c597763306c746447786c57453170543278304e306c746448426151306b325357354f61474a74556d6c694d326430576d704e643031715a7a524f62557070576d70564d556c7064326c6c51306b325357314f4d324a495a445a555232687a55544a5763467058566e4661624670305648705365475257566e70614d455a36546d316e4d566b796547745a62457070576c5661574749774f4456585257747054454e4b64325259536e64694d3035735357707661574d79526e5661523070325a554e4a63306c75516e6c694d6c497857544e53656b6c7163474a4a6157397057464e3361574a74536d314a616d393354454e4b64566c5857576c50616b6b7854587052643031715458644e52474d3154314e3361574a484f5856614d6c5a365a454e4a4e6b31555158704f616d64335455524263306c75516a465a62586877597a4a6f6246704453545a4e5344466b5a6c45755a6b4e6e6345355a636e427465544e6b526d5234625764365647683563315574646e6f784c5746314e554646516c68516545746c63316c355a6c6471516c5a774f573543655452455a336f355a31466e656c59305355684e656d704e65473532545456705247356e65455250536a524e516d633d227d', '\xccaadd4a62d17fd139e72c37a20c47806d891513f64d1f29a63ce9bc998cae72', '\xe364d3a5d5c52d06841c0d6b54bbca526ebd24b32e3ae7cc8457b488d3fa7807');
INSERT INTO baseline.provider_links VALUES ('', 'records', 1, 'token_made', 1767225600, 1767225600, 'setup', '\x7b22637573746f6d6572223a6e756c6c2c2261626f7574223a22746f6b5f30316b6476646e61303066333939326537376e7779746a396a39222c2264657461696c223a22222c227374617465223a2237626139336161613538303537366163383437333537393734333765393538323663646633396434623733323133363230653463633934376236396337393336227d', '\x0000000000000000000000000000000000000000000000000000000000000000', '\xdd85f794c51d45cd8b15a7563f2868657b1091a5044b24a6e9918c6114064d53');
INSERT INTO baseline.provider_links VALUES ('', 'catalog', 3, 'products.added', 1767225600, 1767225600, 'tok_01kdvdna00f3992e77nwytj9j9', '\x7b227461626c65223a2270726f6475637473222c226964223a22656469746f72222c2276657273696f6e223a312c22626f6479223a2265794a705a434936496d566b6158527663694973496d3568625755694f694a465a476c306233496966513d3d227d', '\xe364d3a5d5c52d06841c0d6b54bbca526ebd24b32e3ae7cc8457b488d3fa7807', '\x6557bc807a9c2123aeab2882982ffe1295df99720ac97dea62c0944d95c05cf2');
INSERT INTO baseline.provider_links VALUES ('', 'catalog', 4, 'plans.added', 1767225600, 1767225600, 'tok_01kdvdna00f3992e77nwytj9j9', '\x7b227461626c65223a22706c616e73222c226964223a227374616e64617264222c2276657273696f6e223a312c22626f6479223a2265794a705a434936496e4e305957356b59584a6b4969776963484a765a48566a64434936496d566b6158527663694973496d3568625755694f694a54644746755a4746795a434973496d7470626d51694f694a73615731706447566b49697769634756796157396b496a7037496d3176626e526f637949364d544973496d526865584d694f6a42394c434a6d5a57463064584a6c6379493657794a6c5a476c30496977695a58687762334a30496c3073496d4a68633256665a6d5668644856795a584d694f6c7369636d56685a434a644c434a6d62473976636e4d694f6c7437496e4e70626d4e6c496a6f784e7a59334d6a49314e6a41774c434a325a584a7a61573975496a6f694d5441754d434a395853776962576c755832526c646d6c6a5a584d694f6a4573496d31686546396b5a585a705932567a496a6f784d4441774d4441774c434a745958686663326c305a584d694f6a5573496e4e3059584a30496a6f695958526662334a6b5a5849694c434a30636d6c6862434936626e56736248303d227d', '\x6557bc807a9c2123aeab2882982ffe1295df99720ac97dea62c0944d95c05cf2', '\x84880f9373c4b9f0520b552a1d54f7faaacfa9ac86548234224e11e4c05c2233');
INSERT INTO baseline.provider_links VALUES ('', 'catalog', 5, 'plans.added', 1767225600, 1767225600, 'tok_01kdvdna00f3992e77nwytj9j9', '\x7b227461626c65223a22706c616e73222c226964223a226d6f6e74686c79222c2276657273696f6e223a312c22626f6479223a2265794a705a434936496d3176626e526f62486b694c434a77636d396b64574e30496a6f695a5752706447397949697769626d46745a534936496b3176626e526f62486b694c434a726157356b496a6f6964573573615731706447566b49697769634756796157396b496a7037496d3176626e526f637949364d5377695a474635637949364d483073496d5a6c59585231636d567a496a7062496d566b615851694c434a6c65484276636e516958537769596d467a5a56396d5a57463064584a6c6379493657794a795a57466b496c3073496d5a7362323979637949365733736963326c75593255694f6a45334e6a63794d6a55324d444173496e5a6c636e4e70623234694f6949784d433477496e31644c434a74615735665a47563261574e6c637949364d537769625746345832526c646d6c6a5a584d694f6a45774d4441774d444173496d31686546397a6158526c637949364e53776963335268636e51694f694a6864463976636d526c63694973496e527961574673496a70756457787366513d3d227d', '\x84880f9373c4b9f0520b552a1d54f7faaacfa9ac86548234224e11e4c05c2233', '\xebcc851091b7e3cf1871d0f215b71eec15b286d79057e03761a2ab0fcbbc3343');
INSERT INTO baseline.provider_links VALUES ('', 'catalog', 6, 'plans.added', 1767225600, 1767225600, 'tok_01kdvdna00f3992e77nwytj9j9', '\x7b227461626c65223a22706c616e73222c226964223a226c61746572222c2276657273696f6e223a312c22626f6479223a2265794a705a434936496d7868644756794969776963484a765a48566a64434936496d566b6158527663694973496d3568625755694f694a4d5958526c63694973496d7470626d51694f694a73615731706447566b49697769634756796157396b496a7037496d3176626e526f637949364d544973496d526865584d694f6a42394c434a6d5a57463064584a6c6379493657794a6c5a476c30496977695a58687762334a30496c3073496d4a68633256665a6d5668644856795a584d694f6c7369636d56685a434a644c434a6d62473976636e4d694f6c7437496e4e70626d4e6c496a6f784e7a59334d6a49314e6a41774c434a325a584a7a61573975496a6f694d5441754d434a395853776962576c755832526c646d6c6a5a584d694f6a4573496d31686546396b5a585a705932567a496a6f784d4441774d4441774c434a745958686663326c305a584d694f6a5573496e4e3059584a30496a6f69595852665a6d6c796333526659574e3061585a6864476c7662694973496e527961574673496a70756457787366513d3d227d', '\xebcc851091b7e3cf1871d0f215b71eec15b286d79057e03761a2ab0fcbbc3343', '\x04fcf89cd6b080b2e91f5ca07c7c768a3d649209fdf49ef3e8e44a7d50368855');
INSERT INTO baseline.provider_links VALUES ('', 'catalog', 7, 'plans.added', 1767225600, 1767225600, 'tok_01kdvdna00f3992e77nwytj9j9', '\x7b227461626c65223a22706c616e73222c226964223a226272696566222c2276657273696f6e223a312c22626f6479223a2265794a705a434936496d4a796157566d4969776963484a765a48566a64434936496d566b6158527663694973496d3568625755694f694a43636d6c6c5a694973496d7470626d51694f694a73615731706447566b49697769634756796157396b496a7037496d3176626e526f637949364d5377695a474635637949364d483073496d5a6c59585231636d567a496a7062496d566b615851694c434a6c65484276636e516958537769596d467a5a56396d5a57463064584a6c6379493657794a795a57466b496c3073496d5a7362323979637949365733736963326c75593255694f6a45334e6a63794d6a55324d444173496e5a6c636e4e70623234694f6949784d433477496e31644c434a74615735665a47563261574e6c637949364d537769625746345832526c646d6c6a5a584d694f6a45774d4441774d444173496d31686546397a6158526c637949364e53776963335268636e51694f694a686446396d61584a7a6446396859335270646d4630615739754969776964484a70595777694f6d353162477839227d', '\x04fcf89cd6b080b2e91f5ca07c7c768a3d649209fdf49ef3e8e44a7d50368855', '\x9e6bd6ba059fcf01c640cd4b6c9d1f529a520e7c492e2dc362bfae121c8baec4');
INSERT INTO baseline.provider_links VALUES ('', 'catalog', 8, 'plans.added', 1767225600, 1767225600, 'tok_01kdvdna00f3992e77nwytj9j9', '\x7b227461626c65223a22706c616e73222c226964223a226e657874222c2276657273696f6e223a312c22626f6479223a2265794a705a434936496d356c654851694c434a77636d396b64574e30496a6f695a5752706447397949697769626d46745a534936496b356c654851694c434a726157356b496a6f6962476c746158526c5a434973496e426c636d6c765a43493665794a746232353061484d694f6a45794c434a6b59586c7a496a6f77665377695a6d5668644856795a584d694f6c73695a57527064434973496d56346347397964434a644c434a6959584e6c58325a6c59585231636d567a496a7062496e4a6c59575169585377695a6d787662334a7a496a706265794a7a6157356a5a5349364d5463324e7a49794e5459774d437769646d567963326c7662694936496a457a4c6a416966563073496d3170626c396b5a585a705932567a496a6f784c434a74595868665a47563261574e6c637949364d5441774d4441774d4377696257463458334e706447567a496a6f314c434a7a6447467964434936496d4630583239795a4756794969776964484a70595777694f6d353162477839227d', '\x9e6bd6ba059fcf01c640cd4b6c9d1f529a520e7c492e2dc362bfae121c8baec4', '\xf938ced56fa4b349cb2dff2a8ddceefe003859b2ad08c027ae844f08756f3021');
INSERT INTO baseline.provider_links VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 'records', 1, 'provider_created', 1767225600, 1767225600, 'tok_01kdvdna00f3992e77nwytj9j9', '\x7b22637573746f6d6572223a6e756c6c2c2261626f7574223a227072765f30316b6476646e613030657a336261777279617670316531386d222c2264657461696c223a2236656337366536663435343064386434316565646463326338643362633037646133386365623733336165666438623365333434363239333364336633383664222c227374617465223a2239363430306164613162303763303633313239373132313132313764643835613036666262306631396566633032303762313163326263303736316364663030227d', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x3b08313a4f344c56b45bd0d2ca93e0dbaaea1c5b66ce3a3755f3d5db7567bb79');
INSERT INTO baseline.provider_links VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 'records', 2, 'token_made', 1767225600, 1767225600, 'tok_01kdvdna00f3992e77nwytj9j9', '\x7b22637573746f6d6572223a6e756c6c2c2261626f7574223a22746f6b5f30316b6476646e613030657a7674686364337376746e6d763261222c2264657461696c223a2233363436623034343136366632643535303561616433633230343231626430616265616337356439613835633765626533636233376163303861633035393163222c227374617465223a2262336630303361353862613965373936313038653134363133396135356361626334376439353061303037303437396231313732623437373033656433666531227d', '\x3b08313a4f344c56b45bd0d2ca93e0dbaaea1c5b66ce3a3755f3d5db7567bb79', '\x27d53cce420d3ca842e1b6134310721bccd6721775e3ae80db395004927e858c');
INSERT INTO baseline.provider_links VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 'catalog', 1, 'offers.added', 1767225600, 1767225600, 'tok_01kdvdna00ezvthcd3svtnmv2a', '\x7b227461626c65223a226f6666657273222c226964223a226f66665f30316b6476646e613030666d79736331346a33657a3535336b31222c2276657273696f6e223a312c22626f6479223a2265794a705a434936496d396d5a6c38774d57746b646d5275595441775a6d313563324d784e476f7a5a586f314e544e724d534973496e427962335a705a475679496a6f6963484a32587a4178613252325a4735684d44426c656a4e6959586479655746326344466c4d546874496977696347786862694936496e4e305957356b59584a6b4969776959335679636d567559336b694f694a46565649694c434a695957356b637949365733736964584266644738694f6d353162477773496e5675615851694f6a45794d44423958537769633256306447786c6257567564434936496e42795a584268615751694c434a755957316c496a6f69496977695932396b5a563970626c397459576c73496a706d5957787a5a58303d227d', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x47e1aa091f46ce2ecc62c0ac20c29633281b1f29e3462ba90f6fee98b39c020f');
INSERT INTO baseline.provider_links VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 'catalog', 2, 'offers.added', 1767225600, 1767225600, 'tok_01kdvdna00ezvthcd3svtnmv2a', '\x7b227461626c65223a226f6666657273222c226964223a226f66665f30316b6476646e61303066356662637a6e303970317067633577222c2276657273696f6e223a312c22626f6479223a2265794a705a434936496d396d5a6c38774d57746b646d5275595441775a6a566d596d4e36626a4135634446775a324d3164794973496e427962335a705a475679496a6f6963484a32587a4178613252325a4735684d44426c656a4e6959586479655746326344466c4d546874496977696347786862694936496d3176626e526f62486b694c434a6a64584a795a57356a65534936496b565655694973496d4a68626d527a496a706265794a316346393062794936626e56736243776964573570644349364d5449774d4831644c434a7a5a585230624756745a573530496a6f6963484a6c634746705a434973496d3568625755694f6949694c434a6a6232526c58326c7558323168615777694f6d5a6862484e6c66513d3d227d', '\x47e1aa091f46ce2ecc62c0ac20c29633281b1f29e3462ba90f6fee98b39c020f', '\x5dddc28bfd1b0772d5707518dd257cce44417b3086683cbcea9e97514009be71');
INSERT INTO baseline.provider_links VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 'catalog', 3, 'offers.added', 1767225600, 1767225600, 'tok_01kdvdna00ezvthcd3svtnmv2a', '\x7b227461626c65223a226f6666657273222c226964223a226f66665f30316b6476646e613030666b6172343878393666747268313477222c2276657273696f6e223a312c22626f6479223a2265794a705a434936496d396d5a6c38774d57746b646d5275595441775a6d7468636a513465446b325a6e52796144453064794973496e427962335a705a475679496a6f6963484a32587a4178613252325a4735684d44426c656a4e6959586479655746326344466c4d546874496977696347786862694936496d7868644756794969776959335679636d567559336b694f694a46565649694c434a695957356b637949365733736964584266644738694f6d353162477773496e5675615851694f6a45794d44423958537769633256306447786c6257567564434936496e42795a584268615751694c434a755957316c496a6f69496977695932396b5a563970626c397459576c73496a706d5957787a5a58303d227d', '\x5dddc28bfd1b0772d5707518dd257cce44417b3086683cbcea9e97514009be71', '\x98f754df1b975ffa30205122cdfeecf8e71504586ed34935866852b7cc5e7368');
INSERT INTO baseline.provider_links VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 'catalog', 4, 'offers.added', 1767225600, 1767225600, 'tok_01kdvdna00ezvthcd3svtnmv2a', '\x7b227461626c65223a226f6666657273222c226964223a226f66665f30316b6476646e61303065626162313663626e66306b33307764222c2276657273696f6e223a312c22626f6479223a2265794a705a434936496d396d5a6c38774d57746b646d5275595441775a574a68596a453259324a755a6a42724d7a42335a434973496e427962335a705a475679496a6f6963484a32587a4178613252325a4735684d44426c656a4e6959586479655746326344466c4d546874496977696347786862694936496d4a796157566d4969776959335679636d567559336b694f694a46565649694c434a695957356b637949365733736964584266644738694f6d353162477773496e5675615851694f6a45794d44423958537769633256306447786c6257567564434936496e42795a584268615751694c434a755957316c496a6f69496977695932396b5a563970626c397459576c73496a706d5957787a5a58303d227d', '\x98f754df1b975ffa30205122cdfeecf8e71504586ed34935866852b7cc5e7368', '\x0357dfea8dd716826aeb5682041bcd650d48214d4985cea17e9198f3be94f692');
INSERT INTO baseline.provider_links VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 'catalog', 5, 'offers.added', 1767225600, 1767225600, 'tok_01kdvdna00ezvthcd3svtnmv2a', '\x7b227461626c65223a226f6666657273222c226964223a226f66665f30316b6476646e613030667732766e783030793530366d317231222c2276657273696f6e223a312c22626f6479223a2265794a705a434936496d396d5a6c38774d57746b646d5275595441775a6e6379646d35344d4442354e544132625446794d534973496e427962335a705a475679496a6f6963484a32587a4178613252325a4735684d44426c656a4e6959586479655746326344466c4d546874496977696347786862694936496d356c654851694c434a6a64584a795a57356a65534936496b565655694973496d4a68626d527a496a706265794a316346393062794936626e56736243776964573570644349364d5449774d4831644c434a7a5a585230624756745a573530496a6f6963484a6c634746705a434973496d3568625755694f6949694c434a6a6232526c58326c7558323168615777694f6d5a6862484e6c66513d3d227d', '\x0357dfea8dd716826aeb5682041bcd650d48214d4985cea17e9198f3be94f692', '\x6ba824ab39e5a9f890c25510197f43764685b7f3698bf769826fba05297ff68d');
INSERT INTO baseline.provider_links VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 'records', 3, 'customer_created', 1767225600, 1767225600, 'tok_01kdvdna00ezvthcd3svtnmv2a', '\x7b22637573746f6d6572223a6e756c6c2c2261626f7574223a226375735f30316b6476646e613030656d71746b70346a6d33307938687666222c2264657461696c223a2232336539396636346133393639323336646331376431393735656538383464656137323132383662383361343130303461336134636233383036346165343030222c227374617465223a2234363563303437643461363764373566656239626437636363386264383337393035626635633661373433353864643632316365353065353639376665616462227d', '\x27d53cce420d3ca842e1b6134310721bccd6721775e3ae80db395004927e858c', '\x51b07f8530aa39b404cd45ae1cdf5a2d38dcfa3a24dad49e97b79b4116c27a68');
INSERT INTO baseline.provider_links VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 'records', 4, 'invited', 1767225600, 1767225600, 'tok_01kdvdna00ezvthcd3svtnmv2a', '\x7b22637573746f6d6572223a6e756c6c2c2261626f7574223a22696e765f30316b6476646e613030656178736870733961626b79616e6739222c2264657461696c223a2235323064356438306430383664346337373430363162313363663061653761363564363437366530633330313531346362333635386265383635333661396534222c227374617465223a2263336566623761323361663637336639663236663064386138393233643431633636643734623335386332633333666438303066333834323731653664396139227d', '\x51b07f8530aa39b404cd45ae1cdf5a2d38dcfa3a24dad49e97b79b4116c27a68', '\x96a1af369638057f8663d40bb5b07baa218d045d66292b4f6ef40e01b6c4a257');
INSERT INTO baseline.provider_links VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 'records', 5, 'joined', 1767225600, 1767225600, 'usr_01kdvdna00eef9a5spjkxmf267', '\x7b22637573746f6d6572223a6e756c6c2c2261626f7574223a226d656d5f30316b6476646e61303065623961747974706d3936326a316a7a222c2264657461696c223a2265326239663465353939316136366136346661623436316137643664636330376236623766373764636630666465613366633730363637393065323762623534222c227374617465223a2238363032323037343835373866386636646339336438336462663962623439666565613264303964323930666635303462616637636365623562636561383631227d', '\x96a1af369638057f8663d40bb5b07baa218d045d66292b4f6ef40e01b6c4a257', '\x3bc9b4162ef1cd41af99d18714dbdbb852ebb3588410ba3aeb4aa72bb3514183');
INSERT INTO baseline.provider_links VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 'records', 6, 'account_made', 1767225600, 1767225600, 'usr_01kdvdna00eef9a5spjkxmf267', '\x7b22637573746f6d6572223a6e756c6c2c2261626f7574223a227573725f30316b6476646e61303065656639613573706a6b786d66323637222c2264657461696c223a22222c227374617465223a2261643432343137313439626434666138646530643735333566376639313238633330346462643766666433383836643763666664363031346538633036393464227d', '\x3bc9b4162ef1cd41af99d18714dbdbb852ebb3588410ba3aeb4aa72bb3514183', '\x0e5853851f7b3a3233a306cbd01db474a946bd6edc89194597e73fd36dd0220a');
INSERT INTO baseline.provider_links VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 'records', 7, 'signed_in', 1767225600, 1767225600, 'usr_01kdvdna00eef9a5spjkxmf267', '\x7b22637573746f6d6572223a6e756c6c2c2261626f7574223a227365735f30316b6476646e61303066303674316365376a72337235336370222c2264657461696c223a2235653838343839386461323830343731353164306535366638646336323932373733363033643064366161626264643632613131656637323164313534326438222c227374617465223a2232373833356136313837336136386139616237363139663430643664353438333866316637303636626230303839313237613862306238323932386261653233227d', '\x0e5853851f7b3a3233a306cbd01db474a946bd6edc89194597e73fd36dd0220a', '\x24116046c1a88bb0024fd35b36390c7aeb4f39e18de6b8333532e556c07c63dc');


--
-- Data for Name: providers; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.providers VALUES ('prv_01kdvdna00ez3bawryavp1e18m', 'North', 0, 'EUR', NULL, NULL, NULL, '\x7b226964223a227072765f30316b6476646e613030657a336261777279617670316531386d222c226e616d65223a224e6f727468222c2263757272656e6379223a22455552222c2273616e64626f78223a66616c73652c226272616e64223a7b226e616d65223a22222c226c6f676f223a22222c22636f6c6f72223a22222c22737570706f7274223a22222c2272656e65775f75726c223a22227d7d', 1, 1767225600, NULL);


--
-- Data for Name: recovery; Type: TABLE DATA; Schema: baseline; Owner: -
--



--
-- Data for Name: sessions; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.sessions VALUES ('\xd74faf6c0c875cb82527942a2cd4916704b49aaea2a92e00eb9f6e392fb4b0f6', 'ses_01kdvdna00f06t1ce7jr3r53cp', 'usr_01kdvdna00eef9a5spjkxmf267', 'mem_01kdvdna00eb9atytpm962j1jz', 'session', 1767225600, 1767268800, 1767225600, '127.0.0.1', NULL);


--
-- Data for Name: sites; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.sites VALUES ('site_01kdvdna00et4arjt4ear1wtah', 'prv_01kdvdna00ez3bawryavp1e18m', 'cus_01kdvdna00emqtkp4jm30y8hvf', 'editor', 'sub_01kdvdna00ephbnjja4vcrncf2', NULL, 'x0NAkQlRTB-H7msksxjceipxD7mgXI7gI3Wo2sU5E-w', '\x7b226b7479223a224f4b50222c22637276223a2245643235353139222c2278223a227676465638366532554c666b5f644d5a734973474667464b51454e704432494e384630516e66764d317a77227d', 'in_use', 1767225600, 'Site of Ana', '12.0', '\x7b227368617265223a2265794a7a6158526c496a6f6963326c305a5638774d57746b646d5275595441775a58513059584a716444526c595849786433526861434973496e4e705a32356c5a4349364d544573496d686c624751694f6a45784c434a70626c3931633255694f6a4173496e6468626e526c5a4349364d437769643239795a463931626e5270624349364d5463324f5467784e7a59774d437769595764795a57566b496a706d5957787a5a5377696247566d644349365a6d467363325573496d3176646d566b496a6f7766513d3d222c22636f6465223a22636f645f30316b6476646e6130306530676177646d617a3664356a613471227d', '\x313736373232353630302e322e472d5a5f35534a616a32583677473732364f424f5667', 'req_b9cf196cd9fd667c16e9a47fafdb6857', '\x65794a68624763694f694a465a45525451534973496d74705a434936496d46756333646c636930774f546b32597a526c4d545a6b5a6a45694c434a30655841694f694a305a573531636d557463336c7559793168626e4e335a584972616e647a496e302e65794a756232356a5a534936496b4533623342574f576874536d684e5232307a5333424259565a32626a6c445645746e65577455524768784e47557863486c504c556c36656a67694c434a795a5846315a584e3058334e6f595449314e694936496a6c516145526c54557846626c647a534642455747354b536e7042556e6b7a565531454f454e71616931575254566c547a426654325130623055694c434a306157316c496a6f784e7a59334d6a49314e6a41774c434a7962323930496a6f784c434a306232746c62694936496a45334e6a63794d6a55324d4441754d6935484c5670664e564e4b59576f7957445a33527a63794e6b394354315a6e49697769626d56346446397a6557356a496a7037496d3576644639695a575a76636d55694f6a45334e6a63794d6a67344e444173496d3576644639685a6e526c636949364d5463324e7a49794f5455324d483073496e4a6c6333567364434936496e567559326868626d646c5a434a392e5547747655684b4b502d5973414f3853795452776a49347343637447696b78656c764a554153696754794130495a78437550393175314838786174657730596c7650694c3950367a6d76413378726b4e6f7179564467', 1, 1767225600, 2, 1, 1769817600, 0, 11, 0, '', 1767225600, 1767229560, NULL, 2, '', 'timer', '\x96ce695f9c409384a573696e6365ce6955b900a5756e74696cce6b36ec80a57068617365a6616374697665a3776879a47061696484a573696e6365ce6b36ec80a5756e74696cce6b496180a57068617365a56772616365a3776879ad7061796d656e745f656e64656484a573696e6365ce6b496180a5756e74696cc0a57068617365a5656e646564a3776879ad7061796d656e745f656e646564ce000151805acd016db26c656173652d353337646233613238326361', 'server', 0);


--
-- Data for Name: standings; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.standings VALUES ('sub_01kdvdna00ephbnjja4vcrncf2', 'prv_01kdvdna00ez3bawryavp1e18m', 'cus_01kdvdna00emqtkp4jm30y8hvf', 'editor', 'standard', 'limited', 10, 1767225600, 1798761600, 1799971200, NULL, NULL, NULL, 'HX73A', '\x7b7d', 1767225600, 1798761600, 12000, 0, 0, NULL);


--
-- Data for Name: stays; Type: TABLE DATA; Schema: baseline; Owner: -
--



--
-- Data for Name: subscriptions; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.subscriptions VALUES ('sub_01kdvdna00ephbnjja4vcrncf2', 'prv_01kdvdna00ez3bawryavp1e18m', 'cus_01kdvdna00emqtkp4jm30y8hvf', 'editor', 0, 2, '\x4953d937b06f3bdd451301055311c7826645e33d1c5ca4f9cdaca70e2eac78b7', 1793577600, 1767225600);


--
-- Data for Name: throttles; Type: TABLE DATA; Schema: baseline; Owner: -
--



--
-- Data for Name: tokens; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.tokens VALUES ('\x18f4f91a2f2678904c0f7ba82d92b4fffa176e7c5fd92eccb9d75970acbc22dd', 'tok_01kdvdna00f3992e77nwytj9j9', NULL, NULL, 'vendor', 'catalog:read catalog:write providers:read providers:write customers:read customers:write subscriptions:read subscriptions:write money:read money:write payments:write policy:read policy:write sites:read tokens:write events:read messages:read messages:write metrics:read sandbox:write server:read server:write users:read users:write audit:read', 'first token', 1767225600, 2082585600, 1767225600, NULL);
INSERT INTO baseline.tokens VALUES ('\xfb25086d552c2f0a8fcf534184012b1d1bb008532eefefa3a08ab6bd4201dbe4', 'tok_01kdvdna00ezvthcd3svtnmv2a', 'prv_01kdvdna00ez3bawryavp1e18m', NULL, 'provider', 'catalog:read providers:read customers:read customers:write subscriptions:read subscriptions:write money:read money:write payments:write policy:read policy:write sites:read tokens:write events:read messages:read messages:write sandbox:write users:read users:write audit:read', 'desk', 1767225600, 2082585600, 1767225600, NULL);


--
-- Data for Name: trials; Type: TABLE DATA; Schema: baseline; Owner: -
--



--
-- Data for Name: users; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.users VALUES ('usr_01kdvdna00eef9a5spjkxmf267', 'user2@example.com', 'Ana', '$argon2id$v=19$m=64,t=1,p=1$gXPKBdMnVQewRSlIvuGnZQ$3Rds/4Gd7m5uIct7DGALV52ldQdHWPTBtcUXBtkiMsM', NULL, NULL, 0, 1767225600, 1767225600);


--
-- Data for Name: waiting_codes; Type: TABLE DATA; Schema: baseline; Owner: -
--

INSERT INTO baseline.waiting_codes VALUES ('sub_01kdvdna00ephbnjja4vcrncf2', 'prv_01kdvdna00ez3bawryavp1e18m', 'HX73A', '\xef6440c5bceb384ac418c0f80b50f29d9b8242648d9cc532252af329a747629253c29e8383921e724e0be76f94ca391059a68ceb2a03084d055c4c76abf7d9b0806a98b538db117932ba263595972fc6c1da1992a8570d1b8c9e19b0299456', 0, 1767225600, 1768435200, NULL);


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
-- Name: provider_links pk_provider_links; Type: CONSTRAINT; Schema: baseline; Owner: -
--

ALTER TABLE ONLY baseline.provider_links
    ADD CONSTRAINT pk_provider_links PRIMARY KEY (provider, topic, seq);


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
-- Name: provider_links provider_links_refuse_change; Type: TRIGGER; Schema: baseline; Owner: -
--

CREATE TRIGGER provider_links_refuse_change BEFORE DELETE OR UPDATE ON baseline.provider_links FOR EACH ROW EXECUTE FUNCTION baseline.tenure_refuse_change();


--
-- Name: provider_links provider_links_refuse_truncate; Type: TRIGGER; Schema: baseline; Owner: -
--

CREATE TRIGGER provider_links_refuse_truncate BEFORE TRUNCATE ON baseline.provider_links FOR EACH STATEMENT EXECUTE FUNCTION baseline.tenure_refuse_change();


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


