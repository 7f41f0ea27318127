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

-- name: missing
-- Disclosures that were taken away before they were sealed: those between an account's last leaf and its next
-- disclosure that is there. $1 everything up to this number is settled, $2 rows at most.
select d.account_id, n as running_number
from disclosures d
cross join lateral (
    select coalesce(max(l.running_number), 0) as sealed from leaves l where l.account_id = d.account_id
) last
cross join lateral generate_series(last.sealed + 1, d.running_number - 1) as n
where d.disclosure_id > $1
  and not exists (select from leaves l where l.disclosure_id = d.disclosure_id)
  and not exists (
      select from disclosures b where b.account_id = d.account_id and b.running_number = d.running_number - 1)
  and not exists (select from disclosures b where b.account_id = d.account_id and b.running_number = n)
order by 1, 2
limit $2;
