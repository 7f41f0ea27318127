-- What the watch's verdicts need beside the account's evidence. Only additions, so that the program before this one serves.

-- When she was shown, so that distinct patients can be counted over any window. Null in older rows: shown long ago.
alter table seen add at timestamptz;

-- New patients of each answer, for evidence across accounts. No part of the leaf: they follow from it and the feed.
alter table disclosures
    add new_explained smallint not null default 0,
    add new_unexplained smallint not null default 0;

-- The rung on which the watch last put the account, and the hospital for which it last asked.
alter table account_states
    add rung smallint not null default 0,
    add structure_id integer;
create index account_states_held on account_states (structure_id) where rung >= 4;

-- Another account of the same person: their evidence is one, and stands in that account's row.
alter table accounts add same_as integer references accounts;
create index accounts_same_as on accounts (same_as) where same_as is not null;

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
    check (approved_by is null or approved_by <> deposited_by)
);

create table worklist_entries (
    person_id bigint not null,
    worklist_id bigint not null references worklists on delete cascade,
    primary key (person_id, worklist_id)
);
create index worklist_entries_by_list on worklist_entries (worklist_id);

grant select on suspicions, canaries, norm_releases, worklists, worklist_entries to beffroi_web, beffroi_feed;
grant insert on worklists, worklist_entries to beffroi_web;
grant update (approved_by, ready) on worklists to beffroi_web;
grant usage on sequence worklists_worklist_id_seq to beffroi_web;

-- The worker adds up what accounts did by each channel. It reads no patient, and deletes lists that have expired.
create view activity as
    select disclosure_id, at, account_id, role, structure_id, application, session_key, network, operation, outcome,
           new_explained, new_unexplained
    from disclosures;
grant select on activity to beffroi_worker;
grant select (account_id, rung, structure_id) on account_states to beffroi_worker;
grant select, insert, update, delete on suspicions to beffroi_worker;
grant select (worklist_id, expires_at), delete on worklists to beffroi_worker;
