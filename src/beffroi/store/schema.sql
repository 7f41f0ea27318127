-- The whole schema, to be read. The database is built by migrations/; a test compares the two, so this file is true.
--
--   hospitals, accounts, credentials,           registers: who feeds, who asks, what they may, who has left
--       grants, departures
--   identities, links, moves                    the people: one row per hospital's identity, and how they belong together
--   jobs                                        how the worker's jobs stand
--   role_requests                               roles that wait for a second person
--   doubts, doubt_walk                          identities that somebody should look at
--   feed_messages, feed_events, feeds, imports  what was received, what it did, and how far
--   disclosures, seen, deliveries, proofs       the facts: who was shown whom, and what became of the answer
--   foreign_logs, foreign_rejects,              what other servers' logs tell of an incident
--       foreign_facts, foreign_patients
--   incidents, incident_entries, scope_exports  what is done about a breach
--   account_states                              each account's evidence, locked by the gate
--   containments                                what was stopped, by whom and why
--   alerts, alert_deliveries                    what the duty officer is told, and whether it has arrived
--   signals, signal_*, signals_received         what other systems are told of accounts, and tell us
--   audit_repositories, audit_refusals          how far audit repositories were told
--   notifications, notification_places          consumers of the cross-reference, and of whom each is to be told
--   names_at_issuer, ended_sessions             sessions that their issuer ended
--   console_sessions                            who is signed in with a browser
--   suspicions, canaries, norm_releases, worklists, worklist_entries    what the watch knows beside it
--   presence_keys, one_time_codes, hold_releases, crises                the ways on of a held account
--   leaves, tiles, checkpoints, seal_state      the ledger: commitments to the facts, their tree, its signed roots
--   archive_segments                            which ranges of the ledger have their disclosures in files
--   cosignatures, contradictions, epochs        its witnesses, what they hold against it, what a restore lost
--   holds                                       what must not be erased
--
-- Roles: beffroi_owner owns everything; beffroi_web, beffroi_feed, beffroi_worker and beffroi_sealer have what is
-- granted at the end.

-- The runner's memory: which files of migrations/ were applied, with their checksums.
create table migrations (
    number integer primary key,
    name text not null,
    sha256 text not null,                   -- of the file's text, in hexadecimal
    applied_at timestamptz not null default now()
);

-- One row: what every process of this deployment shares. `demo` marks a database that `serve` refuses.
create table deployment (
    only_row boolean primary key default true check (only_row),
    demo boolean not null,
    created_at timestamptz not null default now(),
    reference_key bytea not null check (octet_length(reference_key) = 16),   -- patients' public references (AES), not to be walked
    nonce_key bytea not null check (octet_length(nonce_key) = 32)            -- DPoP nonces (RFC 9449 section 8)
);

create table hospitals (
    hospital_id integer primary key,
    finess text not null unique,
    name text not null,
    oid text not null unique,
    namespace text not null,
    sensitive boolean not null default false,
    networks text[] not null default '{}'   -- its own, which no containment of a network or a structure reaches
);

create table identities (
    identity_id bigint generated always as identity primary key,
    hospital_id integer not null references hospitals,
    ipp text not null,
    person_id bigint not null,              -- the identity_id of the person's oldest identity
    state "char" not null default 'a' check (state in ('a', 'm', 'd')),  -- a active, m merged, d deactivated
    merged_into bigint,
    birth_date date,
    family_key text collate "C",            -- search keys: upper case, no accents, no separators
    used_key text collate "C",              -- null when no used name
    given_key text collate "C",
    used_given_key text collate "C",
    strict_key bytea,                       -- 16 bytes, digest of the strict traits; null when this identity may not be linked by them
    ins text collate "C",                   -- value|oid, only of qualified identities
    contact_keys text[],                    -- normalised phones and e-mails
    local_only boolean not null default false, -- fictitious, anonymous: never shown outside its hospital
    restricted boolean not null default false,
    record json not null,                   -- model.person.Record
    explains_until timestamptz,
    fed_by integer,
    updated_at timestamptz not null,
    unique (hospital_id, ipp)
) with (fillfactor = 90);  -- room for activity: the most frequent change costs no index entry
create index identities_by_birth_family on identities (birth_date, family_key);
create index identities_by_birth_used on identities (birth_date, used_key) where used_key is not null;
create index identities_by_person on identities (person_id);
create index identities_by_strict on identities (strict_key) where strict_key is not null;
create index identities_by_ins on identities (ins) where ins is not null;
create index identities_by_hospital_family on identities (hospital_id, family_key);
create index identities_by_hospital_used on identities (hospital_id, used_key) where used_key is not null;
create index identities_by_contact on identities using gin (contact_keys) where contact_keys is not null;
create index identities_merged on identities (merged_into) where merged_into is not null;

-- What a hospital asserted by A24 and A37 about two of its own identities; a < b.
create table links (
    identity_a bigint not null references identities,
    identity_b bigint not null references identities,
    linked boolean not null,                -- false: asserted to be two people
    asserted_at timestamptz not null,
    primary key (identity_a, identity_b),
    check (identity_a < identity_b)
);
create index links_by_b on links (identity_b);

-- Every change of the cross-reference: which person an identity belonged to, and when.
create table moves (
    move_id bigint generated always as identity primary key,
    identity_id bigint not null,
    from_person bigint not null,
    to_person bigint not null,
    moved_at timestamptz not null,
    cause text not null
);
create index moves_by_identity on moves (identity_id);
create index moves_by_from on moves (from_person);

-- Retransmissions are recognised here; rows older than the configured time are deleted by the worker.
create table feed_messages (
    hospital_id integer not null,
    application text not null,
    facility text not null,
    control_id text not null,
    digest bytea not null,
    applied_at timestamptz not null,
    primary key (hospital_id, control_id, application, facility, digest)
);
create index feed_messages_by_time on feed_messages using brin (applied_at);

-- What a hospital's feed did to its identities, event by event, without a value of theirs. Bulk loads are not among it.
create table feed_events (
    feed_event_id bigint generated always as identity primary key,
    at timestamptz not null,
    hospital_id integer not null,
    account_id integer not null,            -- whose credential fed it
    identity_id bigint not null,
    person_id bigint not null,              -- to whom it belonged once the event was applied
    action "char" not null check (action in ('C', 'U', 'D')),  -- created, updated, gone (merged or removed)
    event text not null,                    -- A28, A31, ITI-104
    identifiers boolean not null            -- whether its identifiers, or whether they count, may have changed
);
create index feed_events_by_hospital_time on feed_events (hospital_id, at);
create index feed_events_by_time on feed_events using brin (at);

-- The last sign of life of each feed.
create table feeds (
    hospital_id integer primary key references hospitals,
    last_message_at timestamptz not null,
    message_count bigint not null default 0
);

create table accounts (
    account_id integer generated always as identity primary key,
    kind text not null check (kind in ('person', 'application')),
    issuer text not null,
    subject text not null,                  -- opaque: never parsed
    display_name text not null default '',
    status text not null default 'active' check (status in ('active', 'frozen')),  -- no longer read: account_states.frozen
    created_at timestamptz not null default now(),
    same_as integer references accounts,    -- another account of the same person, in whose row their evidence stands
    unique (issuer, subject)
);
create index accounts_same_as on accounts (same_as) where same_as is not null;

