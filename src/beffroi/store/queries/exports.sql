-- name: request_export
-- A list is asked for. $1 incident, $2 selections, $3 reason, $4 digest, $5 patients, $6 by, $7 now.
insert into scope_exports (incident_id, selections, reason, digest, patients, requested_by, requested_at)
values ($1, $2::json, $3, $4, $5, $6, $7)
returning export_id;

-- name: lock_export
-- A list that was asked for, nobody else changing it meanwhile. $1 export.
select * from scope_exports where export_id = $1 for update;

-- name: approve_export
-- Somebody else says yes. $1 export, $2 by, $3 now.
update scope_exports set approved_by = $2, approved_at = $3 where export_id = $1;

-- name: end_export
-- It was written, or refused. $1 export, $2 now, $3 whether refused.
update scope_exports set ended_at = $2, refused = $3 where export_id = $1;

-- name: list_exports
-- Every list that was asked for, with who asked and who approved.
select x.*, r.subject as requester, a.subject as approver
from scope_exports x
join accounts r on r.account_id = x.requested_by
left join accounts a on a.account_id = x.approved_by
order by x.export_id;

-- name: own_numbers
-- By which identifiers a hospital knows these patients. $1 hospital, $2 patients.
select person_id, ipp from identities where hospital_id = $1 and person_id = any($2::bigint[]) and state = 'a'
order by person_id, ipp;
