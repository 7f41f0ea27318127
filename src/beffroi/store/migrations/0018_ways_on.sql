-- The ways on of a held account, and what takes two people. Only additions, so that the program before this one serves.

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

-- How many people a list named when it was deposited; who of them is known is told to nobody.
alter table worklists add lines integer not null default 0;

grant select, insert on presence_keys, one_time_codes, hold_releases, crises to beffroi_web;
grant update (sign_count, used_at, revoked_at, revoked_by) on presence_keys to beffroi_web;
grant update (used_at) on one_time_codes to beffroi_web;
grant update (released_by, released_at) on hold_releases to beffroi_web;
grant update (confirmed_by, in_force_from, expires_at, ended_by) on crises to beffroi_web;
grant update (expires_at) on worklists to beffroi_web;
grant select on crises to beffroi_feed;
grant select (digest, expires_at), delete on one_time_codes to beffroi_worker;