-- What an account may do for a structure. Rows come from the configuration or from two people (role_requests).
create table grants (
    account_id integer not null references accounts,
    hospital_id integer not null references hospitals,
    role text not null,
    granted_at timestamptz not null default now(),
    granted_by text not null,
    expires_at timestamptz,
    primary key (account_id, hospital_id, role)
);

-- Who has left a hospital, as the hospital says: from then on the account asks nothing in its name.
create table departures (
    account_id integer not null references accounts,
    hospital_id integer not null references hospitals,
    left_at timestamptz not null,
    said_by text not null,
    said_at timestamptz not null default now(),
    primary key (account_id, hospital_id)
);

-- The console's sessions: whom a browser's cookie stands for. The cookie is known by its digest.
create table console_sessions (
    session_digest bytea primary key check (octet_length(session_digest) = 32),
    account_id integer not null references accounts,
    sealed bytea not null check (octet_length(sealed) <= 65536),    -- tokens and name, by a key that only the cookie gives
    signed_in_at timestamptz not null,
    seen_at timestamptz not null,
    ends_at timestamptz not null,
    device_key jsonb check (length(device_key::text) <= 2048),      -- the public key of the device, once the browser bound it
    bound_at timestamptz,
    answered_at timestamptz,                                        -- when the newest challenge that it answered was made
    unproved_at timestamptz,                                        -- when it first came without its device's key
    check ((device_key is null) = (bound_at is null)),
    check ((device_key is null) = (answered_at is null))
);
create index console_sessions_by_account on console_sessions (account_id);

-- Certificates and loopback facilities that stand for an application account (HL7 v2 has no token).
create table credentials (
    credential text primary key,            -- "x5t:" and a certificate's hex SHA-256, "loopback:" and MSH-4, "client:" and issuer|client id
    account_id integer not null references accounts,
    hospital_id integer not null references hospitals,
    may_feed boolean not null,
    may_query boolean not null
);

-- The account's row in the gate: locked first, in the order of account_id, written once per batch.
create table account_states (
    account_id integer primary key references accounts,
    running_number bigint not null default 0,   -- of its last disclosure
    evidence json not null default '{}',        -- watch state, at most 8 KiB
    frozen boolean not null default false,      -- stopped by a person, or by certainty: reads nothing
    rung smallint not null default 0,           -- on which the watch last put it (watch.evidence)
    structure_id integer,                       -- for which it last asked
    score integer not null default 0,           -- of its own sequences, in thousandths of a bit
    device text,                                -- by which it last asked: the beginning of the session key
    network text,
    neighbourhood text,                         -- in which it last searched: a month of birth, two letters
    asked_at timestamptz
);
create index account_states_warned on account_states (structure_id) where rung >= 1;

-- The facts. Never updated. Insert only, for the roles that serve.
create table disclosures (
    disclosure_id bigint generated always as identity primary key,
    at timestamptz not null,
    account_id integer not null,
    running_number bigint not null,         -- this account's n-th disclosure
    role text not null,
    structure_id integer not null,
    application text not null,
    session_key bytea not null,
    network text not null,
    door smallint not null,
    operation smallint not null,
    outcome smallint not null,
    purpose text not null,
    reason text not null,
    request_id uuid not null,
    request json not null,                  -- normalised criteria
    policy_version text not null,
    criteria_fields integer not null,       -- what a match, or its absence, told
    shown json not null,                    -- [[person_id, fields, [identity_id, ...]], ...]
    nonce bytea not null,                   -- 16 bytes, for the ledger's commitment
    transaction xid8 not null default pg_current_xact_id(),
    new_explained smallint not null default 0,      -- new patients, for evidence across accounts; no part of the leaf
    new_unexplained smallint not null default 0,
    unique (account_id, running_number)
);
create index disclosures_by_structure_time on disclosures (structure_id, at);

-- "Who saw me?" and "has this account seen her?", exactly.
create table seen (
    person_id bigint not null,
    account_id integer not null,
    disclosure_id bigint not null,
    at timestamptz,                         -- null in rows of older releases: long ago
    primary key (person_id, account_id, disclosure_id)
);

-- What became of an answer: absent while unknown.
create table deliveries (
    disclosure_id bigint primary key,
    sent boolean not null                   -- false: aborted
);

-- DPoP proofs already used (RFC 9449 section 11.1), exact across processes. Old minutes are deleted by the worker.
create table proofs (
    minute integer not null,
    digest bytea not null,
    primary key (minute, digest)
);

-- What was stopped by hand, or by certainty. In force from `in_force_from` until it is released or has expired; the gate
-- reads what is in force (of accounts: account_states.frozen). People are `operator:NAME`, `account:NUMBER`, `issuer:URL`.
create table containments (
    containment_id bigint generated always as identity primary key,
    kind text not null check (kind in ('account', 'device', 'application', 'network', 'structure')),
    target text not null,                   -- a number, a thumbprint in hexadecimal, a client id, a network
    spared text[] not null default '{}',    -- networks that it does not reach
    reason text not null,
    asked_by text not null,
    asked_at timestamptz not null,
    confirmed_by text check (confirmed_by <> asked_by),
    in_force_from timestamptz,              -- null while it waits for the second person
    expires_at timestamptz,
    release_reason text,
    release_asked_by text,
    release_asked_at timestamptz,
    released_by text check (kind <> 'account' or released_by <> release_asked_by),
    released_at timestamptz,
    check (kind not in ('network', 'structure') or in_force_from is null or confirmed_by is not null),
    check (kind not in ('network', 'structure') or expires_at is not null)
);
create unique index containments_open on containments (kind, target) where released_at is null;

-- What the duty officer is told: written in the transaction that decides. Names no patient.
create table alerts (
    alert_id bigint generated always as identity primary key,
    kind text not null,
    severity smallint not null,
    account_id integer,
    topic text not null,                    -- alerts of one account, kind and topic within a window are one row
    first_at timestamptz not null,
    last_at timestamptz not null,
    count integer not null default 1,
    particulars json not null,
    planned boolean not null default false, -- it is to go out by each channel
    summed boolean not null default false   -- so is the word that it came again
);
create index alerts_repeated on alerts (account_id, kind, topic, first_at);
create index alerts_unplanned on alerts (alert_id) where not planned;
create index alerts_unsummed on alerts (first_at) where not summed and count > 1;

-- Each alert by each channel until it has arrived, or was given up (dead). Part 1: that it came again, and how often.
create table alert_deliveries (
    alert_id bigint not null references alerts,
    part smallint not null,
    channel text not null,
    attempts integer not null default 0,
    next_at timestamptz not null,
    delivered_at timestamptz,
    dead_at timestamptz,
    failure text not null default '',
    primary key (alert_id, part, channel)
);
create index alert_deliveries_due on alert_deliveries (next_at) where delivered_at is null and dead_at is null;
-- --- the watch

-- What other accounts did by the same channel, in thousandths of a bit; written by the worker, read by every gate.
create table suspicions (
    kind text not null,                     -- device, network, structure or neighbourhood
    key text not null,
    points integer not null check (points >= 0),
    until timestamptz not null,
    primary key (kind, key)
);

