-- name: declare
-- A crisis that waits for its second person. $1 hospital (null: the region), $2 reason, $3 by whom, $4 now, $5 until.
insert into crises (hospital_id, reason, declared_by, declared_at, expires_at) values ($1, $2, $3, $4, $5)
returning crisis_id, hospital_id, reason, declared_by, declared_at, confirmed_by, in_force_from, expires_at;

-- name: one
-- One that has not ended, locked. $1 number, $2 now.
select crisis_id, hospital_id, reason, declared_by, declared_at, confirmed_by, in_force_from, expires_at from crises
where crisis_id = $1 and expires_at > $2 and ended_by is null for update;

-- name: listed
-- Those that have not ended. $1 now.
select crisis_id, hospital_id, reason, declared_by, declared_at, confirmed_by, in_force_from, expires_at from crises
where expires_at > $1 and ended_by is null order by crisis_id desc limit 50;

-- name: confirm
-- The second person. $1 number, $2 by whom, $3 now.
update crises set confirmed_by = $2, in_force_from = $3 where crisis_id = $1;

-- name: finish
-- Over. $1 number, $2 by whom, $3 now.
update crises set ended_by = $2, expires_at = $3 where crisis_id = $1;
