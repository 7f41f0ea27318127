-- Erasing what was archived, segment by segment: noted here first, then the files go, then the leaves say when.

alter table archive_segments add erased_at timestamptz, add erased_to bigint not null default 0;

-- What is noted as archived and still leaving these tables is not erased here: the files hold it.
create or replace function erase_disclosures(
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

grant execute on function erase_archived(integer, timestamptz, integer[]), mark_archived_erased(integer, integer)
    to beffroi_archiver;
grant select (hold_id, account_id, people, from_at, until_at, lifted_at) on holds to beffroi_archiver;
