-- name: page_of_doubts
-- The next doubts of one kind of a hospital's list, with the people that the identities are now, a row each.
-- $1 hospital, $2 kind, $3 and $4 behind this place, $5 rows at most.
select d.identity_id, d.other_id, d.found_at, i.person_id, o.person_id as other_person
from doubts d
join identities i on i.identity_id = d.identity_id
left join identities o on o.identity_id = nullif(d.other_id, 0)
where d.hospital_id = $1 and d.kind = $2 and (d.identity_id, d.other_id) > ($3, $4)
order by d.identity_id, d.other_id
limit $5;

-- name: one_doubt
-- One doubt of a hospital's list. $1 hospital, $2 kind, $3 and $4 its place.
select d.identity_id, d.other_id, d.found_at, i.person_id, o.person_id as other_person
from doubts d
join identities i on i.identity_id = d.identity_id
left join identities o on o.identity_id = nullif(d.other_id, 0)
where d.hospital_id = $1 and d.kind = $2 and d.identity_id = $3 and d.other_id = $4;

-- name: count_doubts
-- How many of each kind a hospital has, each counted up to $3; and when the walk had last looked at everybody.
-- $1 hospital, $2 kinds.
select k.kind, (select count(*) from (select from doubts d where d.hospital_id = $1 and d.kind = k.kind limit $3) as listed)
           as count,
       (select ended_at from doubt_walk) as looked_at
from unnest($2::text[]) as k (kind);

-- name: find_doubts
-- Looks at the next identities, at most $1 of them; how many it were, null when another worker is at it.
select find_doubts($1);
