-- name: list_applied
-- Migrations that were applied.
select number, sha256 from migrations;

-- name: write_nothing_of_note
-- A committed row of the gate's own tables, with its privileges: a proof of the year 1970, which the worker deletes.
-- $1 16 bytes.
insert into proofs (minute, digest) values (0, $1);
