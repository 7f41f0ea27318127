-- name: by_account
-- What a selection's archived readings showed. One text for DuckDB and for Spark; the condition is put in by
-- store/archive_query.py.
select d.disclosure_id, d.at_us, d.account_id, d.structure_id, d.door, d.operation, d.outcome, d.criteria, d.shown, d.sent
from by_account d
where /*condition*/;

-- name: by_patient
-- What was shown of some patients, sight by sight. One text for both, as above.
select d.disclosure_id, d.at_us, d.account_id, d.structure_id, d.door, d.operation, d.outcome, d.criteria, d.person_id,
       d.fields, d.sources, d.sent
from by_patient d
where /*condition*/;
