-- name: rows
-- Where disclosures stand. $1 disclosures.
select w.number, coalesce(d.account_id, l.account_id), coalesce(d.running_number, l.running_number), l.tree_index
from unnest($1::bigint[]) as w(number)
left join disclosures d on d.disclosure_id = w.number
left join leaves l on l.disclosure_id = w.number
where d.disclosure_id is not null or l.running_number is not null;

-- name: last_checkpoint
-- The largest signed tree.
select tree_size, note from checkpoints order by tree_size desc limit 1;
