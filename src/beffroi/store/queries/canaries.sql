-- name: plant_identity
-- A fictitious identity under a number that the hospital has given to nobody. No search key: only its number finds it, and
-- nothing can link it. Nothing comes back when the number is taken. $1 hospital, $2 identifier, $3 record, $4 now.
insert into identities (hospital_id, ipp, person_id, record, updated_at)
select $1, $2, 0, $3::json, $4
on conflict (hospital_id, ipp) do nothing
returning identity_id;

-- name: plant
-- It bears its own number, and is known as a canary. $1 identity, $2 now.
with own as (update identities set person_id = identity_id where identity_id = $1)
insert into canaries (person_id, made_at) values ($1, $2);

-- name: planted
-- Canaries, those that stand first, with how often each was shown.
select c.person_id, i.hospital_id, i.ipp, c.made_at, c.retired_at, count(s.*) as shown_count
from canaries c
left join identities i on i.identity_id = c.person_id
left join seen s on s.person_id = c.person_id
group by c.person_id, i.hospital_id, i.ipp
order by c.retired_at is not null, c.person_id;

-- name: retire
-- It stands no longer. $1 identity, $2 now.
with gone as (
    update identities set ipp = ipp || ' (' || identity_id || ')', state = 'd'
    where identity_id = $1 and state = 'a'
)
update canaries set retired_at = $2 where person_id = $1 and retired_at is null returning person_id;
