-- name: people
-- Accounts with the account that holds their person's evidence, and for which hospital that one last asked. $1 accounts.
select a.account_id, coalesce(a.same_as, a.account_id) as holder, s.structure_id
from accounts a left join account_states s on s.account_id = coalesce(a.same_as, a.account_id)
where a.account_id = any($1::int[]);

-- name: join
-- Accounts of one person: those of $2, and itself, from now on in the row of $1. $1 holder, $2 joining.
update accounts set same_as = $1 where account_id = $2 or same_as = $2;

-- name: ended
-- Sessions of an account that its issuer ended. $1 account.
select session, ended_at from ended_sessions where account_id = $1;

-- name: named
-- A person's account by what their issuer calls them. $1 issuer (null: any), $2 subject.
select account_id from accounts where kind = 'person' and subject = $2 and ($1::text is null or issuer = $1) limit 2;

-- name: issuer_of
-- Who vouches for an account. $1 account.
select issuer from accounts where account_id = $1;

-- name: burn
-- Whether a proof or a challenge was never used before. $1 minute until which it is remembered, $2 digest.
insert into proofs (minute, digest) values ($1, $2) on conflict do nothing returning digest;

-- name: add_code
-- A code for one use. $1 digest, $2 kind, $3 for which account, $4 made by, $5 now, $6 until.
insert into one_time_codes (digest, kind, account_id, made_by, made_at, expires_at) values ($1, $2, $3, $4, $5, $6);

-- name: codes_since
-- How many codes of a kind were made for an account. $1 kind, $2 account, $3 since.
select count(*) from one_time_codes where kind = $1 and account_id = $2 and made_at > $3;

-- name: code
-- A code that serves still: for whom, by whom. $1 digest, $2 kind, $3 now.
select account_id, made_by from one_time_codes
where digest = $1 and kind = $2 and used_at is null and expires_at > $3;

-- name: use_code
-- Uses it, once: by whom it was made; nothing when it does not serve. $1 digest, $2 kind, $3 account, $4 now.
update one_time_codes set used_at = $4
where digest = $1 and kind = $2 and account_id = $3 and used_at is null and expires_at > $4
returning made_by;

-- name: add_key
-- A key enrolled in person. $1 credential, $2 account, $3 public key, $4 counter, $5 now, $6 granted by.
insert into presence_keys (credential_id, account_id, public_key, sign_count, enrolled_at, granted_by)
values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning credential_id;

-- name: keys
-- An account's keys that were not revoked, the oldest first. $1 account.
select credential_id, public_key, sign_count, enrolled_at, granted_by, used_at from presence_keys
where account_id = $1 and revoked_at is null order by enrolled_at;

-- name: key
-- One of an account's keys that were not revoked, locked. $1 account, $2 credential.
select credential_id, public_key, sign_count, enrolled_at, granted_by, used_at from presence_keys
where account_id = $1 and credential_id = $2 and revoked_at is null for update;

-- name: use_key
-- Its new counter. $1 credential, $2 counter, $3 now.
update presence_keys set sign_count = $2, used_at = $3 where credential_id = $1;

-- name: revoke_key
-- A key proves nothing any more. $1 account, $2 credential, $3 now, $4 by whom.
update presence_keys set revoked_at = $3, revoked_by = $4
where account_id = $1 and credential_id = $2 and revoked_at is null returning credential_id;
