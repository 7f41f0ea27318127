-- name: know
-- Jobs that are new. $1 jobs as JSON.
insert into jobs select * from json_populate_recordset(null::jobs, $1::json) on conflict (job, about) do nothing;

-- name: forget
-- Jobs that are no more. $1 those that are, as JSON.
delete from jobs j where not exists (
    select from json_populate_recordset(null::jobs, $1::json) n where n.job = j.job and n.about = j.about);

-- name: note
-- How jobs stand, unless another worker has said something later. $1 jobs as JSON.
insert into jobs select * from json_populate_recordset(null::jobs, $1::json)
on conflict (job, about) do update
set next_at = excluded.next_at, noted_at = excluded.noted_at, begun_at = excluded.begun_at, ended_at = excluded.ended_at,
    took_s = excluded.took_s, failure = excluded.failure, failures = excluded.failures,
    done_count = case when excluded.done_at is null then jobs.done_count else excluded.done_count end,
    done_at = coalesce(excluded.done_at, jobs.done_at), waiting = excluded.waiting
where jobs.noted_at <= excluded.noted_at;

-- name: listed
-- How each job stands.
select job, about, next_at, noted_at, begun_at, ended_at, took_s, failure, failures, done_count, done_at, waiting
from jobs order by job, about;
