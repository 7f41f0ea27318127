-- name: know
-- A consumer that is new is told of what changes from now on. $1 consumers.
insert into notification_places (consumer, feed_event, move)
select one, (select coalesce(max(feed_event_id), 0) from feed_events), (select coalesce(max(move_id), 0) from moves)
from unnest($1::text[]) as one on conflict (consumer) do nothing;

-- name: places
-- How far the changes were looked at for each consumer. $1 consumers.
select consumer, feed_event, move, attempts from notification_places where consumer = any($1::text[]) order by consumer;

-- name: mark
-- The highest numbers that are visible, the first transaction that may still write lower ones, and the first that is not
-- over (as in feed_trail).
select (select coalesce(max(feed_event_id), 0) from feed_events) as feed_event,
       (select coalesce(max(move_id), 0) from moves) as move,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint as begun,
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint as ended;

-- name: events
-- Events of feeds after a number and up to a final one. $1 after, $2 up to, $3 how many at most.
select e.feed_event_id, e.at, e.account_id, e.hospital_id, e.person_id, e.action::text, e.identifiers,
       coalesce(i.local_only, false) as local_only
from feed_events e left join identities i using (identity_id)
where e.feed_event_id > $1 and e.feed_event_id <= $2
order by e.feed_event_id limit $3;

-- name: moves
-- Identities that came to another person, but by a bulk load. $1 after, $2 up to, $3 how many at most.
select m.move_id, m.moved_at, m.from_person, m.to_person, m.cause, i.hospital_id, i.local_only
from moves m join identities i using (identity_id)
where m.move_id > $1 and m.move_id <= $2
order by m.move_id limit $3;

-- name: queue
-- Patients of whom a consumer is to be told. Whoever waits already keeps her place, and is tried anew if she was given up.
-- $1 consumer, $2 people, $3 whether the consumer's own credential caused it, $4 whether also when one identifier is left,
-- pairwise; $5 now.
insert into notifications (consumer, person_id, own, alone, queued_at, next_at)
select $1, n.person_id, n.own, n.alone, $5, $5 from unnest($2::bigint[], $3::bool[], $4::bool[]) as n(person_id, own, alone)
on conflict (consumer, person_id) do update
set own = notifications.own and excluded.own, alone = notifications.alone or excluded.alone,
    attempts = case when notifications.dead_at is null then notifications.attempts else 0 end,
    next_at = case when notifications.dead_at is null then notifications.next_at else excluded.next_at end,
    dead_at = null;

-- name: looked_at
-- The changes up to there are queued. $1 consumer, $2 event of feeds, $3 move.
update notification_places set feed_event = $2, move = $3 where consumer = $1;

-- name: due
-- Of whom to tell now, the longest waiting first; nobody while the consumer is left alone. $1 consumer, $2 now, $3 how many
-- at most.
select n.person_id, n.own, n.alone, n.attempts from notifications n join notification_places p using (consumer)
where n.consumer = $1 and n.dead_at is null and n.next_at <= $2 and p.next_at <= $2
order by n.queued_at, n.person_id limit $3;

-- name: told
-- $1 consumer, $2 person.
delete from notifications where consumer = $1 and person_id = $2;

-- name: put_off
-- The consumer is away, or may not be told: it is left alone until then. $1 consumer, $2 again at, $3 why.
update notification_places set attempts = attempts + 1, next_at = $2, failure = $3 where consumer = $1;

-- name: resumed
-- It answers. $1 consumer.
update notification_places set attempts = 0, failure = '' where consumer = $1 and attempts > 0;

-- name: failed
-- To be tried again at $3 (null: given up at $4). $1 consumer, $2 person, $5 why.
update notifications set attempts = attempts + 1, next_at = coalesce($3, next_at), failure = $5,
    dead_at = case when $3::timestamptz is null then $4::timestamptz end
where consumer = $1 and person_id = $2;

-- name: withheld
-- Not now. $1 consumer, $2 person, $3 again at, $4 why.
update notifications set next_at = $3, failure = $4 where consumer = $1 and person_id = $2;

-- name: standing
-- How many wait for each consumer, since when, how many were given up, and why the last one failed. $1 consumers.
select c.consumer,
       (select count(*) from notifications n where n.consumer = c.consumer and n.dead_at is null)::int as waiting,
       (select min(n.queued_at) from notifications n where n.consumer = c.consumer and n.dead_at is null) as oldest_at,
       (select count(*) from notifications n where n.consumer = c.consumer and n.dead_at is not null)::int as dead,
       c.attempts, c.failure
from notification_places c where c.consumer = any($1::text[]) order by c.consumer;

-- name: retry
-- What was given up is tried again, and what waits is tried now. $1 now.
with revived as (
    update notifications set attempts = 0, next_at = $1, dead_at = null where dead_at is not null or next_at > $1
    returning 1
), now_due as (update notification_places set next_at = $1 where next_at > $1)
select count(*)::int from revived;

-- name: consumer_account
-- The application that is told, while it may have other hospitals' identifiers. $1 issuer, $2 subject, $3 hospital, $4 now.
select a.account_id from accounts a join grants g using (account_id)
where a.issuer = $1 and a.subject = $2 and a.kind = 'application' and g.hospital_id = $3
  and g.role = 'cross_reference_application' and (g.expires_at is null or g.expires_at > $4);
