-- name: open_of
-- How many lists of an account have not run out. $1 account, $2 now.
select count(*) from worklists where deposited_by = $1 and expires_at > $2;

-- name: deposit
-- A new list. $1 hospital, $2 readers' role, $3 by, $4 whether it serves at once, $5 now, $6 until, $7 what for, $8 lines.
insert into worklists (hospital_id, role, deposited_by, ready, deposited_at, expires_at, purpose, lines)
values ($1, $2, $3, $4, $5, $6, $7, $8) returning worklist_id;

-- name: fill
-- Who is on it. $1 list, $2 people.
insert into worklist_entries (person_id, worklist_id) select distinct p, $1::bigint from unnest($2::bigint[]) as p;

-- name: one
-- A list of a hospital, locked. $1 list, $2 hospital, $3 now.
select worklist_id, role, deposited_by, approved_by, ready, deposited_at, expires_at, purpose, lines from worklists
where worklist_id = $1 and hospital_id = $2 and expires_at > $3 for update;

-- name: listed
-- The lists of a hospital that have not run out, the latest first. $1 hospital, $2 now.
select worklist_id, role, deposited_by, approved_by, ready, deposited_at, expires_at, purpose, lines from worklists
where hospital_id = $1 and expires_at > $2 order by worklist_id desc limit 200;

-- name: approve
-- The second person. $1 list, $2 by whom.
update worklists set approved_by = $2, ready = true where worklist_id = $1;

-- name: cancel
-- It explains nothing any more. $1 list, $2 now.
update worklists set expires_at = $2 where worklist_id = $1;
