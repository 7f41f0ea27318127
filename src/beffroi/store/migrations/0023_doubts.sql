-- Doubtful identities, hospital by hospital: found by a walk of the worker's, which reads no patient itself; shown by the
-- gate. Only additions, so that the program before this one serves.

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

grant execute on function find_doubts(integer) to beffroi_worker;
grant select on doubts, doubt_walk to beffroi_web;
