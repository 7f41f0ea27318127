-- name: ringing
-- What rang lately, the latest first. $1 since, $2 how many at most.
select l.alert_id, l.kind, l.severity, l.account_id, l.count, l.first_at, l.last_at, l.particulars,
       coalesce(a.subject, '') as subject, coalesce(a.display_name, '') as display_name, coalesce(s.frozen, false) as frozen
from alerts l left join accounts a using (account_id) left join account_states s using (account_id)
where l.last_at >= $1
order by l.last_at desc, l.alert_id desc
limit $2;

-- name: held
-- Accounts that the watch holds now, with the last verdict on each. $1 how many at most.
select s.account_id, s.structure_id, a.subject, a.display_name, v.at, v.request
from account_states s
join accounts a using (account_id)
left join lateral (
    select d.at, d.request from disclosures d
    where d.account_id = s.account_id and d.operation = 9
    order by d.running_number desc
    limit 1
) v on true
where s.rung >= 4 and not s.frozen
order by v.at desc nulls last, s.account_id
limit $1;

-- name: mark
-- A text that changes whenever something rings, is held, stopped or released.
select (select count(*) || '/' || coalesce(sum(account_id), 0) from account_states where rung >= 4) || '/'
    || (select coalesce(max(alert_id), 0) || '/' || coalesce(max(last_at)::text, '') from alerts)
    || '/' || (select coalesce(max(containment_id), 0) || '/'
                      || coalesce(max(greatest(asked_at, in_force_from, release_asked_at, released_at))::text, '')
               from containments) as mark;

-- name: account_of
-- One account and whether it is stopped. $1 its number.
select a.account_id, a.kind, a.subject, a.display_name, a.created_at, coalesce(s.frozen, false) as frozen
from accounts a left join account_states s using (account_id)
where a.account_id = $1;

-- name: account_named
-- The oldest account that an issuer calls so. $1 subject.
select a.account_id, a.kind, a.subject, a.display_name, a.created_at, coalesce(s.frozen, false) as frozen
from accounts a left join account_states s using (account_id)
where a.subject = $1
order by a.account_id
limit 1;

-- name: day_of
-- The account's chain between two moments, the latest first. $1 account, $2 from, $3 until, $4 rows at most,
-- $5 structures that are left out.
select d.disclosure_id, d.running_number, d.at, d.operation, d.outcome, d.purpose, d.reason, d.door, d.role, d.structure_id, d.application,
       d.network, d.session_key, d.request, d.shown, d.new_unexplained
from disclosures d
where d.account_id = $1 and d.at >= $2 and d.at < $3 and (d.structure_id is null or d.structure_id <> all($5::int[]))
order by d.running_number desc
limit $4;

-- name: first_sights
-- Which of these disclosures were the account's first sight of a person. $1 account, $2 disclosures, $3 people, pairwise.
select q.disclosure_id, q.person_id
from unnest($2::bigint[], $3::bigint[]) as q(disclosure_id, person_id)
where not exists (
    select from seen s where s.person_id = q.person_id and s.account_id = $1 and s.disclosure_id < q.disclosure_id
);

-- name: chains
-- A text that changes whenever one of these accounts does something, or its state is another. $1 accounts.
select coalesce(sum(running_number), 0) || '/' || coalesce(sum(rung), 0) || '/' || count(*) filter (where frozen) as mark
from account_states where account_id = any($1::bigint[]);

-- name: shown_by
-- Whom one row of an account's chain showed, in the order of its page. $1 account, $2 running number, $3 from when on,
-- $4 structures that are left out.
select d.shown from disclosures d
where d.account_id = $1 and d.running_number = $2 and d.at >= $3
  and (d.structure_id is null or d.structure_id <> all($4::int[]));

-- name: names_of
-- What issuers call these accounts, or an application's own name. $1 accounts.
select account_id, coalesce(nullif(display_name, ''), subject) as name from accounts where account_id = any($1::bigint[]);
