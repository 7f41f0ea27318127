-- name: sort_by_account
-- One row a disclosure: an account's rows together, in its own order.
select * from staging order by account_id, running_number;

-- name: sort_by_patient
-- One row for each patient of each disclosure: a patient's rows together, in time.
select (sight ->> 0)::bigint as person_id, at_us, tree_index, disclosure_id, account_id, structure_id, application,
       session_key, network, door, operation, outcome, purpose, criteria, (sight ->> 1)::integer as fields,
       (sight -> 2)::varchar as sources, sent
from (select *, unnest(cast(shown as json[])) as sight from staging)
order by person_id, at_us, disclosure_id;

-- name: extent_by_account
-- How many rows, and from which account to which.
select count(*), coalesce(min(account_id), 0), coalesce(max(account_id), 0) from sorted;

-- name: extent_by_patient
-- How many rows, and from which person to which.
select count(*), coalesce(min(person_id), 0), coalesce(max(person_id), 0) from sorted;

-- name: rows_by_leaf
-- A segment's disclosures in the order of the tree.
select * from by_account order by tree_index;

-- name: rows_as_they_lie
-- A segment's disclosures, account by account.
select * from by_account;

-- name: times
-- When a segment's first and last disclosures were recorded.
select min(at_us), max(at_us) from by_account;

-- name: heads
-- The disclosure before a segment's first one of each account.
select account_id, min(running_number) - 1 from by_account group by account_id having min(running_number) > 1;

-- name: differences
-- Rows of the one order that the other does not have, either way: none, or a file was not made of the other.
with expected as (
    select (sight ->> 0)::bigint as person_id, at_us, tree_index, disclosure_id, account_id, structure_id, application,
           session_key, network, door, operation, outcome, purpose, criteria, (sight ->> 1)::integer as fields,
           (sight -> 2)::varchar as sources, sent
    from (select *, unnest(cast(shown as json[])) as sight from by_account)
)
select (select count(*) from (select * from expected except all select * from by_patient))
     + (select count(*) from (select * from by_patient except all select * from expected));

-- name: held
-- Whether a segment has a row of a held patient. Values: numbers of persons and identities twice, the account, from, until
-- (microseconds since 1970), each of them twice; null: any.
select exists (
    select 1 from by_patient
    where (list_contains(?::bigint[], person_id) or list_has_any(?::bigint[], cast(cast(sources as json) as bigint[])))
      and (?::integer is null or account_id = ?::integer)
      and (?::bigint is null or at_us >= ?::bigint)
      and (?::bigint is null or at_us <= ?::bigint)
);
