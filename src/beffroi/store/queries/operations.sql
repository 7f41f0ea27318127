-- name: feeds
-- Each hospital's feed, the one that is silent longest first.
select h.name, f.last_message_at, coalesce(f.message_count, 0) as message_count
from hospitals h left join feeds f using (hospital_id)
order by f.last_message_at nulls first, h.hospital_id;

-- name: given_roles
-- Roles that were given by name and have not ended, people first. $1 now, $2 rows at most.
select a.subject, a.display_name, a.kind, g.role, h.name as hospital, g.granted_by, g.granted_at, g.expires_at
from grants g join accounts a using (account_id) join hospitals h using (hospital_id)
where g.expires_at is null or g.expires_at > $1
order by a.kind desc, g.role, a.account_id
limit $2;

-- name: applications
-- Applications, stopped and held ones first, then those that the configuration names no more. A token stands in no
-- credential unless it may feed. $1 now, $2 rows at most.
select a.subject, a.display_name as name, g.hospitals, g.roles,
       case when k.kinds is null then array['client'] else k.kinds end as credentials, s.asked_at, k.fed_at,
       coalesce(s.rung, 0) >= 4 as held,
       coalesce(s.frozen, false) or exists (
           select from containments c
           where c.kind = 'application' and c.target = a.subject and c.released_at is null and c.in_force_from <= $1
             and (c.expires_at is null or c.expires_at > $1)) as stopped
from accounts a left join account_states s using (account_id) cross join lateral (
    select coalesce(array_agg(distinct h.name), '{}') as hospitals, coalesce(array_agg(distinct one.role), '{}') as roles
    from grants one join hospitals h using (hospital_id)
    where one.account_id = a.account_id and (one.expires_at is null or one.expires_at > $1)
) g cross join lateral (
    select array_agg(distinct split_part(one.credential, ':', 1)) as kinds,
           max(f.last_message_at) filter (where one.may_feed) as fed_at
    from credentials one left join feeds f using (hospital_id) where one.account_id = a.account_id
) k
where a.kind = 'application'
order by stopped desc, held desc, cardinality(g.roles) = 0 desc, name, a.subject
limit $2;

-- name: deployment_state
-- The newest checkpoint, the database's size, and about how much it holds. $1 now.
select coalesce((select max(tree_size) from checkpoints), 0) as tree_size,
       (select signed_at from checkpoints order by tree_size desc limit 1) as sealed_at,
       pg_database_size(current_database()) as database_bytes,
       (select nullif(reltuples, -1)::bigint from pg_class where oid = 'identities'::regclass) as identities,
       (select nullif(reltuples, -1)::bigint from pg_class where oid = 'disclosures'::regclass) as disclosures,
       s.sessions, s.bound, s.unproved
from (select count(*) as sessions, count(bound_at) as bound, count(unproved_at) as unproved
      from console_sessions where ends_at > $1) s;

-- name: stored
-- The largest tables with their indexes, and what lies in the archive. $1 rows at most.
select relname::text as name, pg_total_relation_size(c.oid) as bytes
from pg_class c
where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
order by 2 desc, 1
limit $1;

-- name: archived
-- Segments of the archive whose files are there, with their disclosures.
select count(*) as segments, coalesce(sum(disclosures_count), 0)::bigint as disclosures
from archive_segments where erased_at is null;
