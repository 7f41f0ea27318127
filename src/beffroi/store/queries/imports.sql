-- name: begin_import
-- Where this file's import stands; a new one stands at line 0. $1 hospital, $2 the file's digest, $3 now.
with new as (
    insert into imports (hospital_id, digest, line_number, applied_count, duplicate_count, ignored_count, rejected_count,
        started_at)
    values ($1, $2, 0, 0, 0, 0, 0, $3)
    on conflict do nothing
    returning line_number, applied_count, duplicate_count, ignored_count, rejected_count, finished_at
)
select * from new
union all
select line_number, applied_count, duplicate_count, ignored_count, rejected_count, finished_at
from imports where hospital_id = $1 and digest = $2;

-- name: advance_import
-- One batch further, in the batch's own transaction. No row comes back when another process advanced it meanwhile.
-- $1 hospital, $2 digest, $3 from line, $4 to line, $5 applied, $6 duplicates, $7 ignored, $8 rejected.
update imports
set line_number = $4, applied_count = applied_count + $5, duplicate_count = duplicate_count + $6,
    ignored_count = ignored_count + $7, rejected_count = rejected_count + $8
where hospital_id = $1 and digest = $2 and line_number = $3 and finished_at is null
returning line_number;

-- name: add_rejects
-- Lines refused, and why. $1 hospital, $2 digest, $3 lines, $4 reasons.
insert into import_rejects (hospital_id, digest, line_number, reason)
select $1, $2, n.line_number, n.reason from unnest($3::bigint[], $4::text[]) as n(line_number, reason)
on conflict do nothing;

-- name: finish_import
-- The whole file was read. $1 hospital, $2 digest, $3 now.
update imports set finished_at = coalesce(finished_at, $3) where hospital_id = $1 and digest = $2;

-- name: rejects
-- A page of refused lines, in their order. $1 hospital, $2 digest, $3 after which line, $4 rows.
select line_number, reason from import_rejects
where hospital_id = $1 and digest = $2 and line_number > $3 order by line_number limit $4;

-- name: held_ipps
-- Which of these identifiers the hospital has fed. $1 hospital, $2 identifiers.
select ipp from identities where hospital_id = $1 and ipp = any($2::text[]);
