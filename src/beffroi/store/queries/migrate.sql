-- name: lock_migrations
-- One runner at a time; the others wait, then find nothing to do. The number is ours alone.
select pg_advisory_lock($1);

-- name: create_migrations
-- The table that remembers what was applied. Written by the runner itself, before the first migration.
create table if not exists migrations (
    number integer primary key,
    name text not null,
    sha256 text not null,
    applied_at timestamptz not null default now()
);

-- name: has_migrations
-- Whether this database was ever migrated.
select to_regclass('public.migrations') is not null;

-- name: list_migrations
-- What was applied, in order.
select number, name, sha256 from migrations order by number;

-- name: record_migration
-- Written in the transaction of the migration itself: both or neither.
insert into migrations (number, name, sha256) values ($1, $2, $3);

-- name: set_lock_timeout
-- A migration that cannot have its locks gives up quickly: those who serve must not queue behind it.
select set_config('lock_timeout', $1, true);
