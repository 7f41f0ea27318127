-- name: all_in_force
-- Everything that is stopped now, for whoever ends sessions and connections. $1 now.
select containment_id, kind, target, spared from containments
where released_at is null and in_force_from is not null and (expires_at is null or expires_at > $1);

-- name: listed
-- Containments, those not released first, then the latest. $1 how many at most.
select * from containments order by released_at is not null, containment_id desc limit $1;

-- name: open_one
-- One containment that was not released, locked. $1 its number.
select * from containments where containment_id = $1 and released_at is null for update;

-- name: known
-- The same for who only looks: a page that is open waits for nobody's decision. $1 its number.
select * from containments where containment_id = $1 and released_at is null;

-- name: known_of
-- The containment of something that was not released. $1 kind, $2 target.
select * from containments where kind = $1 and target = $2 and released_at is null;

-- name: end_expired
-- One that has run out makes room for the next of the same target. $1 kind, $2 target, $3 now.
update containments set released_at = expires_at, released_by = 'expiry'
where kind = $1 and target = $2 and released_at is null and expires_at <= $3;

-- name: end_unconfirmed
-- One that waited too long for its second person, likewise. $1 kind, $2 target, $3 asked before, $4 now.
update containments set released_at = $4, released_by = 'nobody confirmed'
where kind = $1 and target = $2 and released_at is null and in_force_from is null and asked_at < $3;

-- name: insert_containment
-- $1 kind, $2 target, $3 spared, $4 reason, $5 by whom, $6 now, $7 in force from (null: once confirmed), $8 until.
-- Nothing comes back when the same is stopped already.
insert into containments (kind, target, spared, reason, asked_by, asked_at, in_force_from, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (kind, target) where released_at is null do nothing
returning *;

-- name: confirm
-- The second person. $1 number, $2 by whom, $3 now, $4 until.
update containments set confirmed_by = $2, in_force_from = $3, expires_at = $4 where containment_id = $1 returning *;

-- name: ask_release
-- The first of two. $1 number, $2 by whom, $3 now, $4 reason.
update containments set release_asked_by = $2, release_asked_at = $3, release_reason = $4
where containment_id = $1 returning *;

-- name: release
-- Over. $1 number, $2 by whom, $3 now, $4 reason.
update containments set released_by = $2, released_at = $3, release_reason = $4
where containment_id = $1 returning *;

-- name: patience
-- A preview may look through a day of a whole region; nobody waits for it but the one who asked.
set local statement_timeout = '60s';

-- name: touched_account
-- What an account did in the last day, by its chain; no row when there is no such account. $1 account (text), $2 a day
-- ago, $3 an hour ago.
select a.account_id, a.kind, a.subject, count(distinct d.session_key)::int as sessions_count,
       count(d.account_id) filter (where d.at >= $3)::int as requests_hour, count(d.account_id)::int as requests_day,
       coalesce(array_agg(distinct d.structure_id) filter (where d.account_id is not null), '{}') as hospitals
from accounts a
left join disclosures d on d.account_id = a.account_id and d.at >= $2 and d.operation < 9
where a.account_id = $1::text::int
group by a.account_id, a.kind, a.subject;

-- name: touched
-- The accounts that asked, in the last day, what a containment would have refused; by the index of structure and time.
-- Emergency readings (7), sign-ins (8) and the networks spared ($5) are out of a wide one's reach.
-- $1 kind, $2 target, $3 a day ago, $4 an hour ago.
select a.account_id, a.kind, a.subject, count(distinct d.session_key)::int as sessions_count,
       count(*) filter (where d.at >= $4)::int as requests_hour, count(*)::int as requests_day,
       array_agg(distinct d.structure_id) as hospitals
from hospitals h
cross join lateral (
    select account_id, session_key, structure_id, at from disclosures d
    where d.structure_id = h.hospital_id and d.at >= $3 and d.operation < 9 and case $1
        when 'device' then d.session_key = decode($2, 'hex')
        when 'application' then d.application = $2
        when 'network' then d.operation not in (7, 8) and case when d.network ~ '^[0-9a-fA-F:.]+$'
            then d.network::inet <<= $2::inet and not d.network::inet <<= any($5::inet[]) else false end
        when 'structure' then h.hospital_id = $2::int and d.operation not in (7, 8) and case
            when d.network ~ '^[0-9a-fA-F:.]+$' then not d.network::inet <<= any($5::inet[]) else true end
        else false end
) d
join accounts a using (account_id)
group by a.account_id, a.kind, a.subject
order by requests_day desc, a.account_id;

-- name: feeds_of
-- The hospitals that these accounts feed. $1 accounts.
select distinct h.hospital_id from credentials c join hospitals h using (hospital_id)
where c.may_feed and c.account_id = any($1::int[]) order by 1;

-- name: accounts_of_application
-- The accounts that an application itself has. $1 its client id, or its name where it has none.
select account_id from accounts where kind = 'application' and subject = $1 order by account_id;

-- name: hospitals
-- The hospitals and the networks that they have declared their own.
select hospital_id, name, networks from hospitals order by hospital_id;
