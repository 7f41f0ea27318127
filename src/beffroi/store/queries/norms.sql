-- name: shares
-- New patients of each account, explained and not, since a moment; by role and hospital. Events and refusals among them.
-- $1 since, $2 how many an account needs to count.
select role, structure_id, account_id, sum(new_explained)::bigint as explained, sum(new_unexplained)::bigint as unexplained
from disclosures
where at >= $1 and (new_explained > 0 or new_unexplained > 0)
group by role, structure_id, account_id
having sum(new_explained) + sum(new_unexplained) >= $2;

-- name: apply_release
-- Puts a release in force, once its signature was verified; the gates read it within a minute. $1 text, $2 signatures.
insert into norm_releases (content, signature) values ($1, $2) returning release_id;

-- name: releases
-- The releases, the latest first. $1 at most.
select release_id, applied_at, content, signature from norm_releases order by release_id desc limit $1;
