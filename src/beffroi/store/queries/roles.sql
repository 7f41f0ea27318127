-- name: ask_for_role
-- A role that waits for its second person. $1 account, $2 hospital, $3 role, $4 until, $5 reason, $6 by whom, $7 now.
insert into role_requests (account_id, hospital_id, role, until, reason, asked_by, asked_at)
values ($1, $2, $3, $4, $5, $6, $7) returning request_id;

-- name: ask_at_machine
-- The same under the owner's role.
insert into role_requests (account_id, hospital_id, role, until, reason, asked_by, asked_at, at_machine)
values ($1, $2, $3, $4, $5, $6, $7, true) returning request_id;

-- name: open_role_requests
-- What waits, the latest first. $1 asked since, $2 rows at most.
select r.request_id, r.account_id, a.subject, h.hospital_id, h.name as hospital, r.role, r.until, r.reason, r.asked_by,
       r.asked_at, r.at_machine
from role_requests r join accounts a using (account_id) join hospitals h using (hospital_id)
where r.ended_at is null and r.asked_at > $1
order by r.request_id desc
limit $2;

-- name: role_request
-- One of them; `for update` is the events' lock on its account. $1 number, $2 asked since.
select r.request_id, r.account_id, a.subject, h.hospital_id, h.name as hospital, r.role, r.until, r.reason, r.asked_by,
       r.asked_at, r.at_machine
from role_requests r join accounts a using (account_id) join hospitals h using (hospital_id)
where r.request_id = $1 and r.ended_at is null and r.asked_at > $2;

-- name: agree_to_role
-- As a signed-in operator: whether it was given. $1 request, $2 the operator's account.
select agree_to_role($1, $2);

-- name: give_role
-- As the owner: the request is agreed to; null when it waits no more. $1 request, $2 by whom, $3 now.
update role_requests set agreed_by = $2, ended_at = $3 where request_id = $1 and ended_at is null returning request_id;

-- name: withdraw_role
-- It waits no more. $1 request, $2 by whom, $3 now.
update role_requests set withdrawn_by = $2, ended_at = $3 where request_id = $1 and ended_at is null returning request_id;
