-- Taking a segment's rows away in short transactions: one long one would hold back sealing, which waits for every
-- transaction that is open. From the moment a segment is noted its rows count in the files, whatever is still here.

alter table archive_segments add taken_to bigint not null default 0;    -- leaves up to here have left these tables
update archive_segments set taken_to = end_index;

-- Notes a segment, or does nothing. Whoever calls it can note nothing that is not sealed under a signed checkpoint,
-- nothing of the last 30 days, and only as many disclosures as the files hold.
create or replace function archive_disclosures(
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

grant execute on function take_archived(integer) to beffroi_archiver;
-- While a segment is leaving, a scope must know which of the rows that are still here are in its files already.
grant select (tree_index, disclosure_id) on leaves to beffroi_web, beffroi_feed;
