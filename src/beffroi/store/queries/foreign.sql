-- name: begin_log
-- Where this log stands; a new one stands at line 0. $1 server, $2 digest, $3 format, $4 whose numbers, $5 now.
with new as (
    insert into foreign_logs (server, digest, format, numbers_of, line_number, fact_count, passed_count, rejected_count,
        started_at)
    values ($1, $2, $3, $4, 0, 0, 0, 0, $5)
    on conflict do nothing
    returning log_id, line_number, fact_count, passed_count, rejected_count, finished_at
)
select * from new
union all
select log_id, line_number, fact_count, passed_count, rejected_count, finished_at
from foreign_logs where server = $1 and digest = $2;

-- name: advance_log
-- One batch further, in the batch's own transaction. No row comes back when another process advanced it meanwhile.
-- $1 log, $2 from line, $3 to line, $4 facts, $5 passed over, $6 rejected.
update foreign_logs
set line_number = $3, fact_count = fact_count + $4, passed_count = passed_count + $5, rejected_count = rejected_count + $6
where log_id = $1 and line_number = $2 and finished_at is null
returning line_number;

-- name: add_rejects
-- Lines that could not be read. $1 log, $2 lines, $3 reasons.
insert into foreign_rejects (log_id, line_number, reason)
select $1, n.line_number, n.reason from unnest($2::bigint[], $3::text[]) as n(line_number, reason)
on conflict do nothing;

-- name: finish_log
-- The whole log was read. $1 log, $2 now.
update foreign_logs set finished_at = coalesce(finished_at, $2) where log_id = $1;

-- name: rejects
-- A page of lines that could not be read, in their order. $1 log, $2 after which line, $3 rows.
select line_number, reason from foreign_rejects where log_id = $1 and line_number > $2 order by line_number limit $3;

-- name: list_logs
-- Every log that was imported, with the first and last time that it tells of.
select l.log_id, l.server, l.format, l.line_number, l.fact_count, l.passed_count, l.rejected_count, l.started_at,
    l.finished_at, t.first_at, t.last_at
from foreign_logs l
left join lateral (select min(f.at) as first_at, max(f.at) as last_at from foreign_facts f where f.log_id = l.log_id) t
    on true
order by l.log_id;

-- name: facts
-- A selection's facts, one row for each patient named. A question whose answer stands in the same server's logs is left
-- out: the answer tells more. A patient is ours when her identifier belongs to one of our hospitals, or is an INS.
-- $1 actors, $2 networks, $3 applications, $4 since, $5 until, $6 servers, $7 hospitals and $8 IPPs of patients, $9 INS:
-- null where the selection says nothing.
select f.log_id, f.line_number, l.server, f.at, f.operation, f.outcome, f.certainty, f.fields, f.beyond_identity, f.actor,
    f.actor_name, f.application, f.network, f.criteria, p.system, p.value, i.hospital_id,
    coalesce(i.person_id, n.person_id) as person_id
from foreign_facts f
join foreign_logs l on l.log_id = f.log_id
left join foreign_patients p on p.log_id = f.log_id and p.line_number = f.line_number
left join hospitals h
    on p.system in (h.oid, h.namespace) or (p.system = '' and h.hospital_id = l.numbers_of)
left join identities i on i.hospital_id = h.hospital_id and i.ipp = p.value
left join lateral (
    select min(x.person_id) as person_id from identities x where x.ins = p.value || '|' || p.system
) n on i.person_id is null
where ($1::text[] is null or f.actor = any($1) or f.actor_name = any($1))
    and ($2::text[] is null or f.network = any($2))
    and ($3::text[] is null or f.application = any($3))
    and ($4::timestamptz is null or f.at >= $4)
    and ($5::timestamptz is null or f.at < $5)
    and ($6::text[] is null or l.server = any($6))
    and ($7::integer[] is null or exists (
        select from foreign_patients q
        left join hospitals o on q.system in (o.oid, o.namespace) or (q.system = '' and o.hospital_id = l.numbers_of)
        where q.log_id = f.log_id and q.line_number = f.line_number
            and (exists (select from unnest($7, $8::text[]) as w(hospital_id, ipp) where w.hospital_id = o.hospital_id and w.ipp = q.value) or q.value || '|' || q.system = any($9::text[]))
    ))
    and (f.answers or f.exchange = '' or not exists (
        select from foreign_facts a join foreign_logs b using (log_id)
        where a.exchange = f.exchange and a.answers and b.server = l.server and a.application = f.application
    ))
order by f.log_id, f.line_number;

-- name: identifiers_of_people
-- By which identifiers patients may stand in another server's log. $1 people.
select hospital_id, ipp, ins from identities where person_id = any($1::bigint[]) and state <> 'd';

-- name: subjects
-- What issuers call these accounts, and the names of applications. $1 accounts.
select subject, display_name from accounts where account_id = any($1::integer[]);

-- name: networks_of
-- From where these actors signed in, as the logs tell it. $1 actors, $2 since, $3 until.
select distinct network from foreign_facts
where operation = 8 and outcome = 5 and network <> '' and (actor = any($1::text[]) or actor_name = any($1))
    and ($2::timestamptz is null or at >= $2) and ($3::timestamptz is null or at < $3)
order by network;
