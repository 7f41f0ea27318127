-- name: try_lock
-- Whether this transaction is the one that keeps house; another machine's worker may be at it. $1 the lock's number.
select pg_try_advisory_xact_lock($1);

-- name: delete_proofs
-- Proofs of minutes before $1, at most $2 of them. Nothing else touches rows so old.
delete from proofs where ctid = any(array(select ctid from proofs where minute < $1 limit $2));

-- name: delete_sessions
-- The console's sessions that ended before $1, at most $2 of them.
delete from console_sessions where ctid = any(array(select ctid from console_sessions where ends_at < $1 limit $2));

-- name: delete_feed_messages
-- Keys of messages applied before $1, at most $2 of them.
delete from feed_messages where ctid = any(array(select ctid from feed_messages where applied_at < $1 limit $2));

-- name: delete_feed_events
-- What feeds did before $1, at most $2 events of it.
delete from feed_events where ctid = any(array(select ctid from feed_events where at < $1 limit $2));

-- name: forget_evidence
-- What the watch remembers of accounts that asked nothing since $1, at most $2 of them.
select forget_evidence($1, $2);

-- name: erase
-- Erases disclosures with their nonces (the function says which it refuses). $1 older than this, $2 above this number,
-- $3 looked at at most.
select last_number, erased, young from erase_disclosures($1, $2, $3);
