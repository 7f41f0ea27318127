-- The archive: which ranges of leaves have their disclosures in files, and the one way to take them out of these tables.
-- Nothing is locked but the rows that go, which are older than a month.

do $$
begin
    if not exists (select from pg_roles where rolname = 'beffroi_archiver') then
        begin
            create role beffroi_archiver login;
        exception
            when duplicate_object or unique_violation then null;        -- made by another migration meanwhile
        end;
    end if;
    execute format('grant connect on database %I to beffroi_archiver', current_database());
end $$;

-- One row for each segment: the leaves `first_index` to before `end_index`, without a hole between two of them.
create table archive_segments (
    segment integer primary key check (segment >= 0),
    first_index bigint not null unique check (first_index >= 0),
    end_index bigint not null unique check (end_index > first_index),
    first_at timestamptz not null,          -- of its disclosures
    last_at timestamptz not null,
    disclosures_count bigint not null,
    manifest text not null,                 -- the signed note, as it lies beside the files
    moved_at timestamptz not null default now()
);

-- Notes a segment and takes its disclosures away, or does nothing. Whoever calls it can take nothing that is not sealed
-- under a signed checkpoint, nothing of the last 30 days, and no more and no less than the files hold.
create function archive_disclosures(of_segment integer, from_index bigint, to_index bigint, files_count bigint, note text)
returns bigint
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    due_segment integer;
    due_index bigint;
    earliest timestamptz;
    latest timestamptz;
    gone bigint;
begin
    lock table archive_segments in share row exclusive mode;
    select coalesce(max(segment) + 1, 0), coalesce(max(end_index), 0) into due_segment, due_index from archive_segments;
    if of_segment <> due_segment or from_index <> due_index then
        raise exception 'another segment is due';
    end if;
    if not exists (select from checkpoints where tree_size >= to_index) then
        raise exception 'not sealed under a checkpoint';
    end if;
    select min(d.at), max(d.at) into earliest, latest
    from leaves l join disclosures d using (disclosure_id)
    where l.tree_index >= from_index and l.tree_index < to_index;
    if latest is null or latest > now() - interval '30 days' then
        raise exception 'too young, or nothing';
    end if;
    delete from seen s
    using leaves l, disclosures d, json_array_elements(d.shown) as e (sight)
    where l.tree_index >= from_index and l.tree_index < to_index and d.disclosure_id = l.disclosure_id
      and s.person_id = (e.sight ->> 0)::bigint and s.account_id = d.account_id and s.disclosure_id = d.disclosure_id;
    delete from deliveries f using leaves l
    where l.tree_index >= from_index and l.tree_index < to_index and f.disclosure_id = l.disclosure_id;
    delete from disclosures d using leaves l
    where l.tree_index >= from_index and l.tree_index < to_index and d.disclosure_id = l.disclosure_id;
    get diagnostics gone = row_count;
    if gone <> files_count then
        raise exception 'the files hold % disclosures, and % are here', files_count, gone;
    end if;
    insert into archive_segments (segment, first_index, end_index, first_at, last_at, disclosures_count, manifest)
    values (of_segment, from_index, to_index, earliest, latest, gone, note);
    return gone;
end $$;

grant usage on schema public to beffroi_archiver;
grant select on migrations, disclosures, deliveries, leaves, tiles, checkpoints, archive_segments to beffroi_archiver;
grant execute on function archive_disclosures(integer, bigint, bigint, bigint, text) to beffroi_archiver;

-- A scope reads the list and the online rows in one snapshot; the audit opens what is archived.
grant select on archive_segments to beffroi_web, beffroi_feed, beffroi_sealer;
