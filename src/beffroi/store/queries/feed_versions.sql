-- name: version
-- When the record of one identity last changed. $1 hospital, $2 IPP.
select updated_at from identities where hospital_id = $1 and ipp = $2 and state <> 'd';

-- name: burn_proof
-- A DPoP proof that comes with a feed, which is no question and passes no gate: used once all the same.
-- $1 its minute, $2 its digest; no row when it was used before.
insert into proofs (minute, digest) values ($1, $2) on conflict do nothing returning true;