-- Fictitious people on the paths that a sweep takes. Evidence, never a hold by themselves.
create table canaries (
    person_id bigint primary key,
    made_at timestamptz not null,
    retired_at timestamptz
);

-- Base rates and ceilings of roles and sites, as released: signed by keys that the configuration names, never by the server.
create table norm_releases (
    release_id bigint generated always as identity primary key,
    applied_at timestamptz not null default now(),
    content text not null,                  -- the signed text, as it was proposed
    signature text not null                 -- of a named key (C2SP signed-note)
);

-- Patients whom somebody deposited beforehand, to be read by others of their hospital. No contact fields.
create table worklists (
    worklist_id bigint generated always as identity primary key,
    hospital_id integer not null references hospitals,
    role text not null,                     -- of those who read it
    deposited_by integer not null references accounts,
    approved_by integer references accounts,    -- the second person, whom a batch needs
    ready boolean not null default false,       -- small enough, or approved
    deposited_at timestamptz not null,
    expires_at timestamptz not null,
    purpose text not null,
    lines integer not null default 0,           -- how many people it named
    check (approved_by is null or approved_by <> deposited_by)
);

create table worklist_entries (
    person_id bigint not null,
    worklist_id bigint not null references worklists on delete cascade,
    primary key (person_id, worklist_id)
);
create index worklist_entries_by_list on worklist_entries (worklist_id);

-- What others are to be told (Shared Signals), queued in the transaction that decides; `body` is model.signal.Signal.
create table signals (
    signal_id bigint generated always as identity primary key,
    at timestamptz not null,
    stream text,
    body json not null,
    planned boolean not null default false
);
create index signals_unplanned on signals (signal_id) where not planned;

-- One stream for each receiver of the configuration, with the status that it wants.
create table signal_streams (
    stream text primary key,
    status text not null default 'enabled' check (status in ('enabled', 'paused', 'disabled')),
    reason text not null default '',
    verified_at timestamptz
);

-- Each event on each stream, under an identifier of its own, until its receiver has it.
create table signal_deliveries (
    signal_id bigint not null references signals,
    stream text not null,
    jti text not null unique,
    attempts integer not null default 0,
    next_at timestamptz not null,
    delivered_at timestamptz,
    dead_at timestamptz,
    failure text not null default '',
    primary key (signal_id, stream)
);
create index signal_deliveries_due on signal_deliveries (stream, next_at)
    where delivered_at is null and dead_at is null;

-- Audit repositories (IHE ITI-20): everything before `position` was told to each, or refused by it. While the
-- configuration names one (`listed`), the archive waits for it.
create table audit_repositories (
    repository text not null,
    stream text not null check (stream in ('disclosures', 'feed')),
    position bigint not null,               -- of the ledger's leaves, or of the feed's events
    listed boolean not null default true,
    attempts integer not null default 0,    -- of what is next
    next_at timestamptz not null,
    sent_at timestamptz,
    failure text not null default '',
    primary key (repository, stream)
);

-- What one would not take; `again`: it is to be sent once more.
create table audit_refusals (
    repository text not null,
    stream text not null,
    position bigint not null,
    refused_at timestamptz not null,
    failure text not null,
    again boolean not null default false,
    primary key (repository, stream, position),
    foreign key (repository, stream) references audit_repositories
);

-- Consumers of the cross-reference (IHE ITI-10): up to which event of feeds and which move their queues are made.
create table notification_places (
    consumer text primary key,
    feed_event bigint not null,
    move bigint not null,
    attempts integer not null default 0,    -- how often in a row it could not be told
    next_at timestamptz not null default '-infinity',
    failure text not null default ''
);

-- Of whom each is still to be told: once, however often she changed. She is looked up when it is told.
create table notifications (
    consumer text not null,
    person_id bigint not null,
    own boolean not null,                   -- only the consumer's own credential caused it
    alone boolean not null,                 -- also when one identifier is left
    queued_at timestamptz not null,
    attempts integer not null default 0,    -- how often it was answered with AE
    next_at timestamptz not null,
    dead_at timestamptz,
    failure text not null default '',
    primary key (consumer, person_id)
);
create index notifications_waiting on notifications (consumer, queued_at, person_id) where dead_at is null;
create index notifications_dead on notifications (consumer) where dead_at is not null;

-- Tokens of others that were done: each counts once.
create table signals_received (
    issuer text not null,
    jti text not null,
    at timestamptz not null,
    primary key (issuer, jti)
);

-- How an issuer may name an account when it ends a session: `sub:` or `sid:` and the name.
create table names_at_issuer (
    issuer text not null,
    name text not null,
    account_id integer not null references accounts,
    seen_at timestamptz not null,
    primary key (issuer, name, account_id)
);

-- Tokens issued to a session (empty: to any of the account) until then are refused by the gate.
create table ended_sessions (
    account_id integer not null references accounts,
    session text not null,
    ended_at timestamptz not null,
    by_whom text not null,
    primary key (account_id, session)
);

-- --- the hospitals' bulk imports

-- How far each file came, written in the same transaction as its rows, so that a crash loses and doubles nothing.
create table imports (
    hospital_id integer not null references hospitals,
    digest bytea not null,                  -- SHA-256 of the whole file
    line_number bigint not null,            -- of the last line done; the next run goes on after it
    applied_count bigint not null,
    duplicate_count bigint not null,
    ignored_count bigint not null,
    rejected_count bigint not null,
    started_at timestamptz not null,
    finished_at timestamptz,                -- null while it runs, and after a crash
    primary key (hospital_id, digest)
);

-- Which lines were refused and why: never the lines themselves.
create table import_rejects (
    hospital_id integer not null,
    digest bytea not null,
    line_number bigint not null,
    reason text not null,
    primary key (hospital_id, digest, line_number),
    foreign key (hospital_id, digest) references imports on delete cascade
);

-- --- the ledger

-- One leaf per disclosure, in the order in which they were sealed. No reference: a disclosure may be erased, its leaf stays.
create table leaves (
    tree_index bigint primary key check (tree_index >= 0),
    disclosure_id bigint unique,            -- null: the statement of a gap is a leaf, and no disclosure
    commitment bytea not null check (octet_length(commitment) = 32),
    account_id integer,                     -- whose, and which of its disclosures: so an account's chain goes on when
    running_number bigint,                  --   the disclosure before has been archived or erased
    erased_at timestamptz
);
create unique index leaves_by_account on leaves (account_id, running_number);

-- C2SP tlog-tiles: up to 256 hashes each. A tile that is not full grows at its end until it is.
create table tiles (
    level smallint not null check (level >= 0),
    tile_index bigint not null check (tile_index >= 0),
    hashes bytea not null check (octet_length(hashes) between 32 and 8192 and octet_length(hashes) % 32 = 0),
    primary key (level, tile_index)
);
alter table tiles alter hashes set storage external;    -- hashes cannot be compressed: do not try

