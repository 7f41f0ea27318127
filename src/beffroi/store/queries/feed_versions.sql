-- name: version
-- When the record of one identity last changed. $1 hospital, $2 IPP.
select updated_at from identities where hospital_id = $1 and ipp = $2 and state <> 'd';
