-- name: find_accounts
-- Accounts by whom their issuers say they are, with their grants, one per line; none when nobody has signed in under it.
-- `holder`: the account in whose row the person's evidence stands; `others`: the person's other accounts.
-- `left_hospitals`, `left_at`: which hospitals the person has left, or will, and when.
-- Pairwise: $1 issuers, $2 subjects. `number`: which question, from 1.
select asked.number, a.account_id, a.kind, s.account_id is not null as has_state, g.hospital_id, g.role, g.expires_at,
       coalesce(a.same_as, a.account_id) as holder, p.others,
       coalesce(q.left_hospitals, '{}') as left_hospitals, coalesce(q.left_at, '{}') as left_at
from unnest($1::text[], $2::text[]) with ordinality as asked(issuer, subject, number)
join accounts a using (issuer, subject)
cross join lateral (
    select array(
        select o.account_id from accounts o
        where (o.same_as = coalesce(a.same_as, a.account_id) or o.account_id = a.same_as)
          and o.account_id <> a.account_id
    ) as others
) as p
cross join lateral (
    select array_agg(d.hospital_id order by d.hospital_id, d.account_id) as left_hospitals,
           array_agg(d.left_at order by d.hospital_id, d.account_id) as left_at
    from departures d where d.account_id = a.account_id or d.account_id = any(p.others)
) as q
left join account_states s using (account_id)
left join grants g using (account_id)
order by asked.number, g.hospital_id, g.role;

-- name: create_person
-- The first valid sign-in of a professional. Two processes may do it at once: the second changes nothing.
-- $1 issuer, $2 subject.
insert into accounts (kind, issuer, subject) values ('person', $1, $2) on conflict (issuer, subject) do nothing;

-- name: create_state
-- The account's row in the gate, without which it is shown nothing. $1 account.
insert into account_states (account_id) values ($1) on conflict do nothing;

-- name: grant_role
-- Gives a role for a hospital, or moves its end. $1 account, $2 hospital, $3 role, $4 by whom, $5 until when (null: no end).
insert into grants (account_id, hospital_id, role, granted_by, expires_at) values ($1, $2, $3, $4, $5)
on conflict (account_id, hospital_id, role)
do update set granted_at = now(), granted_by = excluded.granted_by, expires_at = excluded.expires_at;

-- name: revoke_role
-- Takes a role for a hospital away. $1 account, $2 hospital, $3 role.
delete from grants where account_id = $1 and hospital_id = $2 and role = $3 returning role;

-- name: depart
-- Somebody has left a hospital, or will. $1 account, $2 hospital, $3 when, $4 by whom.
insert into departures (account_id, hospital_id, left_at, said_by) values ($1, $2, $3, $4)
on conflict (account_id, hospital_id)
do update set left_at = excluded.left_at, said_by = excluded.said_by, said_at = now()
where departures.left_at <> excluded.left_at
returning account_id;

-- name: come_back
-- They work there after all. $1 account, $2 hospital.
delete from departures where account_id = $1 and hospital_id = $2 returning account_id;

-- name: list_accounts
-- Every account, one line for each of its grants; when it last asked, and which hospitals it has left by now.
select a.account_id, a.kind, a.issuer, a.subject, a.display_name, coalesce(s.frozen, false) as frozen, s.asked_at,
       array(select d.hospital_id from departures d where d.account_id = a.account_id and d.left_at <= now() order by 1)
           as left_hospitals,
       g.hospital_id, g.role, g.expires_at
from accounts a
left join account_states s using (account_id)
left join grants g using (account_id)
order by a.account_id, g.hospital_id, g.role;
