-- name: page
-- Events of one hospital's feed in a window, newest first. $1 hospital, $2 from, $3 until, $4 before this event (null: from
-- the newest), $5 person (null: any), $6 subject of the feeding account (null: any), $7 how many at most.
select e.feed_event_id, e.at, e.hospital_id, a.subject, e.action::text, e.event, e.person_id
from feed_events e join accounts a using (account_id)
where e.hospital_id = $1 and e.at >= $2 and e.at < $3
  and ($4::bigint is null or e.feed_event_id < $4)
  and ($5::bigint is null or e.identity_id in (select identity_id from identities where person_id = $5))
  and ($6::text is null or a.subject = $6)
order by e.feed_event_id desc
limit $7;

-- name: next
-- Events from a number on, oldest first, none above one that is final. $1 the first, $2 the last that is final, $3 how many
-- at most.
select e.feed_event_id, e.at, e.hospital_id, coalesce(a.subject, e.account_id::text) as subject, e.action::text, e.event,
       e.person_id
from feed_events e left join accounts a using (account_id)
where e.feed_event_id >= $1 and e.feed_event_id <= $2
order by e.feed_event_id
limit $3;

-- name: mark
-- The highest number that is visible, the first transaction that may still write a lower one, and the first that is not
-- over: once nothing before the former runs, everything up to the number is there or never will be.
select (select coalesce(max(feed_event_id), 0) from feed_events) as number,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint as begun,
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint as ended;
