-- name: newest
-- The last checkpoint, with its epoch and where that began. $1 the witness: the size that it cosigned last in this epoch.
select e.epoch, e.tree_index as began_at, c.tree_size, c.note,
       (select max(tree_size) from cosignatures s where s.witness = $1 and s.tree_size > e.tree_index) as cosigned
from (select * from checkpoints order by tree_size desc limit 1) c,
     (select coalesce(max(epoch), 1) as epoch, coalesce(max(tree_index), 0) as tree_index from epochs) e;

-- name: statements
-- The statements of all gaps, the first one first.
select statement from epochs order by epoch;

-- name: tiles
-- Tiles. $1 levels and $2 tile indices, pairwise.
select t.level, t.tile_index, t.hashes
from unnest($1::smallint[], $2::bigint[]) as q(level, tile_index)
join tiles t on t.level = q.level and t.tile_index = q.tile_index;

-- name: add_cosignature
-- One more of this witness, unless that checkpoint has its cosignature already. $1 tree size, $2 witness, $3 line, $4 when.
insert into cosignatures (tree_size, witness, number, line, cosigned_at)
select $1, $2, coalesce(max(number), 0) + 1, $3, $4 from cosignatures where witness = $2
on conflict (tree_size, witness) do nothing;

-- name: add_contradiction
-- $1 epoch, $2 witness, $3 tree size, $4 the checkpoint that it holds, $5 when it was found.
insert into contradictions (epoch, witness, tree_size, note, found_at) values ($1, $2, $3, $4, $5)
on conflict (epoch, witness) do nothing;

-- name: put_witness_state
-- $1 witness, $2 state, $3 the size that it cosigned last, $4 when.
insert into witness_states as w (witness, state, tree_size, at) values ($1, $2, $3, $4)
on conflict (witness) do update set state = excluded.state, tree_size = excluded.tree_size, at = excluded.at;

-- name: witness_states
-- How the last exchange with each witness ended.
select witness, state, tree_size, at from witness_states order by witness;
