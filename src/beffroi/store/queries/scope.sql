-- name: plan_for_each
-- A scope's plan is made for its own values, and may read a whole table: its conditions differ every time.
select set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_seqscan', 'on', true),
       set_config('enable_hashjoin', 'on', true), set_config('enable_mergejoin', 'on', true);

-- name: readings
-- What a selection's readings showed, and what became of the answers. The condition is put in by store/scope.py.
select d.disclosure_id, d.at, d.account_id, d.structure_id, d.door, d.operation, d.outcome, d.request, d.shown, f.sent
from disclosures d left join deliveries f using (disclosure_id)
where /*condition*/;

-- name: leaving
-- The range of leaves whose disclosures lie in files and are leaving the online tables, if there is one.
select first_index, end_index from archive_segments where taken_to < end_index;

-- name: not_left
-- The condition that a disclosure is not of that range. The range is put in by store/scope.py.
not exists (
    select from leaves l where l.disclosure_id = d.disclosure_id and l.tree_index >= /*first*/ and l.tree_index < /*end*/
);

-- name: of_people
-- The condition that somebody is among those who were shown. The persons are put in by store/scope.py.
d.disclosure_id in (select s.disclosure_id from seen s where /*people*/);

-- name: persons_once
-- The identities of these patients now, and every person whose number those ever bore. $1 patients.
select i.identity_id, array_agg(distinct m.from_person) filter (where m.from_person is not null) as once
from identities i left join moves m using (identity_id)
where i.person_id = any($1::bigint[])
group by i.identity_id;

-- name: belongings
-- To whom identities belong now. $1 identities.
select identity_id, person_id, hospital_id from identities where identity_id = any($1::bigint[]);

-- name: situations
-- What a scope must know of patients, identity by identity. $1 patients.
select person_id, birth_date, restricted, record from identities
where person_id = any($1::bigint[]) and state <> 'd';

-- name: accounts_named
-- The numbers of accounts by what their issuers call them. $1 subjects.
select account_id, subject from accounts where subject = any($1::text[]) order by account_id;

-- name: erased_of_accounts
-- Disclosures of accounts that were erased and may have been of a time: of an erased segment, by its signed times; of
-- any, by when it was erased, because nothing younger than 400 days is; of those that are online, by those around them.
-- $1 accounts, $2 since, $3 until (null: not said).
select count(*)
from unnest($1::integer[]) as w(account_id)
cross join lateral (
    select (select max(d.running_number) from disclosures d where d.account_id = w.account_id and d.at < $2) as below,
           (select min(d.running_number) from disclosures d where d.account_id = w.account_id and d.at >= $3) as above
) near
join leaves l on l.account_id = w.account_id
left join lateral (
    select s.end_index, s.first_at, s.last_at, s.erased_at from archive_segments s
    where s.first_index <= l.tree_index order by s.first_index desc limit 1
) s on l.tree_index < s.end_index
where coalesce(l.erased_at, s.erased_at) is not null
  and ($2::timestamptz is null or coalesce(s.last_at >= $2, l.erased_at > $2 + interval '400 days'))
  and ($3::timestamptz is null or coalesce(s.first_at < $3, true))
  and (near.below is null or l.running_number > near.below)
  and (near.above is null or l.running_number < near.above);

-- name: erased_of_everybody
-- The same of everybody's. $1 since, $2 until (null: not said).
select coalesce(sum(s.disclosures_count), 0)::bigint + (
    select count(*) from leaves l
    where l.erased_at is not null
      and l.tree_index >= (select coalesce(max(end_index), 0) from archive_segments)
      and ($1::timestamptz is null or l.erased_at > $1 + interval '400 days')
)
from archive_segments s
where s.erased_at is not null
  and ($1::timestamptz is null or s.last_at >= $1)
  and ($2::timestamptz is null or s.first_at < $2);
