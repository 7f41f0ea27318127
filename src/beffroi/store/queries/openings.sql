-- name: segments
-- The archive's segments, in order.
select segment, first_index, end_index, first_at, last_at, manifest
from archive_segments where erased_at is null order by segment;

-- name: hot
-- Sealed disclosures that are in the database. The condition is put in by store/openings.py.
select l.tree_index, d.*
from disclosures d join leaves l using (disclosure_id)
where /*condition*/
order by l.tree_index;

-- name: extent
-- From which leaf to which the sealed disclosures of a time are, of those in the database. $1 since, $2 until.
select min(l.tree_index), max(l.tree_index) + 1
from disclosures d join leaves l using (disclosure_id)
where d.at >= $1 and d.at < $2;

-- name: previous
-- The leaves before some disclosures of their accounts. $1 accounts, $2 running numbers.
select l.account_id, l.running_number, l.commitment
from unnest($1::int[], $2::bigint[]) as q(account_id, running_number)
join leaves l on l.account_id = q.account_id and l.running_number = q.running_number - 1;

-- name: range
-- The commitments of a range of leaves, in order. $1 from, $2 to before.
select commitment from leaves where tree_index >= $1 and tree_index < $2 order by tree_index;

-- name: tiles
-- Tiles by their places. $1 levels, $2 tile indices, pairwise.
select t.level, t.tile_index, t.hashes
from unnest($1::smallint[], $2::bigint[]) as q(level, tile_index)
join tiles t on t.level = q.level and t.tile_index = q.tile_index;

-- name: archived
-- The same of a segment's file, for DuckDB.
select d.* from by_account d where /*condition*/;
