-- The ledger's life: whose disclosure a leaf is, who cosigned, what contradicts, what a restore lost, what is erased and
-- what must not be. Columns are added empty or filled from what is there; a worker of before seals on meanwhile.

-- A leaf says whose it is, so that an account's chain goes on when the disclosure before has been archived or erased.
alter table leaves add account_id integer, add running_number bigint, add erased_at timestamptz;
alter table leaves alter disclosure_id drop not null;    -- the statement of a gap is a leaf, and no disclosure
update leaves l set account_id = d.account_id, running_number = d.running_number
from disclosures d where d.disclosure_id = l.disclosure_id;
create unique index leaves_by_account on leaves (account_id, running_number);

-- Checkpoints are counted, so that one that was taken away is missed.
alter table checkpoints add number bigint unique;
update checkpoints c set number = n.number
from (select tree_size, row_number() over (order by tree_size) as number from checkpoints) n
where n.tree_size = c.tree_size;

-- Whatever had been committed when an epoch began is final, whichever cluster's transaction wrote it.
alter table seal_state add final_below bigint not null default 0;

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

grant select on epochs to beffroi_sealer;
grant select, insert on cosignatures, contradictions to beffroi_sealer;
grant select, insert, update on witness_states to beffroi_sealer;
grant execute on function erase_disclosures(timestamptz, bigint, integer) to beffroi_worker;
