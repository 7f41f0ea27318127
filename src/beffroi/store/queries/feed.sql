-- name: lock
-- Locks until the end of the transaction, in the order given (sorted by the caller): before the look, in a statement of its own,
-- or the look would use an older snapshot. A negative number is the register as a whole, shared.
-- $1 class of locks, $2 numbers.
select case when number < 0 then pg_advisory_xact_lock_shared($1, 0) else pg_advisory_xact_lock($1, number) end
from unnest($2::int[]) as wanted(number);

-- name: known_messages
-- Which of these messages were applied before. $1 hospitals, $2 sending applications, $3 facilities, $4 control ids, $5 digests.
select f.hospital_id, f.application, f.facility, f.control_id, f.digest
from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::bytea[])
     as m(hospital_id, application, facility, control_id, digest)
join feed_messages f using (hospital_id, control_id, application, facility, digest);

-- name: insert_messages
-- Remembers applied messages. Not wrong ones: told again, they get the same error, not "applied before".
-- $1 hospitals, $2 sending applications, $3 facilities, $4 control ids, $5 digests, $6 now.
insert into feed_messages (hospital_id, application, facility, control_id, digest, applied_at)
select m.hospital_id, m.application, m.facility, m.control_id, m.digest, $6
from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::bytea[])
     as m(hospital_id, application, facility, control_id, digest)
on conflict do nothing;

-- name: identities_by_ipp
-- The identities of these identifiers, as they stand; `canary`: a fictitious one, which makes way for the real patient.
-- $1 hospitals and $2 identifiers, pairwise and distinct.
select i.identity_id, i.hospital_id, i.ipp, i.person_id, i.state::text, i.merged_into, i.record, i.explains_until, i.fed_by,
       i.updated_at, i.strict_key, i.ins, c.person_id is not null as canary
from unnest($1::int[], $2::text[]) as asked(hospital_id, ipp)
join identities i on i.hospital_id = asked.hospital_id and i.ipp = asked.ipp
left join canaries c on c.person_id = i.identity_id and c.retired_at is null;

-- name: retire_canaries
-- A hospital has given a canary's number to somebody: the number is theirs, and nothing of the canary's record goes with it.
-- $1 identities, $2 now.
with gone as (
    update identities set ipp = ipp || ' (' || identity_id || ')', state = 'd'
    where identity_id = any($1::bigint[])
    returning identity_id
)
update canaries set retired_at = $2 where person_id in (select identity_id from gone);

-- name: identities_by_ins
-- The identities of a hospital that bear an INS, where a message names them by nothing else. $1 hospitals and $2 INS, pairwise.
select i.identity_id, i.hospital_id, i.ipp, i.person_id, i.state::text, i.merged_into, i.record, i.explains_until, i.fed_by,
       i.updated_at, i.strict_key, i.ins
from unnest($1::int[], $2::text[]) as asked(hospital_id, ins)
join identities i on i.ins = asked.ins and i.hospital_id = asked.hospital_id;

-- name: identities_by_number
-- The same, by number: survivors of merged identities. $1 numbers.
select i.identity_id, i.hospital_id, i.ipp, i.person_id, i.state::text, i.merged_into, i.record, i.explains_until, i.fed_by,
       i.updated_at, i.strict_key, i.ins
from identities i
where i.identity_id = any($1::bigint[]);

-- name: new_numbers
-- Numbers for new identities, ascending. $1 how many.
select nextval(pg_get_serial_sequence('identities', 'identity_id')) from generate_series(1, $1::int) order by 1;

-- name: standings_by_key
-- Who shares these strict keys; of a crowd, one more than can be linked. $1 keys, $2 rows per key at most.
select i.identity_id, i.hospital_id, i.strict_key, i.ins, i.merged_into, i.person_id
from unnest($1::bytea[]) as asked(strict_key)
cross join lateral (
    select identity_id, hospital_id, identities.strict_key, ins, merged_into, person_id from identities
    where identities.strict_key = asked.strict_key limit $2
) as i;

-- name: standings_by_number
-- Where these identities stand. $1 numbers.
select identity_id, hospital_id, strict_key, ins, merged_into, person_id from identities where identity_id = any($1::bigint[]);

-- name: standings_by_survivor
-- Who was merged into these identities. $1 numbers.
select identity_id, hospital_id, strict_key, ins, merged_into, person_id from identities where merged_into = any($1::bigint[]);

-- name: links_of
-- What was asserted about these identities. $1 numbers.
select identity_a, identity_b, linked from links where identity_a = any($1::bigint[])
union
select identity_a, identity_b, linked from links where identity_b = any($1::bigint[]);

-- name: sensitive_hospitals
-- Whose identities join, part and renumber nobody of another's.
select hospital_id from hospitals where sensitive;

