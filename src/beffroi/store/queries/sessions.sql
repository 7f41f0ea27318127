-- name: open_session
-- A browser signed in. $1 digest of its cookie, $2 account, $3 sealed tokens, $4 now, $5 end.
insert into console_sessions (session_digest, account_id, sealed, signed_in_at, seen_at, ends_at)
values ($1, $2, $3, $4, $4, $5);

-- name: find_session
-- The session of a cookie while it lasts; whether its account, or the one with its person's evidence, is stopped; which
-- devices are; which sessions its issuer ended. $1 digest, $2 now, $3 seen since then.
select s.account_id, s.sealed, s.signed_in_at, s.seen_at, s.ends_at, s.bound_at, s.unproved_at,
       exists (select from account_states t where t.frozen and t.account_id in (a.account_id, a.same_as)) as frozen,
       array(select c.target from containments c where c.kind = 'device' and c.released_at is null
             and c.in_force_from is not null and (c.expires_at is null or c.expires_at > $2)) as devices,
       (select coalesce(json_agg(json_build_array(e.session, extract(epoch from e.ended_at)::bigint)), '[]')
        from ended_sessions e where e.account_id = a.account_id) as ended
from console_sessions s join accounts a using (account_id)
where s.session_digest = $1 and s.ends_at > $2 and s.seen_at > $3;

-- name: touch_session
-- It was used. $1 digest, $2 now.
update console_sessions set seen_at = $2 where session_digest = $1;

-- name: renew_session
-- Its tokens are others. $1 digest, $2 sealed.
update console_sessions set sealed = $2 where session_digest = $1;

-- name: close_session
-- Signed out. $1 digest.
delete from console_sessions where session_digest = $1;

-- name: bind_session
-- The browser has bound it to its device's key, once. $1 digest, $2 key, $3 now, $4 when the answered challenge was made.
update console_sessions set device_key = $2::jsonb, bound_at = $3, answered_at = $4
where session_digest = $1 and device_key is null and ends_at > $3
returning account_id;

-- name: device_key
-- The key of a bound session while it lasts. $1 digest, $2 now, $3 seen since then.
select device_key::text from console_sessions
where session_digest = $1 and ends_at > $2 and seen_at > $3 and device_key is not null;

-- name: answer_challenge
-- A challenge is answered, once, and none that is older after it. $1 digest, $2 when the challenge was made.
update console_sessions set answered_at = $2 where session_digest = $1 and answered_at < $2 returning account_id;

-- name: note_unproved
-- It came without its device's key, for the first time. $1 digest, $2 now.
update console_sessions set unproved_at = $2 where session_digest = $1 and unproved_at is null;
