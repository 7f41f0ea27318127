-- name: waiting
-- A release that waits for its second person, locked. $1 account, $2 asked since.
select release_id, reason, asked_by, asked_at from hold_releases
where account_id = $1 and released_at is null and asked_at > $2
order by release_id desc limit 1 for update;

-- name: add
-- A release: done at once, or waiting ($6 null). $1 account, $2 reason, $3 asked by, $4 now, $5 released by, $6 when.
insert into hold_releases (account_id, reason, asked_by, asked_at, released_by, released_at)
values ($1, $2, $3, $4, $5, $6);

-- name: finish
-- The second person. $1 release, $2 by whom, $3 now.
update hold_releases set released_by = $2, released_at = $3 where release_id = $1;
