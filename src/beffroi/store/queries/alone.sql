-- name: try_lock
-- Whether this session is the one that works; another machine's worker may be at it. $1 the lock's number.
select pg_try_advisory_lock($1);

-- name: unlock
-- $1 the lock's number.
select pg_advisory_unlock($1);