-- C2SP tlog-checkpoint: every root that was ever signed.
create table checkpoints (
    tree_size bigint primary key check (tree_size > 0),
    root bytea not null check (octet_length(root) = 32),
    note text not null,                     -- the signed note, as it is published
    signed_at timestamptz not null,
    number bigint unique                    -- the n-th checkpoint: one that was taken away is missed
);

-- One row: up to where every disclosure is sealed (or will never be there), and from when on more is known to be final.
create table seal_state (
    only_row boolean primary key default true check (only_row),
    system_identifier bigint not null,      -- of the cluster that the transaction number belongs to
    settled_below bigint not null,          -- every disclosure up to this number is sealed, or was rolled back
    mark_disclosure bigint not null,        -- the highest number seen before `mark_transaction` began:
    mark_transaction xid8 not null,         -- once all transactions before this one have ended, up to there is final
    final_below bigint not null default 0   -- committed when an epoch began, whichever cluster's transaction wrote it
);

-- What a restore lost: the statement is a leaf of the tree that goes on (docs/reference/ledger.md, "A gap").
create table epochs (
    epoch integer primary key check (epoch > 1),
    tree_index bigint not null unique,      -- of the statement's leaf: the leaves before are what was left
    statement text not null,                -- the signed note
    declared_at timestamptz not null
);

-- C2SP tlog-cosignature: the witnesses' signatures below our checkpoints.
create table cosignatures (
    tree_size bigint not null,
    witness text not null,                  -- the name of its key
    number bigint not null,                 -- this witness's n-th
    line text not null,                     -- the signature line
    cosigned_at timestamptz not null,       -- as it says
    primary key (tree_size, witness),
    unique (witness, number)
);

-- Checkpoints that we signed, held by a witness, of a tree that ours does not continue. While an epoch has one, nothing
-- is sealed in it.
create table contradictions (
    epoch integer not null,
    witness text not null,
    tree_size bigint not null,
    note text not null,
    found_at timestamptz not null,
    primary key (epoch, witness)
);

-- How the last exchange with each witness ended.
create table witness_states (
    witness text primary key,
    state text not null,                    -- actions.cosign.WitnessState
    tree_size bigint not null,              -- what it cosigned last
    at timestamptz not null
);

-- What must not be erased, whatever its age. What a hold leaves open it does not ask for.
create table holds (
    hold_id integer generated always as identity primary key,
    account_id integer,
    people bigint[],                        -- numbers under which a patient was ever shown: of persons and of identities
    from_at timestamptz,
    until_at timestamptz,
    reason text not null,
    placed_at timestamptz not null,
    placed_by text not null,
    lifted_at timestamptz,
    lifted_by text,
    check (num_nonnulls(account_id, people, from_at, until_at) > 0)
);

-- Persons and identities that a disclosure names.
create function people_of(shown json) returns bigint[]
language sql immutable set search_path = pg_catalog as $$
    select coalesce(array_agg(n), '{}')
    from json_array_elements(shown) as s (one),
        lateral (
            select (one ->> 0)::bigint
            union all
            select i::bigint from json_array_elements_text(one -> 2) as i
        ) as named (n)
$$;

-- Whether a hold that was not lifted asks for this disclosure.
create function is_held(account integer, moment timestamptz, shown json) returns boolean
language sql stable set search_path = pg_catalog, public as $$
    select exists (
        select from holds h
        where h.lifted_at is null
          and (h.account_id is null or h.account_id = account)
          and (h.from_at is null or moment >= h.from_at)
          and (h.until_at is null or moment <= h.until_at)
          and (h.people is null or h.people && people_of(shown))
    )
$$;

-- --- the ways on of a held account

-- Security keys (WebAuthn), enrolled in person: public keys alone.
create table presence_keys (
    credential_id bytea primary key check (octet_length(credential_id) between 1 and 1023),
    account_id integer not null references accounts,
    public_key bytea not null,              -- COSE
    sign_count bigint not null,
    enrolled_at timestamptz not null,
    granted_by text not null,               -- who had the person in front of them
    used_at timestamptz,
    revoked_at timestamptz,
    revoked_by text
);
create index presence_keys_by_account on presence_keys (account_id);

-- Codes that one person hands to another, each for one use: to enrol a key, to have patients confirmed.
create table one_time_codes (
    digest bytea primary key check (octet_length(digest) = 32),
    kind text not null check (kind in ('enrol', 'colleague')),
    account_id integer not null references accounts,    -- for whom it was made
    made_by text not null,
    made_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);
create index one_time_codes_by_account on one_time_codes (account_id, made_at);

-- Releases of held accounts; `released_at` null while one waits for its second person.
create table hold_releases (
    release_id bigint generated always as identity primary key,
    account_id integer not null references accounts,
    reason text not null,
    asked_by text not null,
    asked_at timestamptz not null,
    released_by text,
    released_at timestamptz
);
create index hold_releases_by_account on hold_releases (account_id, asked_at);

-- A declared crisis (plan blanc): more emergency readings with a second person, for some hours, by two people.
create table crises (
    crisis_id bigint generated always as identity primary key,
    hospital_id integer references hospitals,   -- null: the whole region
    reason text not null,
    declared_by text not null,
    declared_at timestamptz not null,
    confirmed_by text check (confirmed_by <> declared_by),
    in_force_from timestamptz,
    expires_at timestamptz not null,
    ended_by text,
    check (in_force_from is null or confirmed_by is not null)
);

-- --- roles by two people, one of them at the machine

-- A role that somebody asked for, until another person agrees, it is withdrawn, or a day has passed.
create table role_requests (
    request_id integer generated always as identity primary key,
    account_id integer not null references accounts,        -- who is to have it
    hospital_id integer not null references hospitals,
    role text not null,
    until timestamptz not null,
    reason text not null,
    asked_by text not null,                 -- as in containments
    asked_at timestamptz not null,
    at_machine boolean not null default false,  -- asked under the owner's role, not by a server
    agreed_by text check (agreed_by <> asked_by),
    withdrawn_by text,
    ended_at timestamptz,
    check (ended_at is null or num_nonnulls(agreed_by, withdrawn_by) = 1)
);
create index role_requests_open on role_requests (asked_at) where ended_at is null;

-- A role that was asked for at the machine is given, once a signed-in operator agrees; false when it does not wait for
-- that. The serving processes reach grants by this function alone: whoever takes a server over can give nothing that
-- nobody at the machine has asked for.
create function agree_to_role(of_request integer, operator integer) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    one role_requests;
begin
    select * into one from role_requests
    where request_id = of_request and ended_at is null and at_machine and asked_at > now() - interval '1 day'
    for update;
    if one.request_id is null or one.account_id = operator or not exists (
        select from grants g
        where g.account_id = operator and g.role = 'operator' and (g.expires_at is null or g.expires_at > now())
    ) then
        return false;
    end if;
    update role_requests set agreed_by = 'account:' || operator, ended_at = now() where request_id = of_request;
    insert into grants (account_id, hospital_id, role, granted_by, expires_at)
    values (one.account_id, one.hospital_id, one.role, one.asked_by || ', account:' || operator, one.until)
    on conflict (account_id, hospital_id, role)
    do update set granted_at = now(), granted_by = excluded.granted_by, expires_at = excluded.expires_at;
    return true;
