-- name: standings
-- Accounts that were at least noticed and asked lately, with the channels by which they did. $1 since.
select account_id, score, structure_id, device, network, neighbourhood from account_states
where rung >= 1 and asked_at > $1;

-- name: device_users
-- How many accounts last asked by each of these devices. $1 devices.
select device, count(*) as users_count from account_states where device = any($1::text[]) group by device;

-- name: replace_suspicions
-- What channels are worth now, until when; whatever else was known has expired or does so. $1 kinds, $2 keys, $3 points, $4 until.
insert into suspicions (kind, key, points, until)
select kind, key, points, $4 from unnest($1::text[], $2::text[], $3::int[]) as n(kind, key, points)
order by kind, key
on conflict (kind, key) do update set points = excluded.points, until = excluded.until;

-- name: forget_suspicions
-- What no longer counts. $1 now.
delete from suspicions where until <= $1;
