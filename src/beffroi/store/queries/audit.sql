-- name: begin
-- What is there at all. Everything that follows is read in this one snapshot.
select (select count(*) from leaves) as leaves_count,
       (select count(*) from tiles) as tiles_count,
       (select count(*) from checkpoints) as checkpoints_count,
       (select system_identifier from pg_control_system()) as system_identifier,
       (select system_identifier from seal_state) as known_system,
       coalesce((select settled_below from seal_state), 0) as settled_below;

-- name: leaves
-- Every leaf in the order of the tree, with its disclosure when that is there.
select l.tree_index, l.disclosure_id as leaf_of, l.commitment, l.account_id as leaf_account,
       l.running_number as leaf_number, l.erased_at, d.*
from leaves l left join disclosures d on d.disclosure_id = l.disclosure_id
order by l.tree_index;

-- name: archived
-- The archive's segments, in order.
select segment, first_index, end_index, first_at, last_at, manifest, erased_at, erased_to, disclosures_count
from archive_segments order by segment;

-- name: roots
-- The roots of signed trees of these sizes. $1 sizes.
select tree_size, root from checkpoints where tree_size = any($1::bigint[]);

-- name: checkpoints
-- Every signed root, smallest tree first.
select tree_size, root, note, number from checkpoints order by tree_size;

-- name: cosignatures
-- Every cosignature, smallest tree first.
select tree_size, witness, number, line, cosigned_at from cosignatures order by tree_size, witness;

-- name: epochs
-- The statements with which later epochs began.
select epoch, tree_index, statement from epochs order by epoch;

-- name: published_tile
-- One tile as it is published. $1 level, $2 tile index.
select hashes from tiles where level = $1 and tile_index = $2;

-- name: waiting
-- How many disclosures have no leaf.
select count(*) from disclosures d where not exists (select from leaves l where l.disclosure_id = d.disclosure_id);

-- name: forgotten
-- Disclosures without a leaf that should have had one. $1 the state's settled number, $2 and $3: recorded before the
-- one or after the other, $4 rows at most.
select d.disclosure_id
from disclosures d
where not exists (select from leaves l where l.disclosure_id = d.disclosure_id)
  and (d.disclosure_id <= $1 or d.at < $2 or d.at > $3)
order by d.disclosure_id
limit $4;
