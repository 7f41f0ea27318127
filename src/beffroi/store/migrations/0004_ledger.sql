-- The ledger: what was disclosed, sealed leaf by leaf. A role of its own adds to it, and nobody but the owner changes it.
-- No lock on the tables of the gate, and no index on them: the serving program does not notice.

do $$
begin
    if not exists (select from pg_roles where rolname = 'beffroi_sealer') then
        begin
            create role beffroi_sealer login;
        exception
            when duplicate_object or unique_violation then null;        -- made by another migration meanwhile
        end;
    end if;
    execute format('grant connect on database %I to beffroi_sealer', current_database());
end $$;

-- One leaf per disclosure, in the order in which they were sealed. No reference: a disclosure may be erased, its leaf stays.
create table leaves (
    tree_index bigint primary key check (tree_index >= 0),
    disclosure_id bigint not null unique,
    commitment bytea not null check (octet_length(commitment) = 32)
);

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
    signed_at timestamptz not null
);

-- One row: up to where every disclosure is sealed (or will never be there), and from when on more is known to be final.
create table seal_state (
    only_row boolean primary key default true check (only_row),
    system_identifier bigint not null,      -- of the cluster that the transaction number belongs to
    settled_below bigint not null,          -- every disclosure up to this number is sealed, or was rolled back
    mark_disclosure bigint not null,        -- the highest number seen before `mark_transaction` began:
    mark_transaction xid8 not null          -- once all transactions before this one have ended, up to there is final
);

grant usage on schema public to beffroi_sealer;
grant select on migrations, disclosures to beffroi_sealer;
grant select, insert on leaves, checkpoints to beffroi_sealer;
grant select, insert, update on tiles, seal_state to beffroi_sealer;
