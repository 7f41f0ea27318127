-- name: sums
-- What was read and refused under some accounts, by hour and channel; no patient is named. $1 accounts, $2 since, $3 at most.
select date_trunc('hour', at) as hour, structure_id, application, substr(encode(session_key, 'hex'), 1, 8) as device,
       network, count(*) filter (where outcome <> 5 and operation <> 8)::int as answers,
       count(*) filter (where outcome = 5)::int as refusals, count(*) filter (where operation = 8)::int as sign_ins,
       count(*) filter (where operation = 7)::int as emergencies,
       coalesce(sum(json_array_length(shown)), 0)::int as patients
from disclosures
where account_id = any($1::int[]) and at >= $2 and operation < 9
group by 1, 2, 3, 4, 5 order by 1 desc limit $3;

-- name: events
-- What happened to these accounts. $1 accounts, $2 since, $3 at most.
select at, operation, request from disclosures
where account_id = any($1::int[]) and at >= $2 and operation >= 9 and outcome = 7
order by disclosure_id desc limit $3;
