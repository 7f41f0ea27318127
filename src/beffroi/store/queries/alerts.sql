-- name: ring
-- An alert, or one more of the same within the window. $1 kind, $2 severity, $3 account (null: none), $4 topic, $5 now,
-- $6 the window's beginning, $7 particulars.
with repeated as (
    update alerts set count = count + 1, last_at = $5, severity = least(severity, $2), particulars = $7::json
    where alert_id = (
        select alert_id from alerts
        where account_id is not distinct from $3 and kind = $1 and topic = $4 and first_at > $6
        order by alert_id desc limit 1
    ) and not summed
    returning alert_id
)
insert into alerts (kind, severity, account_id, topic, first_at, last_at, particulars)
select $1, $2, $3, $4, $5, $5, $7::json where not exists (select from repeated);

-- name: plan
-- Each new alert is to go out by every channel. $1 channels, $2 now.
with new as (
    update alerts set planned = true
    where alert_id in (select alert_id from alerts where not planned order by alert_id limit 1000)
    returning alert_id
)
insert into alert_deliveries (alert_id, part, channel, next_at)
select alert_id, 0, c, $2 from new cross join unnest($1::text[]) as c on conflict do nothing;

-- name: sum_up
-- What came again within its window is told once more at the window's end, with its count. $1 channels, $2 now, $3 first
-- came before.
with over as (
    update alerts set summed = true
    where alert_id in (select alert_id from alerts where not summed and count > 1 and first_at <= $3 limit 1000)
    returning alert_id
)
insert into alert_deliveries (alert_id, part, channel, next_at)
select alert_id, 1, c, $2 from over cross join unnest($1::text[]) as c on conflict do nothing;

-- name: due
-- What is to be delivered now, by these channels, the oldest first. $1 channels, $2 now, $3 how many at most.
select d.alert_id, d.part, d.channel, d.attempts, d.next_at, a.kind, a.severity, a.account_id, a.first_at, a.last_at,
       a.count, a.particulars
from alert_deliveries d join alerts a using (alert_id)
where d.delivered_at is null and d.dead_at is null and d.next_at <= $2 and d.channel = any($1::text[])
order by d.next_at, d.alert_id
limit $3;

-- name: delivered
-- $1 alert, $2 part, $3 channel, $4 now.
update alert_deliveries set delivered_at = $4, attempts = attempts + 1, failure = ''
where alert_id = $1 and part = $2 and channel = $3;

-- name: failed
-- To be tried again at $4 (null: given up at $5). $1 alert, $2 part, $3 channel, $6 the failure's class.
update alert_deliveries set attempts = attempts + 1, next_at = coalesce($4, next_at), failure = $6,
    dead_at = case when $4::timestamptz is null then $5::timestamptz end
where alert_id = $1 and part = $2 and channel = $3;

-- name: standing
-- How many wait, since when the oldest does, and how many were given up.
select count(*) filter (where dead_at is null)::int as waiting_count,
       min(a.first_at) filter (where dead_at is null) as oldest_at,
       count(*) filter (where dead_at is not null)::int as dead_count
from alert_deliveries d join alerts a using (alert_id)
where d.delivered_at is null;

-- name: revive
-- What was given up is tried again. $1 now.
update alert_deliveries set dead_at = null, attempts = 0, next_at = $1 where dead_at is not null;
