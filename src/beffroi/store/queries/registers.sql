-- name: lock_registers
-- Two processes that start together copy the configuration one after the other. $1 the lock's number.
select pg_advisory_xact_lock($1);

-- name: list_hospitals
-- The hospitals as the database has them.
select hospital_id, finess, name, oid, namespace, sensitive, networks from hospitals order by hospital_id;

-- name: list_applications
-- Accounts of applications, and of people who bear a name that an application claims. $1 issuers, $2 subjects.
select account_id, kind, issuer, subject, display_name from accounts
where kind = 'application'
   or (issuer, subject) in (select i, s from unnest($1::text[], $2::text[]) as claimed (i, s));

-- name: list_configured_grants
-- Grants that came from a configuration. $1 who granted them.
select account_id, hospital_id, role from grants where granted_by = $1;

-- name: list_credentials
-- Certificates and loopback facilities.
select credential, account_id, hospital_id, may_feed, may_query from credentials;

-- name: insert_hospital
-- A new hospital.
insert into hospitals (hospital_id, finess, name, oid, namespace, sensitive, networks) values ($1, $2, $3, $4, $5, $6, $7);

-- name: update_hospital
-- What may change of a hospital; never its OID.
update hospitals set finess = $2, name = $3, namespace = $4, sensitive = $5, networks = $6 where hospital_id = $1;

-- name: insert_application
-- A new application's account, with its row in the gate.
with made as (
    insert into accounts (kind, issuer, subject, display_name) values ('application', $1, $2, $3) returning account_id
), state as (
    insert into account_states (account_id) select account_id from made
)
select account_id from made;

-- name: rename_application
-- Its name for people to read.
update accounts set display_name = $2 where account_id = $1;

-- name: insert_grant
-- What an application may do for its hospital. $4 who granted it.
insert into grants (account_id, hospital_id, role, granted_by) values ($1, $2, $3, $4)
on conflict (account_id, hospital_id, role) do update set granted_by = excluded.granted_by, expires_at = null;

-- name: delete_grant
-- A grant that the configuration no longer holds. $4 who granted it.
delete from grants where account_id = $1 and hospital_id = $2 and role = $3 and granted_by = $4;

-- name: put_credential
-- A certificate or a loopback facility, new or changed.
insert into credentials (credential, account_id, hospital_id, may_feed, may_query) values ($1, $2, $3, $4, $5)
on conflict (credential) do update set account_id = excluded.account_id, hospital_id = excluded.hospital_id,
    may_feed = excluded.may_feed, may_query = excluded.may_query;

-- name: delete_credential
-- A certificate or a loopback facility that the configuration no longer holds.
delete from credentials where credential = $1;

-- name: insert_deployment
-- The deployment's one row. $1 whether it is a demonstration, $2 the key of references, $3 the key of nonces.
insert into deployment (demo, reference_key, nonce_key) values ($1, $2, $3) on conflict do nothing returning demo;

-- name: is_demo
-- Whether this database belongs to a demonstration; null before it was set up.
select demo from deployment;
