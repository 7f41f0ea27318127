-- Incidents over the API and in the console: reports, proofs and whole lists are made by processes that serve.
grant select, insert, update on scope_exports to beffroi_web;
grant select on foreign_logs, foreign_facts, foreign_patients to beffroi_web;
-- A proof opens leaves: commitments and hashes are what is published anyway.
grant select on leaves, tiles, cosignatures to beffroi_web;
