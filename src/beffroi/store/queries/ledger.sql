-- name: try_lock
-- Whether this transaction is the one that seals; another machine's worker may be at it. $1 the lock's number.
select pg_try_advisory_xact_lock($1);

-- name: standing
-- Where sealing stands, after the lock and in one snapshot: the cluster, the oldest transaction still open and the next
-- one after those that ended, the highest disclosure in sight, the last leaf, the last checkpoint and the state; the
-- epoch, and whether a witness holds a checkpoint against it.
select (select system_identifier from pg_control_system()) as system_identifier,
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint as oldest_open,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint as ended_below,
       (select max(disclosure_id) from disclosures) as last_disclosure,
       (select max(tree_index) + 1 from leaves) as leaves_count,
       c.tree_size, c.root, c.signed_at,
       (select max(number) from checkpoints) as checkpoints_count,
       s.system_identifier as known_system, s.settled_below, s.mark_disclosure,
       s.mark_transaction::text::bigint as mark_transaction, s.final_below,
       e.epoch,
       exists (select from contradictions x where x.epoch = e.epoch) as contradicted
from (select coalesce(max(epoch), 1) as epoch from epochs) e
left join seal_state s on true
left join (select tree_size, root, signed_at from checkpoints order by tree_size desc limit 1) c on true;

-- name: unsealed
-- Disclosures without a leaf, of transactions before the oldest one still open, in their order, each with the leaf of
-- its account's disclosure before it when that is sealed (`b` and `q`: by a worker of before). $1 above this number, $2
-- up to this one, $3 before this transaction, $4 rows at most, $5 up to this number whatever transaction wrote it.
select d.disclosure_id, d.at, d.account_id, d.running_number, d.role, d.structure_id, d.application, d.session_key,
       d.network, d.door, d.operation, d.outcome, d.purpose, d.reason, d.request_id, d.request, d.policy_version,
       d.criteria_fields, d.shown, d.nonce,
       coalesce(p.commitment, q.commitment) as previous_leaf
from (
    select * from disclosures d
    where d.disclosure_id > $1 and d.disclosure_id <= $2
      and (d.transaction < $3::text::xid8 or d.disclosure_id <= $5)
      and not exists (select from leaves l where l.disclosure_id = d.disclosure_id)
    order by d.disclosure_id
    limit $4
) d
left join leaves p on p.account_id = d.account_id and p.running_number = d.running_number - 1
left join disclosures b on p.tree_index is null
    and b.account_id = d.account_id and b.running_number = d.running_number - 1
left join leaves q on q.disclosure_id = b.disclosure_id
order by d.disclosure_id;

-- name: late
-- Whether a disclosure above $1 that was recorded before $2 has no leaf yet.
select exists (
    select from disclosures d
    where d.disclosure_id > $1 and d.at < $2
      and not exists (select from leaves l where l.disclosure_id = d.disclosure_id)
);

-- name: edge
-- The tiles at the right edge of the tree. $1 levels and $2 tile indices, pairwise.
select t.level, t.tile_index, t.hashes
from unnest($1::smallint[], $2::bigint[]) as q(level, tile_index)
join tiles t on t.level = q.level and t.tile_index = q.tile_index;

-- name: add_leaves
-- Leaves behind the others. $1 the first index; in the order of the tree $2 disclosures, $3 commitments, $4 accounts
-- and $5 their running numbers.
insert into leaves (tree_index, disclosure_id, commitment, account_id, running_number)
select $1::bigint + n.place - 1, n.disclosure_id, n.commitment, n.account_id, n.running_number
from unnest($2::bigint[], $3::bytea[], $4::integer[], $5::bigint[]) with ordinality
    as n(disclosure_id, commitment, account_id, running_number, place);

-- name: put_tiles
-- Tiles that are new, and tiles that grow: one whose present hashes are not the beginning of the new ones is not
-- touched, and then fewer rows come back than were given. $1 levels, $2 tile indices, $3 hashes.
insert into tiles as t (level, tile_index, hashes)
select * from unnest($1::smallint[], $2::bigint[], $3::bytea[])
on conflict (level, tile_index) do update set hashes = excluded.hashes
where substring(excluded.hashes from 1 for octet_length(t.hashes)) = t.hashes
returning t.level;

-- name: add_checkpoint
-- The signed root. $1 tree size, $2 root, $3 note, $4 when, $5 the how many-th.
insert into checkpoints (tree_size, root, note, signed_at, number) values ($1, $2, $3, $4, $5);

-- name: put_state
-- How far sealing came. This transaction's own number is above that of every transaction that had begun to write before
-- the standing was read. $1 system identifier, $2 settled below, $3 the mark, $4 the mark's transaction: null for ours.
insert into seal_state as s (system_identifier, settled_below, mark_disclosure, mark_transaction)
values ($1, $2, $3, coalesce($4::text::xid8, pg_current_xact_id()))
on conflict (only_row) do update set settled_below = excluded.settled_below,
    mark_disclosure = excluded.mark_disclosure, mark_transaction = excluded.mark_transaction;

-- name: published_checkpoint
-- The note of the largest tree that $1 of the witnesses $3 cosigned, with their lines; of the largest of all when there
-- is none, or when the one behind it was signed before $2. (So a log whose witnesses are away stays auditable.)
with cosigned as (
    select tree_size from cosignatures where witness = any ($3::text[]) group by tree_size having count(*) >= $1 order by tree_size desc limit 1
), newest as (
    select max(tree_size) as tree_size from checkpoints
), due as (
    select signed_at < $2 as late from checkpoints
    where tree_size > (select tree_size from cosigned) order by tree_size limit 1
), chosen as (
    select case when $1 = 0 or (select late from due) then newest.tree_size
                else coalesce((select tree_size from cosigned), newest.tree_size) end as tree_size
    from newest
)
select c.note || coalesce(
    (select string_agg(line, '' order by witness) from cosignatures s where s.tree_size = c.tree_size), '')
from chosen join checkpoints c using (tree_size);

-- name: statement
-- The statement with which an epoch began. $1 the epoch.
select statement from epochs where epoch = $1;

-- name: tile
-- One tile. $1 level, $2 tile index.
select hashes from tiles where level = $1 and tile_index = $2;

-- name: entries
-- Commitments in the order of the tree. $1 from this index, $2 to before this one.
select commitment from leaves where tree_index >= $1 and tree_index < $2 order by tree_index;
