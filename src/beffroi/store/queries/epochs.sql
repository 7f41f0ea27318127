-- name: lock
-- Waits for the sealer to end its round; none begins until this transaction ends. $1 the lock's number.
select pg_advisory_xact_lock($1);

-- name: held_against
-- Checkpoints of ours that witnesses hold against an epoch. $1 the epoch.
select note from contradictions where epoch = $1;

-- name: add_epoch
-- $1 epoch, $2 index of its statement's leaf, $3 the signed statement, $4 when.
insert into epochs (epoch, tree_index, statement, declared_at) values ($1, $2, $3, $4);

-- name: anchor
-- Sealing goes on in this cluster: whatever is committed now is final, whichever cluster's transaction wrote it.
-- $1 the cluster's identifier, $2 the highest disclosure.
insert into seal_state as s (system_identifier, settled_below, mark_disclosure, mark_transaction, final_below)
values ($1, 0, $2, pg_current_xact_id(), $2)
on conflict (only_row) do update set system_identifier = excluded.system_identifier,
    mark_disclosure = excluded.mark_disclosure, mark_transaction = excluded.mark_transaction,
    final_below = excluded.final_below;
