-- name: open_incident
-- A new incident. $1 title, $2 now, $3 aware since, $4 state, $5 selections.
insert into incidents (title, state, opened_at, aware_at, selections, changed_at) values ($1, $4, $2, $3, $5::json, $2)
returning incident_id;

-- name: add_entry
-- What was done, by whom and why. $1 incident, $2 now, $3 account, $4 kind, $5 reason, $6 particulars.
insert into incident_entries (incident_id, at, account_id, kind, reason, particulars) values ($1, $2, $3, $4, $5, $6::json);

-- name: lock_incident
-- An incident, nobody else changing it meanwhile. $1 incident.
select * from incidents where incident_id = $1 for update;

-- name: find_incident
-- One incident. $1 incident.
select * from incidents where incident_id = $1;

-- name: change_incident
-- An incident as it is now. $1 incident, $2 state, $3 aware since, $4 selections, $5 facts, $6 effects, $7 measures,
-- $8 severity, $9 now.
update incidents
set state = $2, aware_at = $3, selections = $4::json, facts = $5, effects = $6, measures = $7, severity = $8::json,
    changed_at = $9
where incident_id = $1;

-- name: list_incidents
-- The register: every incident, oldest first.
select * from incidents order by incident_id;

-- name: entries
-- The history of an incident. $1 incident.
select e.entry_id, e.at, e.kind, e.reason, e.particulars, a.subject
from incident_entries e join accounts a using (account_id)
where e.incident_id = $1 order by e.entry_id;

-- name: signs
-- Proofs of presence, alarms and stops of accounts, newest first; of an alarm, when the first of the readings happened
-- that it was made of. $1 accounts, $2 operations, $3 rows of each.
select d.disclosure_id, d.at, d.operation, d.session_key,
    (select min(r.at) from disclosures r where r.disclosure_id = any(d.readings)) as began_at
from unnest($1::integer[]) as w(account_id)
cross join lateral (
    select x.disclosure_id, x.at, x.operation, x.session_key, case when x.operation = 9 then
        string_to_array(nullif(x.request ->> 'readings', ''), ',')::bigint[] end as readings
    from disclosures x
    where x.account_id = w.account_id and x.operation = any($2::smallint[])
    order by x.running_number desc limit $3
) d;

-- name: alarms
-- The accounts of these verdicts of the watch. $1 disclosures.
select disclosure_id, account_id from disclosures where disclosure_id = any($1::bigint[]) and operation = 9
order by disclosure_id;

-- name: account_names
-- What issuers call these accounts. $1 accounts.
select account_id, subject, kind from accounts where account_id = any($1::integer[]);