-- name: insert_identities
-- New identities, with numbers from new_numbers. contact_keys come joined by the unit separator, because an array of arrays
-- cannot be unnested by one level. One array per column.
insert into identities (identity_id, hospital_id, ipp, person_id, state, merged_into, birth_date, family_key, used_key,
    given_key, used_given_key, strict_key, ins, contact_keys, local_only, restricted, record, explains_until, fed_by,
    updated_at)
overriding system value
select n.identity_id, n.hospital_id, n.ipp, n.person_id, n.state::"char", n.merged_into, n.birth_date, n.family_key,
    n.used_key, n.given_key, n.used_given_key, n.strict_key, n.ins, string_to_array(n.contact_keys, E'\x1f'), n.local_only,
    n.restricted, n.record::json, n.explains_until, n.fed_by, n.updated_at
from unnest($1::bigint[], $2::int[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::date[], $8::text[],
    $9::text[], $10::text[], $11::text[], $12::bytea[], $13::text[], $14::text[], $15::bool[], $16::bool[], $17::text[],
    $18::timestamptz[], $19::int[], $20::timestamptz[])
  as n(identity_id, hospital_id, ipp, person_id, state, merged_into, birth_date, family_key, used_key, given_key,
    used_given_key, strict_key, ins, contact_keys, local_only, restricted, record, explains_until, fed_by, updated_at);

-- name: update_identities
-- Changed identities, whole but for the person: that is move_identities' alone, under the lock of the strict key, since another
-- hospital's event may change it while this one is under way. The columns are those of insert_identities.
update identities i
set ipp = n.ipp, state = n.state::"char", merged_into = n.merged_into, birth_date = n.birth_date,
    family_key = n.family_key, used_key = n.used_key, given_key = n.given_key, used_given_key = n.used_given_key,
    strict_key = n.strict_key, ins = n.ins, contact_keys = string_to_array(n.contact_keys, E'\x1f'),
    local_only = n.local_only, restricted = n.restricted, record = n.record::json, explains_until = n.explains_until,
    fed_by = n.fed_by, updated_at = n.updated_at
from unnest($1::bigint[], $2::int[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::date[], $8::text[],
    $9::text[], $10::text[], $11::text[], $12::bytea[], $13::text[], $14::text[], $15::bool[], $16::bool[], $17::text[],
    $18::timestamptz[], $19::int[], $20::timestamptz[])
  as n(identity_id, hospital_id, ipp, person_id, state, merged_into, birth_date, family_key, used_key, given_key,
    used_given_key, strict_key, ins, contact_keys, local_only, restricted, record, explains_until, fed_by, updated_at)
where i.identity_id = n.identity_id and i.hospital_id = n.hospital_id;

-- name: explain_identities
-- Activity without any other change: the most frequent event. $1 numbers, $2 until when, $3 whose feed.
update identities i set explains_until = n.explains_until, fed_by = n.fed_by
from unnest($1::bigint[], $2::timestamptz[], $3::int[]) as n(identity_id, explains_until, fed_by)
where i.identity_id = n.identity_id;

-- name: move_identities
-- The cross-reference's change, and its trace. $1 identities, $2 from and $3 to which persons, $4 causes, $5 now.
with asked as (
    select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[]) as n(identity_id, from_person, to_person, cause)
), moved as (
    update identities i set person_id = asked.to_person from asked where i.identity_id = asked.identity_id
)
insert into moves (identity_id, from_person, to_person, moved_at, cause)
select identity_id, from_person, to_person, $5, cause from asked;

-- name: upsert_links
-- What hospitals assert, the latest word standing. $1 and $2 identities (the smaller number first), $3 linked, $4 now.
insert into links (identity_a, identity_b, linked, asserted_at)
select a, b, linked, $4 from unnest($1::bigint[], $2::bigint[], $3::bool[]) as n(a, b, linked)
on conflict (identity_a, identity_b) do update set linked = excluded.linked, asserted_at = excluded.asserted_at;

-- name: beat
-- The feeds' sign of life, in the order of hospitals so that two processes never wait for each other in a circle; and, in
-- the same statement, what live events did to identities.
-- $1 hospitals, $2 messages of each, $3 now; $4 hospitals, $5 accounts, $6 identities, $7 persons, $8 actions, $9 events and
-- $10 whether identifiers may differ, pairwise.
with noted as (
    insert into feed_events (at, hospital_id, account_id, identity_id, person_id, action, event, identifiers)
    select $3, n.hospital_id, n.account_id, n.identity_id, n.person_id, n.action::"char", n.event, n.identifiers
    from unnest($4::int[], $5::int[], $6::bigint[], $7::bigint[], $8::text[], $9::text[], $10::bool[])
         as n(hospital_id, account_id, identity_id, person_id, action, event, identifiers)
)
insert into feeds (hospital_id, last_message_at, message_count)
select n.hospital_id, $3, n.message_count
from unnest($1::int[], $2::bigint[]) as n(hospital_id, message_count) order by n.hospital_id
on conflict (hospital_id) do update
set last_message_at = greatest(feeds.last_message_at, excluded.last_message_at),
    message_count = feeds.message_count + excluded.message_count;