end $$;

-- --- doubtful identities: found by the worker's walk, shown to identity cells by the gate

-- What an identity cell should look at: `other_id` is 0 where the identity is in doubt by itself.
create table doubts (
    hospital_id integer not null references hospitals,      -- whose identity cell is told
    identity_id bigint not null,                            -- of that hospital
    other_id bigint not null default 0,                     -- of that hospital, or of one that it may know of
    kind text not null check (kind in ('ins', 'here', 'near', 'flag')),
    found_at timestamptz not null,
    primary key (hospital_id, kind, identity_id, other_id)
);
create index doubts_by_identity on doubts (identity_id);

-- One row: how far the walk came.
create table doubt_walk (
    only_row boolean primary key default true check (only_row),
    looked_to bigint not null default 0,    -- identities up to this number, in this round
    ended_at timestamptz                    -- of the last whole round
);

-- How the worker's jobs stand, one row each, as it tells them itself. Written anew every few seconds: half of a page is left for the next version of its rows, and no index is on a time.
create table jobs (
    job text not null,                      -- model.job.Job
    about text not null,                    -- which one, of several: the witness
    next_at timestamptz not null,           -- when it is to run
    noted_at timestamptz not null,          -- when its worker said so
    begun_at timestamptz,                   -- after ended_at: it runs
    ended_at timestamptz,
    took_s double precision not null,
    failure text not null,                  -- of the last run: the name of an exception or of a state of ours
    failures integer not null,              -- in a row
    done_count bigint not null,             -- by the last run that had something to do
    done_at timestamptz,
    waiting bigint,
    primary key (job, about)
) with (fillfactor = 50);

-- A birth date with day and month exchanged; itself where there is no such date.
create function exchanged(born date) returns date
language sql immutable set search_path = pg_catalog as $$
    select case when extract(day from born) <= 12
        then make_date(extract(year from born)::int, extract(day from born)::int, extract(month from born)::int)
        else born end
$$;

-- Whether two traits are both known and differ.
create function differ(one text, other text) returns integer
language sql immutable set search_path = pg_catalog as $$
    select (coalesce(one, '') not in ('', 'U', '99999') and coalesce(other, '') not in ('', 'U', '99999')
            and one <> other)::int
$$;

-- Looks at the next `rows_max` identities, beginning anew behind the last one; null when another worker is at it, or how
-- many were looked at. Two identities belong side by side when they bear one INS and are two people; when they are of one
-- hospital and four of five strict traits do not differ (whoever they are taken for); or when they are of two hospitals,
-- two people, and neither a check of documents alone stands between them nor their hospital said that they are two. At
-- most 20 for each identity. What a hospital may not know of is left out (law 4).
create function find_doubts(rows_max integer) returns integer
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    above bigint;
    looked bigint[];
