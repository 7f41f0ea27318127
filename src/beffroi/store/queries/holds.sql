-- name: place
-- A hold: what it leaves null it does not ask for. $1 account, $2 numbers of a patient, $3 from, $4 until, $5 reason,
-- $6 when, $7 by whom. Gives its number.
insert into holds (account_id, people, from_at, until_at, reason, placed_at, placed_by)
values ($1, $2, $3, $4, $5, $6, $7) returning hold_id;

-- name: is_account
-- Whether an account has that number. $1 the number.
select exists (select from accounts where account_id = $1);

-- name: lift
-- Lifts a hold; gives its number, or nothing when it was lifted before or never placed. $1 number, $2 when, $3 by whom.
update holds set lifted_at = $2, lifted_by = $3 where hold_id = $1 and lifted_at is null returning hold_id;

-- name: holds
-- Every hold, the lifted ones too.
select hold_id, account_id, people is not null as patient, from_at, until_at, reason, placed_at, placed_by, lifted_at,
       lifted_by
from holds order by hold_id;

-- name: numbers_of
-- Every number under which a person was ever shown: the identities that are hers, the persons that they belonged to.
-- $1 the person's number today.
with own as (select identity_id from identities where person_id = $1)
select array_agg(distinct n) from (
    select $1::bigint union select identity_id from own
    union select from_person from moves join own using (identity_id)
    union select to_person from moves join own using (identity_id)
) as numbers (n);
