-- name: former_numbers
-- Every number that a person may bear in what was disclosed before identities were linked or moved: those of her
-- identities, and those of the persons to whom they belonged. $1 person.
with hers as (select identity_id from identities where person_id = $1)
select identity_id as number from hers
union
select from_person from moves where identity_id in (select identity_id from hers)
union
select to_person from moves where identity_id in (select identity_id from hers);

-- name: identities_of
-- The identities that a person has now. $1 person.
select identity_id from identities where person_id = $1;

-- name: sights
-- What was disclosed of a person under any of these numbers, the latest first. $1 numbers, $2 structures left out,
-- $3 rows at most.
select distinct on (d.disclosure_id) d.disclosure_id, d.at, d.role, d.structure_id, d.application, d.door, d.operation,
       d.purpose, d.shown, d.account_id, d.network, f.sent
from seen s
join disclosures d using (disclosure_id)
left join deliveries f using (disclosure_id)
where s.person_id = any($1::bigint[]) and (d.structure_id is null or d.structure_id <> all($2::int[]))
order by d.disclosure_id desc
limit $3;

-- name: under_investigation
-- The accounts that an open incident is about. Nothing else of it is told.
select distinct (a.value #>> '{}')::int as account_id
from incidents i
cross join lateral json_array_elements(i.selections) as s(value)
cross join lateral json_array_elements(s.value -> 'accounts') as a(value)
where i.state in ('suspected', 'confirmed');
