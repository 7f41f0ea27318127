-- name: by_birth_and_names
-- The hot path: everybody visible to a hospital with a birth date whose birth or used name begins so, for several
-- questions at once, each from its own hospital; one round trip, hence the identities of those people are fetched in the
-- same statement (identities_of_people does it for the others). What is hidden from any of them may be told of all,
-- because one's own hospital is looked at first.
-- Pairwise: $1 birth dates, $2 <= family < $3, $4 <= given < $5, $6 own hospitals. $7 hospitals hidden from others, $8
-- people at most for each. `number`: which question, from 1.
select a.number, i.identity_id, i.hospital_id, i.ipp, i.person_id, i.restricted, i.explains_until, i.fed_by,
       i.updated_at, (i.hospital_id = a.own or not i.local_only and i.hospital_id <> all($7::int[])) as visible, i.record
from unnest($1::date[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[])
    with ordinality as a(born, family, family_end, given, given_end, own, number)
cross join lateral (
    select person_id from identities
    where birth_date = a.born and family_key >= a.family and family_key < a.family_end
      and (given_key >= a.given and given_key < a.given_end or used_given_key >= a.given and used_given_key < a.given_end)
      and state = 'a' and (hospital_id = a.own or not local_only and hospital_id <> all($7::int[]))
    union
    select person_id from identities
    where birth_date = a.born and used_key >= a.family and used_key < a.family_end
      and (given_key >= a.given and given_key < a.given_end or used_given_key >= a.given and used_given_key < a.given_end)
      and state = 'a' and (hospital_id = a.own or not local_only and hospital_id <> all($7::int[]))
    limit $8
) as hits
join identities i using (person_id)
where i.state = 'a';

-- name: identities_of_people
-- All active identities of these people, marked visible or not to this hospital.
-- $1 people, $2 own hospital, $3 hospitals hidden from it.
select i.identity_id, i.hospital_id, i.ipp, i.person_id, i.restricted, i.explains_until, i.fed_by, i.updated_at,
       (i.hospital_id = $2 or not i.local_only and i.hospital_id <> all($3::int[])) as visible, i.record
from identities i
where i.person_id = any($1::bigint[]) and i.state = 'a';

-- name: explained_by_birth
-- People whom this hospital's own feed explains, by birth date and names.
-- $1 first and $2 last birth date, $3 <= family < $4, $5 <= given < $6, $7 own hospital, $8 now, $9 the asker's account
-- (its own feed explains nothing to it), $10 people at most.
select distinct person_id from identities
where birth_date between $1 and $2
  and (family_key >= $3 and family_key < $4 or used_key >= $3 and used_key < $4)
  and (given_key >= $5 and given_key < $6 or used_given_key >= $5 and used_given_key < $6 or $5 = '')
  and hospital_id = $7 and explains_until > $8 and fed_by is distinct from $9 and state = 'a'
limit $10;

-- name: explained_by_family
-- People whom this hospital's own feed explains, by family name; the birth date only narrows and may be null.
-- $1 <= family < $2, $3 <= given < $4, $5 first and $6 last birth date, $7 own hospital, $8 now, $9 the asker's account,
-- $10 people at most.
select distinct person_id from identities
where hospital_id = $7
  and (family_key >= $1 and family_key < $2 or used_key >= $1 and used_key < $2)
  and (given_key >= $3 and given_key < $4 or used_given_key >= $3 and used_given_key < $4 or $3 = '')
  and ($5::date is null or birth_date between $5 and $6)
  and explains_until > $8 and fed_by is distinct from $9 and state = 'a'
limit $10;

-- name: explained_by_telecom
-- People whom this hospital's own feed explains, by a whole telephone number or e-mail address.
-- $1 contact key, $2 own hospital, $3 now, $4 the asker's account, $5 people at most.
select distinct person_id from identities
where contact_keys @> array[$1::text]
  and hospital_id = $2 and explains_until > $3 and fed_by is distinct from $4 and state = 'a'
limit $5;

-- name: by_ipp
-- The person of a hospital's identifier; a subsumed identifier leads to its survivor.
-- $1 hospitals and $2 identifiers, pairwise; $3 own hospital, $4 hospitals hidden from it.
select distinct coalesce(survivor.person_id, i.person_id) as person_id
from unnest($1::int[], $2::text[]) as asked(hospital_id, ipp)
join identities i on i.hospital_id = asked.hospital_id and i.ipp = asked.ipp
left join identities survivor on survivor.identity_id = i.merged_into
where i.state <> 'd' and (i.hospital_id = $3 or not i.local_only and i.hospital_id <> all($4::int[]));

-- name: by_ins
-- The people of these qualified INS ("value|oid"), through identities that this hospital may know of.
-- $1 INS, $2 own hospital, $3 hospitals hidden from it.
select distinct person_id from identities
where ins = any($1::text[]) and state = 'a' and (hospital_id = $2 or not local_only and hospital_id <> all($3::int[]));

-- name: by_founder
-- The person to whom a reference leads now: a person bears the number of its oldest identity, which may since have
-- been cross-referenced to another person or merged. $1 the number.
select coalesce(survivor.person_id, i.person_id) as person_id
from identities i left join identities survivor on survivor.identity_id = i.merged_into
where i.identity_id = $1 and i.state <> 'd';

-- name: hospitals
-- The register.
select hospital_id, finess, name, oid, namespace, sensitive, networks from hospitals order by hospital_id;

-- name: deployment
-- What all processes share.
select demo, reference_key, nonce_key from deployment;
