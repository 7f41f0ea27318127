-- name: suspicions
-- What other accounts did by each channel, as long as it counts. $1 now.
select kind, key, points from suspicions where until > $1;

-- name: feeds
-- When each feed was last heard.
select hospital_id, last_message_at from feeds;

-- name: held
-- Accounts under a hold, by the hospital for which they last asked.
select structure_id, count(*) as held_count from account_states where rung >= 4 and structure_id is not null
group by structure_id;

-- name: crises
-- Where a crisis is declared now (null: everywhere). $1 now.
select hospital_id from crises where in_force_from is not null and expires_at > $1 and ended_by is null;

-- name: staff
-- Accounts that ever asked, by that hospital: against them a share of holds is judged.
select structure_id, count(*) as staff_count from account_states where structure_id is not null group by structure_id;

-- name: canaries
-- Fictitious people who still stand.
select person_id from canaries where retired_at is null;

-- name: norm_release
-- The release of norms that was applied last.
select content, signature from norm_releases order by release_id desc limit 1;
