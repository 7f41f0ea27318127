-- name: know
-- A repository that is new is told of what is sealed and fed from now on. $1 repositories, $2 now.
insert into audit_repositories (repository, stream, position, next_at)
select one, 'disclosures', sealed_size(), $2::timestamptz from unnest($1::text[]) as one
union all
select one, 'feed', (select coalesce(max(feed_event_id) + 1, 1) from feed_events), $2::timestamptz
from unnest($1::text[]) as one
on conflict (repository, stream) do nothing;

-- name: list
-- Which of them the configuration names: the archive waits for those. $1 repositories.
update audit_repositories set listed = (repository = any($1::text[])) where listed <> (repository = any($1::text[]));

-- name: due
-- How far these were told, of those that are not to be left alone. $1 repositories, $2 now.
select repository, stream, position, attempts from audit_repositories
where repository = any($1::text[]) and next_at <= $2
order by repository, stream;

-- name: facts
-- What is to be told of the next leaves. $1 the first, $2 leaves at most.
select * from sealed_facts($1, $2);

-- name: refusals
-- What was refused and is to be sent again. $1 repository, $2 stream, $3 how many at most.
select position from audit_refusals where repository = $1 and stream = $2 and again order by position limit $3;

-- name: told
-- A repository has everything before a position. $1 repository, $2 stream, $3 position, $4 now.
update audit_repositories set position = $3, attempts = 0, next_at = $4, sent_at = $4, failure = ''
where repository = $1 and stream = $2;

-- name: failed
-- It did not take what stands at a position, and is left alone until then. $1 repository, $2 stream, $3 position, $4 again
-- at, $5 the failure's class.
update audit_repositories set position = $3, attempts = attempts + 1, next_at = $4, failure = $5
where repository = $1 and stream = $2;

-- name: refuse
-- It will not take what stands at a position, whenever it is sent. $1 repository, $2 stream, $3 position, $4 now, $5 why.
insert into audit_refusals (repository, stream, position, refused_at, failure) values ($1, $2, $3, $4, $5)
on conflict (repository, stream, position) do update set refused_at = excluded.refused_at, again = false,
    failure = excluded.failure;

-- name: taken
-- It has taken what it once refused. $1 repository, $2 stream, $3 position.
delete from audit_refusals where repository = $1 and stream = $2 and position = $3;

-- name: standing
-- How the listed repositories stand: what waits for each, what it refused, since when it fails. Of the feed's events by
-- their numbers, since there may be millions: at most so many wait, as numbers of what was rolled back stay unused.
select r.repository, r.stream,
       case r.stream when 'feed' then (select coalesce(max(e.feed_event_id) - greatest(min(e.feed_event_id), r.position) + 1, 0)
                                       from feed_events e)
            else greatest(sealed_size() - r.position, 0) end as waiting,
       r.attempts, r.sent_at, r.failure,
       (select count(*) from audit_refusals f where f.repository = r.repository and f.stream = r.stream)::int as refused
from audit_repositories r where r.listed order by r.repository, r.stream;

-- name: retry
-- What was refused is sent again, and who failed is tried now. $1 now.
with asked as (update audit_refusals set again = true where not again returning 1),
     now_due as (update audit_repositories set next_at = $1 where next_at > $1)
select count(*)::int from asked;
