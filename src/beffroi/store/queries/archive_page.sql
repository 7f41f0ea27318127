-- name: of_person
-- Which of a segment's disclosures showed a person, newest first, and whose they are. For DuckDB; the condition is put in
-- by store/archive_page.py.
select distinct d.disclosure_id, d.account_id from by_patient d where /*condition*/ order by d.disclosure_id desc;

-- name: page
-- A segment's disclosures as an audit trail tells them, newest first, as above.
select d.disclosure_id, d.at_us, d.account_id, d.role, d.structure_id, d.application, d.network, d.door, d.operation,
       d.outcome, d.purpose, d.reason, d.request_id, d.criteria, d.criteria_fields, d.shown, d.sent
from by_account d where /*condition*/ order by d.disclosure_id desc;
