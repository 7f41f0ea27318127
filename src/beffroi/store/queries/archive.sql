-- name: segments
-- What was archived, in order.
select segment, first_index, end_index, first_at, last_at, manifest, erased_at, erased_to, disclosures_count
from archive_segments order by segment;

-- name: manifests
-- The manifests of segments with files that reach into a time. $1 from, $2 to before; null: any.
select manifest from archive_segments
where erased_at is null and ($1::timestamptz is null or last_at >= $1) and ($2::timestamptz is null or first_at < $2)
order by segment;

-- name: last_checkpoint
-- The largest signed tree.
select tree_size, note from checkpoints order by tree_size desc limit 1;

-- name: first_young
-- The first leaf, from $1 to before $2, whose disclosure is not older than $3, or of which an audit repository was not told
-- yet; null when there is none.
select least(
    (select min(l.tree_index) from leaves l join disclosures d using (disclosure_id)
     where l.tree_index >= $1 and l.tree_index < $2 and d.at >= $3),
    (select greatest(r.position, $1) from audit_repositories r
     where r.listed and r.stream = 'disclosures' and r.position < $2 order by r.position limit 1));

-- name: oldest
-- When the first disclosure behind the archive was recorded. $1 its first leaf.
select min(d.at) from (select disclosure_id from leaves where tree_index >= $1 order by tree_index limit 100) l
join disclosures d using (disclosure_id);

-- name: rows
-- The disclosures of a range of leaves, in the order of the tree, with what became of the answers. $1 from, $2 to before.
select l.tree_index, d.*, f.sent
from leaves l join disclosures d using (disclosure_id) left join deliveries f using (disclosure_id)
where l.tree_index >= $1 and l.tree_index < $2
order by l.tree_index;

-- name: leaves_by_account
-- The leaves of a range account by account, each in its account's order. $1 from, $2 to before.
select l.disclosure_id, l.account_id, l.running_number, l.commitment
from leaves l
where l.tree_index >= $1 and l.tree_index < $2 and l.account_id is not null and l.erased_at is null
order by l.account_id, l.running_number;

-- name: ends_before
-- The last leaf of each account before a range. $1 the range's first leaf, $2 accounts, $3 running numbers.
select l.account_id, l.commitment
from unnest($2::int[], $3::bigint[]) as q(account_id, running_number)
join leaves l on l.account_id = q.account_id and l.running_number = q.running_number
where l.tree_index < $1;

-- name: note
-- Notes that a range lies in files; how many disclosures. The function refuses what is not sealed, too young, or not the
-- next range. $1 segment, $2 first leaf, $3 end, $4 rows in the files, $5 manifest.
select archive_disclosures($1, $2, $3, $4, $5);

-- name: take
-- Takes the next rows of a noted segment out of the online tables; how many leaves are left. $1 leaves at most.
select take_archived($1);

-- name: patients_held
-- Holds on patients that were not lifted.
select hold_id, account_id, people, from_at, until_at from holds where lifted_at is null and people is not null;

-- name: held_whole
-- Whether a hold on no patient keeps a segment: so that nobody reads its files for nothing. $1 segment.
select exists (
    select from holds h join archive_segments a on a.segment = $1
    where h.lifted_at is null and h.people is null
      and (h.account_id is null or exists (
          select from leaves l
          where l.account_id = h.account_id and l.tree_index >= a.first_index and l.tree_index < a.end_index))
      and (h.from_at is null or a.last_at >= h.from_at)
      and (h.until_at is null or a.first_at <= h.until_at)
);

-- name: erase
-- Notes that a segment is erased; false when it may not be. $1 segment, $2 older than, $3 holds on patients of whom its
-- files have nothing.
select erase_archived($1, $2, $3);

-- name: mark_erased
-- Marks the next leaves of an erased segment; how many are left. $1 segment, $2 leaves at most.
select mark_archived_erased($1, $2);

-- name: accounts_of
-- The numbers of what issuers call an account. $1 subject.
select account_id from accounts where subject = $1;

-- name: names_of
-- What accounts are and what issuers call them. $1 accounts.
select account_id, kind, subject from accounts where account_id = any($1::int[]);