begin
    insert into doubt_walk default values on conflict do nothing;
    select looked_to into above from doubt_walk for update skip locked;
    if above is null then
        return null;
    end if;
    looked := array(select identity_id from identities where identity_id > above order by identity_id limit rows_max);
    with own as materialized (
        select i.identity_id, i.hospital_id, i.person_id, i.birth_date, i.family_key, i.used_key, i.given_key, i.ins,
               i.strict_key, i.record ->> 'sex' as sex, i.record #>> '{birth_place,cog}' as place,
               i.record -> 'attributes' as attributes
        from identities i where i.identity_id = any(looked) and i.state = 'a'
    ), found as materialized (
        select o.hospital_id, o.identity_id, 0::bigint as other_id, 'flag' as kind from own o
        where exists (
            select from json_array_elements_text(o.attributes) as a (attribute)
            where attribute in ('DOUT', 'FICT', 'ANOM', 'COLP', 'USUR', 'DPOT', 'DOUA')
        )
        union all
        select o.hospital_id, o.identity_id, c.identity_id, c.kind from own o, lateral (
            select distinct on (x.identity_id) x.identity_id, case
                when o.ins = x.ins and o.person_id <> x.person_id then 'ins'
                when o.hospital_id = x.hospital_id then 'here'
                else 'near' end as kind
            from (
                select * from identities where ins = o.ins and person_id <> o.person_id
                union all
                select * from identities where birth_date in (o.birth_date, exchanged(o.birth_date)) and family_key = o.family_key
                union all
                select * from identities where birth_date = o.birth_date and used_key = o.family_key
                union all
                select * from identities where birth_date = o.birth_date and family_key = o.used_key
            ) as x join hospitals h using (hospital_id)
            left join links l on l.identity_a = least(o.identity_id, x.identity_id)
                and l.identity_b = greatest(o.identity_id, x.identity_id)
            where x.state = 'a' and l.linked is null
              and (x.hospital_id = o.hospital_id and x.identity_id > o.identity_id
                   or x.hospital_id <> o.hospital_id and x.person_id <> o.person_id and not x.local_only and not h.sensitive)
              and (o.ins = x.ins and o.person_id <> x.person_id
                   or (x.given_key ^@ o.given_key or o.given_key ^@ x.given_key) and x.given_key <> '' and o.given_key <> ''
                      and differ(x.record ->> 'sex', o.sex) + differ(x.record #>> '{birth_place,cog}', o.place)
                          + (x.birth_date <> o.birth_date)::int + (x.family_key <> o.family_key)::int <= 1
                      and (x.hospital_id = o.hospital_id or x.ins <> o.ins or x.strict_key = o.strict_key
                           or (x.birth_date, x.family_key, x.given_key) <> (o.birth_date, o.family_key, o.given_key)
                           or x.record ->> 'sex' is distinct from o.sex
                           or x.record #>> '{birth_place,cog}' is distinct from o.place))
            order by x.identity_id
            limit 20
        ) as c
    ), gone as (
        delete from doubts d where d.identity_id = any(looked)
          and not exists (select from found f where (f.hospital_id, f.identity_id, f.other_id, f.kind)
                                                  = (d.hospital_id, d.identity_id, d.other_id, d.kind))
    )
    insert into doubts (hospital_id, identity_id, other_id, kind, found_at)
    select hospital_id, identity_id, other_id, kind, now() from found
    on conflict do nothing;
    if cardinality(looked) < rows_max then
        update doubt_walk set looked_to = 0, ended_at = now();
    else
        update doubt_walk set looked_to = looked[cardinality(looked)];
    end if;
    return cardinality(looked);
end $$;

-- --- logs that Beffroi did not write: apart from our own facts, reached by the owner alone

-- How far each log was read, written in the same transaction as its facts, so that a crash loses and doubles nothing.
create table foreign_logs (
    log_id integer generated always as identity primary key,
    server text not null,                   -- how the investigation calls the server that wrote it
    digest bytea not null,                  -- SHA-256 of the whole file
    format text not null,
    numbers_of integer references hospitals, -- whose IPPs the server's own patient numbers are; null: nobody's here
    line_number bigint not null,            -- of the last line done; the next run goes on after it
    fact_count bigint not null,
    passed_count bigint not null,           -- lines that read nobody
    rejected_count bigint not null,
    started_at timestamptz not null,
    finished_at timestamptz,                -- null while it runs, and after a crash
    unique (server, digest)
);

-- Which lines could not be read and why: never the lines themselves.
create table foreign_rejects (
    log_id integer not null references foreign_logs on delete cascade,
    line_number bigint not null,
    reason text not null,
    primary key (log_id, line_number)
);

-- One line, or message, that tells of a disclosure by that server, or of a sign-in.
create table foreign_facts (
    log_id integer not null references foreign_logs on delete cascade,
    line_number bigint not null,
    at timestamptz not null,
    operation smallint not null,
    outcome smallint not null,              -- model.foreign.ForeignOutcome
    certainty smallint not null,            -- model.foreign.Certainty
    known smallint not null,                -- model.foreign.Known
    actor text not null,
    actor_name text not null,
    application text not null,
    network text not null,
    session text not null,                  -- a digest
    exchange text not null,                 -- joins a question to its answer
    answers boolean not null,
    criteria json not null,                 -- identity criteria, with their values
    fields integer not null,
    beyond_identity boolean not null,       -- more than an identity was asked for; what it was is not kept
    primary key (log_id, line_number)
);
create index foreign_facts_by_actor on foreign_facts (actor) where actor <> '';
create index foreign_facts_by_name on foreign_facts (actor_name) where actor_name <> '';
create index foreign_facts_by_network on foreign_facts (network);
create index foreign_facts_by_time on foreign_facts (at);
create index foreign_facts_by_exchange on foreign_facts (exchange) where exchange <> '';

-- Whom a fact is about, as that server names patients.
create table foreign_patients (
    log_id integer not null,
    line_number bigint not null,
    system text not null,                   -- an OID, a namespace or an address; empty: the server's own numbers
    value text not null,
    primary key (log_id, line_number, system, value),
    foreign key (log_id, line_number) references foreign_facts on delete cascade
);
create index foreign_patients_by_value on foreign_patients (value, system);

-- --- incidents and their history: kept by the owner and, in the console, by data protection officers

create table incidents (
    incident_id integer generated always as identity primary key,
    title text not null,
    state text not null check (state in ('suspected', 'confirmed', 'notified', 'closed', 'dismissed')),
    opened_at timestamptz not null,
    aware_at timestamptz,                   -- when the controller knew: the 72 hours of article 33(1) count from here
    selections json not null,               -- model.selection.Selection, a list
    facts text not null default '',         -- article 33(5)
    effects text not null default '',
    measures text not null default '',
    severity json,                          -- breach.severity.Severity; null while only proposed
    changed_at timestamptz not null
);

-- Everything that was done to an incident, by whom and why. Added only.
create table incident_entries (
    entry_id bigint generated always as identity primary key,
    incident_id integer not null references incidents,
    at timestamptz not null,
    account_id integer not null references accounts,
    kind text not null,                     -- opened, state, aware, note, selections, told, severity, report
    reason text not null,
    particulars json not null               -- text to text
);
create index incident_entries_by_incident on incident_entries (incident_id, entry_id);

-- --- the archive

-- One row for each segment: the leaves `first_index` to before `end_index`, without a hole between two of them.
create table archive_segments (
    segment integer primary key check (segment >= 0),
    first_index bigint not null unique check (first_index >= 0),
    end_index bigint not null unique check (end_index > first_index),
    first_at timestamptz not null,          -- of its disclosures
    last_at timestamptz not null,
    disclosures_count bigint not null,
    manifest text not null,                 -- the signed note, as it lies beside the files
    moved_at timestamptz not null default now(),
    taken_to bigint not null default 0,     -- leaves up to here have left these tables
    erased_at timestamptz,                  -- its files are gone or going, and nothing reads them any more
    erased_to bigint not null default 0     -- leaves up to here say so; the files went before
);

-- Notes a segment, or does nothing. Whoever calls it can note nothing that is not sealed under a signed checkpoint,
-- nothing of the last 30 days, and only as many disclosures as the files hold.
create function archive_disclosures(
    of_segment integer, from_index bigint, to_index bigint, files_count bigint, note text
)
returns bigint
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    due_segment integer;
    due_index bigint;
    earliest timestamptz;
    latest timestamptz;
    here bigint;
begin
    lock table archive_segments in share row exclusive mode;
    select coalesce(max(segment) + 1, 0), coalesce(max(end_index), 0) into due_segment, due_index from archive_segments;
    if of_segment <> due_segment or from_index <> due_index then
        raise exception 'another segment is due';
    end if;
    if exists (select from archive_segments where taken_to < end_index) then
        raise exception 'the segment before has not left yet';
    end if;
    if not exists (select from checkpoints where tree_size >= to_index) then
        raise exception 'not sealed under a checkpoint';
    end if;
    select min(d.at), max(d.at), count(*) into earliest, latest, here
    from leaves l join disclosures d using (disclosure_id)
    where l.tree_index >= from_index and l.tree_index < to_index;
    if latest is null or latest > now() - interval '30 days' then
        raise exception 'too young, or nothing';
    end if;
    if here <> files_count then
        raise exception 'the files hold % disclosures, and % are here', files_count, here;
    end if;
    insert into archive_segments (segment, first_index, end_index, first_at, last_at, disclosures_count, manifest, taken_to)
    values (of_segment, from_index, to_index, earliest, latest, here, note, from_index);
    return here;
end $$;

-- Takes the disclosures of the next leaves of the noted segment away; how many leaves are left after that.
create function take_archived(leaves_max integer) returns bigint
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    of_segment integer;
    from_index bigint;
    to_index bigint;
    last_index bigint;
begin
    select segment, taken_to, least(taken_to + leaves_max, end_index), end_index
    into of_segment, from_index, to_index, last_index
    from archive_segments where taken_to < end_index order by segment limit 1 for update;
    if of_segment is null then
        return 0;
    end if;
    delete from seen s
    using leaves l, disclosures d, json_array_elements(d.shown) as e (sight)
    where l.tree_index >= from_index and l.tree_index < to_index and d.disclosure_id = l.disclosure_id
      and s.person_id = (e.sight ->> 0)::bigint and s.account_id = d.account_id and s.disclosure_id = d.disclosure_id;
    delete from deliveries f using leaves l
    where l.tree_index >= from_index and l.tree_index < to_index and f.disclosure_id = l.disclosure_id;
    delete from disclosures d using leaves l
    where l.tree_index >= from_index and l.tree_index < to_index and d.disclosure_id = l.disclosure_id;
    update archive_segments set taken_to = to_index where segment = of_segment;
    return last_index - to_index;
end $$;

-- Forgets what the watch remembers of accounts that asked nothing since; but for when that was.
create function forget_evidence(before timestamptz, rows_max integer) returns integer
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    forgotten integer;
begin
    if before > now() - interval '420 days' then
        raise exception 'it still counts';
    end if;
    with old as (  -- held and stopped accounts wait for a person
        select account_id from account_states
        where asked_at < before and rung < 4 and not frozen
        order by account_id limit rows_max for update skip locked
    )
    update account_states s
    set evidence = json_build_object('last', json_build_array('', 0, extract(epoch from s.asked_at)::bigint, 0)),
        rung = 0, score = 0, structure_id = null, device = null, network = null, neighbourhood = null, asked_at = null
    from old where s.account_id = old.account_id;
    get diagnostics forgotten = row_count;
    return forgotten;
end $$;

-- Erases disclosures with their nonces, of what is sealed, old enough and not held: the leaf says when. Looks at
-- `rows_max` disclosures above a number; gives the last one looked at, how many were erased, and whether younger ones
-- follow. Whoever asks, nothing younger than 400 days goes: the watch counts a year, and an authority asks later.
create function erase_disclosures(
    older_than timestamptz, above bigint, rows_max integer, out last_number bigint, out erased bigint, out young boolean
)
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    with looked as materialized (
        select d.disclosure_id, d.account_id, d.at, d.shown,
               d.at < least(older_than, now() - interval '400 days') as old
        from disclosures d
        where d.disclosure_id > above
        order by d.disclosure_id
        limit rows_max
    ), due as materialized (
        select l.* from looked l join leaves s using (disclosure_id)
        where l.old and not is_held(l.account_id, l.at, l.shown)
          and not exists (                      -- its row is in files already, and goes with them
              select from archive_segments a where s.tree_index >= a.first_index and s.tree_index < a.end_index)
    ), unseen as (
        delete from seen s using due, unnest(people_of(due.shown)) as p (person)
        where s.person_id = p.person and s.account_id = due.account_id and s.disclosure_id = due.disclosure_id
    ), undelivered as (
        delete from deliveries v using due where v.disclosure_id = due.disclosure_id
    ), gone as (
        delete from disclosures d using due where d.disclosure_id = due.disclosure_id returning d.disclosure_id
    ), marked as (
        update leaves s set erased_at = now() from gone where s.disclosure_id = gone.disclosure_id returning 1
    )
    select (select max(disclosure_id) from looked), (select count(*) from marked),
           (select coalesce(bool_or(not old), false) from looked)
$$;

-- Notes that a segment is erased, or that it is not to be: false. Whoever asks, nothing goes that is younger than 400
-- days, that is still leaving these tables, or that a hold may ask for. Holds are compared with the whole segment: its
-- accounts and its times are known here; of a hold on a patient the caller says (`cleared`) that the files have no row
-- of it. A hold that is placed meanwhile is not among those.
create function erase_archived(of_segment integer, older_than timestamptz, cleared integer[]) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    one archive_segments;
    unerased bigint;
begin
    select * into one from archive_segments where segment = of_segment;
    if one.segment is null or one.erased_at is not null or one.taken_to < one.end_index
            or one.last_at >= least(older_than, now() - interval '400 days') then
        return false;
    end if;
    select count(*) into unerased from leaves l
    where l.tree_index >= one.first_index and l.tree_index < one.end_index
      and l.account_id is not null and l.disclosure_id is not null and l.erased_at is null;
    if unerased > one.disclosures_count then
        raise exception 'the files hold % disclosures, and % leaves are theirs', one.disclosures_count, unerased;
    end if;
    lock table holds in share mode;         -- of those that are being placed, too
    if exists (
        select from holds h
        where h.lifted_at is null
          and (h.account_id is null or exists (
              select from leaves l
              where l.account_id = h.account_id and l.tree_index >= one.first_index and l.tree_index < one.end_index))
          and (h.from_at is null or one.last_at >= h.from_at)
          and (h.until_at is null or one.first_at <= h.until_at)
          and (h.people is null or not h.hold_id = any(coalesce(cleared, '{}')))
    ) then
        return false;
    end if;
    update archive_segments set erased_at = now(), erased_to = first_index
    where segment = of_segment and erased_at is null;
    return true;
end $$;

-- Marks the next leaves of an erased segment, once its files are gone; how many leaves are left after that.
create function mark_archived_erased(of_segment integer, leaves_max integer) returns bigint
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    one archive_segments;
    to_index bigint;
begin
    select * into one from archive_segments
    where segment = of_segment and erased_at is not null and erased_to < end_index for update;
    if one.segment is null then
        return 0;
    end if;
    to_index := least(one.erased_to + leaves_max, one.end_index);
    update leaves set erased_at = one.erased_at
    where tree_index >= one.erased_to and tree_index < to_index
      and account_id is not null and disclosure_id is not null and erased_at is null;
    update archive_segments set erased_to = to_index where segment = of_segment;
    return one.end_index - to_index;
end $$;

-- What an audit trail tells of the leaves from `first` on, in their order: no criterion's value, no key of a session, no
-- number of an identity. A leaf whose disclosure is archived or erased, or that is none, has only its index.
create function sealed_facts(first bigint, leaves_max integer) returns table (
    tree_index bigint, disclosure_id bigint, at timestamptz, kind text, subject text, role text, structure_id integer,
    application text, network text, door smallint, operation smallint, outcome smallint, purpose text, reason text,
    request_id uuid, criteria text[], criteria_fields integer, shown json, sent boolean
)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select l.tree_index, d.disclosure_id, d.at, coalesce(a.kind, 'application'),
           coalesce(a.subject, d.account_id::text), d.role, d.structure_id, d.application, d.network,
           d.door, d.operation, d.outcome, d.purpose, d.reason, d.request_id,
           array(select json_object_keys(d.request)), d.criteria_fields,
           (select coalesce(json_agg(json_build_array(one -> 0, one -> 1)), '[]') from json_array_elements(d.shown) one),
           f.sent
    from (
        select s.tree_index, s.disclosure_id from leaves s where s.tree_index >= first order by s.tree_index limit leaves_max
    ) as l
    left join disclosures d using (disclosure_id)
    left join accounts a using (account_id)
    left join deliveries f using (disclosure_id)
    order by l.tree_index
$$;

-- How many leaves there are.
create function sealed_size() returns bigint
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select coalesce(max(tree_index) + 1, 0) from leaves
$$;

-- --- whole lists that leave for hospitals: reached by the owner alone

-- A whole list for hospitals' data protection officers: asked by one, approved by another, then written once.
create table scope_exports (
    export_id integer generated always as identity primary key,
    incident_id integer references incidents,
    selections json not null,
    reason text not null,
    digest text not null,                   -- SHA-256 of the sorted references, as it was asked and approved
    patients bigint not null,
    requested_by integer not null references accounts,
    requested_at timestamptz not null,
    approved_by integer references accounts check (approved_by <> requested_by),
    approved_at timestamptz,
    ended_at timestamptz,                   -- written, or refused
    refused boolean not null default false
);

-- --- who may do what: nobody but the owner changes or deletes a disclosure

revoke all on schema public from public;
alter default privileges revoke execute on functions from public;
grant usage on schema public to beffroi_web, beffroi_feed, beffroi_worker;
grant select on migrations to beffroi_web, beffroi_feed, beffroi_worker;

-- Answering questions: reads identities, adds disclosures, keeps the accounts' evidence.
grant select on
    deployment, hospitals, identities, links, moves, feeds,
    accounts, grants, departures, credentials, account_states,
    disclosures, seen, deliveries, proofs
to beffroi_web, beffroi_feed;
grant insert on accounts, account_states, disclosures, seen, deliveries, proofs to beffroi_web, beffroi_feed;
grant update on account_states to beffroi_web, beffroi_feed;

-- What is stopped. Stopping and releasing are done from the duty officer's screen too.
grant select on containments to beffroi_web, beffroi_feed, beffroi_worker;
grant insert, update on containments to beffroi_web;

-- Alerts: rung by whoever decides, delivered by the worker.
grant select, insert, update on alerts to beffroi_web, beffroi_feed;
grant select, update on alerts to beffroi_worker;
grant select, insert, update on alert_deliveries to beffroi_worker;
-- The console, in the same processes: its sessions come and go.
grant select, insert, update, delete on console_sessions to beffroi_web;
grant select, delete on console_sessions to beffroi_worker;
grant select, insert, update on incidents to beffroi_web;
grant select, insert on incident_entries to beffroi_web;
grant select on checkpoints, witness_states to beffroi_web;
-- Reports, proofs and whole lists are made by processes that serve. A proof opens leaves: commitments and hashes are
-- what is published anyway.
grant select, insert, update on scope_exports to beffroi_web;
grant select on foreign_logs, foreign_facts, foreign_patients to beffroi_web;
grant select on leaves, tiles, cosignatures to beffroi_web;

-- Shared Signals: queued by whoever decides, pushed by the worker, polled and received by the web processes.
grant select, insert on signals, signals_received to beffroi_web;
grant select, insert, update on signal_streams, signal_deliveries, names_at_issuer, ended_sessions to beffroi_web;
grant update (planned) on signals to beffroi_web;
grant select on ended_sessions, names_at_issuer to beffroi_feed;
grant insert on signals to beffroi_feed;
grant select, insert, update, delete on signals, signal_deliveries to beffroi_worker;
grant select, insert, update on signal_streams to beffroi_worker;
grant select, delete on signals_received, names_at_issuer, ended_sessions to beffroi_worker;

-- The hospitals' feed. Messages and moves are history: added, never changed.
grant select on feed_messages to beffroi_feed;
grant insert on identities, links, moves, feed_messages, feeds to beffroi_feed;
grant update on identities, links, feeds to beffroi_feed;
grant usage on sequence identities_identity_id_seq to beffroi_feed; -- numbers are drawn before the rows are written
grant select, insert on feed_events to beffroi_feed;
grant select on feed_events to beffroi_web;
grant select, insert, update on imports to beffroi_feed;
grant select, insert on import_rejects to beffroi_feed;

-- Housekeeping: it reads what it deletes, and nothing about people but their numbers.
grant select, delete on proofs, feed_messages, feed_events to beffroi_worker;
grant select (account_id, subject) on accounts to beffroi_worker;
grant select on hospitals, feeds to beffroi_worker;

-- The watch's surroundings.
grant select on suspicions, canaries, norm_releases, worklists, worklist_entries to beffroi_web, beffroi_feed;
grant insert on worklists, worklist_entries to beffroi_web;
grant update (approved_by, ready) on worklists to beffroi_web;
grant usage on sequence worklists_worklist_id_seq to beffroi_web;

-- The worker adds up what accounts did by each channel. It reads no patient, and deletes lists that have expired.
grant select (account_id, rung, structure_id, score, device, network, neighbourhood, asked_at) on account_states
to beffroi_worker;
grant select, insert, update, delete on suspicions to beffroi_worker;
grant select (worklist_id, expires_at), delete on worklists to beffroi_worker;

-- The ways on.
grant select, insert on presence_keys, one_time_codes, hold_releases, crises to beffroi_web;
grant update (sign_count, used_at, revoked_at, revoked_by) on presence_keys to beffroi_web;
grant update (used_at) on one_time_codes to beffroi_web;
grant update (released_by, released_at) on hold_releases to beffroi_web;
grant update (confirmed_by, in_force_from, expires_at, ended_by) on crises to beffroi_web;
grant update (expires_at) on worklists to beffroi_web;
grant select on crises to beffroi_feed;
grant select (digest, expires_at), delete on one_time_codes to beffroi_worker;

-- Audit repositories: the worker tells what functions of the owner let it know.
grant execute on function sealed_facts(bigint, integer), sealed_size() to beffroi_worker;
grant select, insert, update on audit_repositories to beffroi_worker;
grant select, insert, update, delete on audit_refusals to beffroi_worker;

-- Roles: asked for in the console, given by the owner, or by the function for what was asked for at the machine.
grant execute on function agree_to_role(integer, integer) to beffroi_web;
grant select on role_requests to beffroi_web;
grant insert (account_id, hospital_id, role, until, reason, asked_by, asked_at) on role_requests to beffroi_web;
grant update (withdrawn_by, ended_at) on role_requests to beffroi_web;

-- Doubtful identities: the worker walks by one function, and is told nobody's traits.
grant execute on function find_doubts(integer) to beffroi_worker;
grant select on doubts, doubt_walk to beffroi_web;

-- The worker says how its jobs stand; the operator reads it.
grant select, insert, update, delete on jobs to beffroi_worker;
grant select on jobs to beffroi_web;

-- Consumers of the cross-reference: the worker knows whose identifiers changed, and nothing more of anybody.
grant select, insert, update, delete on notifications to beffroi_worker;
grant select, insert, update on notification_places to beffroi_worker;
grant select on moves to beffroi_worker;
grant select (identity_id, hospital_id, local_only) on identities to beffroi_worker;

-- Sealing: it reads the facts and adds to the ledger. A tile grows; a leaf and a checkpoint are never touched again.
grant usage on schema public to beffroi_sealer;
grant select on migrations, disclosures to beffroi_sealer;
grant select, insert on leaves, checkpoints to beffroi_sealer;
grant select, insert, update on tiles, seal_state to beffroi_sealer;
grant select on epochs to beffroi_sealer;
grant select, insert on cosignatures, contradictions to beffroi_sealer;
grant select, insert, update on witness_states to beffroi_sealer;
-- Erasure: the worker may have what has served its time erased, and nothing else.
grant execute on function erase_disclosures(timestamptz, bigint, integer) to beffroi_worker;
grant execute on function forget_evidence(timestamptz, integer) to beffroi_worker;

-- The archive: it reads what it moves, and takes it away by one function alone.
grant usage on schema public to beffroi_archiver;
grant select on migrations, disclosures, deliveries, leaves, tiles, checkpoints, archive_segments to beffroi_archiver;
grant execute on function archive_disclosures(integer, bigint, bigint, bigint, text) to beffroi_archiver;

-- What an audit repository was not told yet stays.
grant select on audit_repositories to beffroi_archiver;

-- A scope reads the list and the online rows in one snapshot; the audit opens what is archived.
grant select on archive_segments to beffroi_web, beffroi_feed, beffroi_sealer;
grant execute on function take_archived(integer) to beffroi_archiver;
-- It has what has served its time erased there too, by two more; of holds it reads whom they are about.
grant execute on function erase_archived(integer, timestamptz, integer[]), mark_archived_erased(integer, integer)
    to beffroi_archiver;
grant select (hold_id, account_id, people, from_at, until_at, lifted_at) on holds to beffroi_archiver;
-- While a segment is leaving, a scope must know which of the rows that are still here are in its files already.
grant select (tree_index, disclosure_id) on leaves to beffroi_web, beffroi_feed;
