-- name: queue
-- An event for every stream, or for one ($2). $1 now, $3 type, subject and properties.
insert into signals (at, stream, body) values ($1, $2, $3::json);

-- name: accounts
-- How issuers name these accounts; `sub` is what their tokens say where that is another name. $1 accounts.
select a.account_id, a.issuer,
       coalesce((select substr(n.name, 5) from names_at_issuer n
                 where n.account_id = a.account_id and n.issuer = a.issuer and n.name like 'sub:%'
                 order by n.seen_at desc limit 1), a.subject) as subject
from accounts a where a.account_id = any($1::int[]) order by a.account_id;

-- name: know_streams
-- A stream that the configuration names for the first time is enabled. $1 streams.
insert into signal_streams (stream) select unnest($1::text[]) on conflict do nothing;

-- name: status
-- $1 stream.
select status, reason, verified_at from signal_streams where stream = $1;

-- name: set_status
-- $1 stream, $2 status, $3 reason.
update signal_streams set status = $2, reason = $3 where stream = $1;

-- name: drop_waiting
-- A disabled stream holds nothing. $1 stream, $2 now.
update signal_deliveries set dead_at = $2, failure = 'disabled'
where stream = $1 and delivered_at is null and dead_at is null;

-- name: plan
-- Each new event goes to every stream that is not disabled, under an identifier of its own. $1 streams, $2 now.
with new as (
    update signals set planned = true
    where signal_id in (select signal_id from signals where not planned order by signal_id limit 500)
    returning signal_id, stream
)
insert into signal_deliveries (signal_id, stream, jti, next_at)
select n.signal_id, s.stream, gen_random_uuid()::text, $2
from new n join signal_streams s on s.stream = any($1::text[]) and s.status <> 'disabled'
where n.stream is null or n.stream = s.stream
on conflict do nothing;

-- name: due
-- What an enabled stream is to be told now, in the order of the events. $1 stream, $2 now, $3 how many at most.
select d.signal_id, d.stream, d.jti, d.attempts, s.at, s.body
from signal_deliveries d join signals s using (signal_id) join signal_streams t on t.stream = d.stream
where d.stream = $1 and t.status = 'enabled' and d.delivered_at is null and d.dead_at is null and d.next_at <= $2
order by d.signal_id
limit $3;

-- name: delivered
-- The receiver has it. $1 stream, $2 identifiers, $3 now.
update signal_deliveries set delivered_at = $3, attempts = attempts + 1, failure = ''
where stream = $1 and jti = any($2::text[]) and delivered_at is null;

-- name: failed
-- To be tried again at $4 (null: given up at $5). $1 stream, $2 identifier, $3 the failure, in a word.
update signal_deliveries set attempts = attempts + 1, failure = $3, next_at = coalesce($4, next_at),
    dead_at = case when $4::timestamptz is null then $5::timestamptz end
where stream = $1 and jti = $2 and delivered_at is null;

-- name: verified
-- $1 stream, $2 now.
update signal_streams set verified_at = $2 where stream = $1;

-- name: standing
-- How many wait and how many were given up.
select count(*) filter (where dead_at is null)::int as waiting_count,
       count(*) filter (where dead_at is not null and failure <> 'disabled')::int as dead_count
from signal_deliveries where delivered_at is null;

-- name: heard
-- Whether this token came before and was done. $1 issuer, $2 identifier.
select exists (select from signals_received where issuer = $1 and jti = $2);

-- name: receive
-- It is done. $1 issuer, $2 identifier, $3 now.
insert into signals_received (issuer, jti, at) values ($1, $2, $3) on conflict do nothing;

-- name: accounts_named
-- The accounts that an issuer calls so. $1 issuer, $2 its subject (empty: not said), $3 its session (empty: not said).
select account_id from accounts where issuer = $1 and $2 <> '' and subject = $2
union
select account_id from names_at_issuer
where issuer = $1 and ($2 <> '' and name = 'sub:' || $2 or $2 = '' and name = 'sid:' || $3)
order by 1;

-- name: end_session
-- Tokens issued to a session (empty: to any of the account) until then are refused. $1 account, $2 session, $3 until, $4 by.
insert into ended_sessions (account_id, session, ended_at, by_whom) values ($1, $2, $3, $4)
on conflict (account_id, session) do update set ended_at = greatest(ended_sessions.ended_at, excluded.ended_at),
    by_whom = excluded.by_whom;

-- name: remember_names
-- How an issuer names an account, besides its subject. $1 issuer, $2 names, $3 account, $4 now.
insert into names_at_issuer (issuer, name, account_id, seen_at) select $1, n, $3, $4 from unnest($2::text[]) as n
on conflict (issuer, name, account_id) do update set seen_at = excluded.seen_at;

-- name: forget
-- What has served its time: identifiers heard, names and ends of sessions, before $1; delivered events before $2, and
-- events that no stream waits for.
with received as (delete from signals_received where at < $1 returning 1),
     names as (delete from names_at_issuer where seen_at < $1 returning 1),
     ends as (delete from ended_sessions where ended_at < $1 returning 1),
     gone as (delete from signal_deliveries where delivered_at < $2 returning 1),
     told as (
         delete from signals s
         where s.at < $2 and not exists (select from signal_deliveries d where d.signal_id = s.signal_id)
     )
select (select count(*) from received) + (select count(*) from names) + (select count(*) from ends)
     + (select count(*) from gone) as rows;
