-- name: lock_accounts
-- The gate's first statement: the accounts of the batch, locked in the order of their numbers so that two writers
-- cannot wait for each other. A freeze is read here, in the locked row itself (what is joined to it would be as it was
-- before the wait), so it is effective in the next batch of every process.
-- $1 accounts.
select account_id, running_number, evidence, frozen
from account_states
where account_id = any($1::int[])
order by account_id
for update;

-- name: burn_proofs_and_look
-- The second statement, with a snapshot taken after the locks: burns the DPoP proofs (a digest that does not come back
-- was used before), tells when each of the people was last shown to which account, who of them somebody deposited
-- beforehand for this hospital and role, and which pending readings its feed has explained meanwhile. Proofs after
-- locks: equal proofs are of one account, so two processes never wait for each other's proof.
-- $1 minutes and $2 digests, pairwise; $3 people and $4 accounts, pairwise; $5 people, $6 hospitals, $7 roles and
-- $8 accounts, pairwise: who may stand on a worklist of somebody else; $9 people, $10 hospitals and $11 accounts,
-- pairwise: pending; $12 now; $13 accounts that ask. Kinds: p a fresh proof, s shown before, w on a worklist, f explained
-- by the feed, c what is stopped now but accounts, which the gate reads in their own rows, e a session of these accounts
-- that was ended (nearly always nothing of the last two).
with burnt as (
    insert into proofs (minute, digest) select * from unnest($1::int[], $2::bytea[])
    on conflict do nothing
    returning digest
)
select 'p' as kind, digest, null::bigint as number, null::int as account_id, null::timestamptz as at,
       null as what, null as target, null::text[] as spared
from burnt
union all
select 's', null, q.person_id, q.account_id, shown.at, null, null, null
from unnest($3::bigint[], $4::int[]) as q(person_id, account_id)
cross join lateral (
    select coalesce(s.at, '-infinity') as at from seen s
    where s.person_id = q.person_id and s.account_id = q.account_id
    order by s.disclosure_id desc limit 1
) as shown
union all
select 'w', null, q.person_id, q.account_id, null, null, null, null
from unnest($5::bigint[], $6::int[], $7::text[], $8::int[]) as q(person_id, hospital_id, role, account_id)
where exists (
    select from worklist_entries e join worklists l using (worklist_id)
    where e.person_id = q.person_id and l.hospital_id = q.hospital_id and l.role = q.role
      and l.deposited_by <> q.account_id and l.approved_by is distinct from q.account_id
      and l.ready and l.expires_at > $12
      and not exists (  -- of the same person under another account, or of somebody who is stopped
          select from account_states s join accounts a using (account_id)
          where a.account_id in (l.deposited_by, l.approved_by) and (s.frozen or coalesce(a.same_as, a.account_id) = (
              select coalesce(o.same_as, o.account_id) from accounts o where o.account_id = q.account_id))
      )
)
union all
select 'f', null, q.person_id, q.account_id, null, null, null, null
from unnest($9::bigint[], $10::int[], $11::int[]) as q(person_id, hospital_id, account_id)
where exists (
    select from identities i
    where i.person_id = q.person_id and i.hospital_id = q.hospital_id and i.state = 'a'
      and i.explains_until > $12 and i.fed_by is distinct from q.account_id
)
union all
select 'c', null, containment_id, null, null, kind, target, spared from containments
where released_at is null and kind <> 'account' and in_force_from is not null
  and (expires_at is null or expires_at > $12)
union all
select 'e', null, null, account_id, ended_at, null, session, null from ended_sessions where account_id = any($13::int[]);

-- name: write_disclosures
-- The third statement: the facts, who saw whom, the accounts' new state and the fate of earlier answers, together.
-- $1..$21 columns of disclosures in their order (but the identity and the transaction); $22 account, $23 running number,
-- $24 person of each line of seen; $25 accounts, $26 running numbers; $27 evidence, $28 rungs, $29 structures, $30 scores,
-- $31 devices, $32 networks, $33 neighbourhoods and $34 when they asked (null: as before); $35 disclosures, $36 sent.
-- Running numbers are an account's, evidence is a person's: they may stand in two rows.
with facts as (
    insert into disclosures (at, account_id, running_number, role, structure_id, application, session_key, network,
        door, operation, outcome, purpose, reason, request_id, request, policy_version, criteria_fields, shown, nonce,
        new_explained, new_unexplained)
    select at, account_id, running_number, role, structure_id, application, session_key, network,
        door, operation, outcome, purpose, reason, request_id, request::json, policy_version, criteria_fields,
        shown::json, nonce, new_explained, new_unexplained
    from unnest($1::timestamptz[], $2::int[], $3::bigint[], $4::text[], $5::int[], $6::text[], $7::bytea[], $8::text[],
        $9::smallint[], $10::smallint[], $11::smallint[], $12::text[], $13::text[], $14::uuid[], $15::text[],
        $16::text[], $17::int[], $18::text[], $19::bytea[], $20::smallint[], $21::smallint[])
        as f(at, account_id, running_number, role, structure_id, application, session_key, network,
        door, operation, outcome, purpose, reason, request_id, request, policy_version, criteria_fields, shown, nonce,
        new_explained, new_unexplained)
    returning disclosure_id, account_id, running_number, at
), sights as (
    insert into seen (person_id, account_id, disclosure_id, at)
    select s.person_id, s.account_id, f.disclosure_id, f.at
    from unnest($22::int[], $23::bigint[], $24::bigint[]) as s(account_id, running_number, person_id)
    join facts f using (account_id, running_number)
), states as (
    update account_states a
    set running_number = coalesce(n.running_number, a.running_number),
        evidence = coalesce(n.evidence::json, a.evidence),
        rung = coalesce(n.rung, a.rung),
        structure_id = coalesce(n.structure_id, a.structure_id),
        score = coalesce(n.score, a.score),
        device = coalesce(n.device, a.device),
        network = coalesce(n.network, a.network),
        neighbourhood = coalesce(n.neighbourhood, a.neighbourhood),
        asked_at = coalesce(n.asked_at, a.asked_at)
    from unnest($25::int[], $26::bigint[], $27::text[], $28::smallint[], $29::int[], $30::int[], $31::text[],
        $32::text[], $33::text[], $34::timestamptz[])
        as n(account_id, running_number, evidence, rung, structure_id, score, device, network, neighbourhood, asked_at)
    where a.account_id = n.account_id
), fates as (
    insert into deliveries (disclosure_id, sent) select * from unnest($35::bigint[], $36::boolean[])
    on conflict do nothing
)
select disclosure_id, account_id, running_number from facts;

-- name: write_deliveries
-- The fate of answers, when no batch has come to carry it. $1 disclosures, $2 sent.
insert into deliveries (disclosure_id, sent) select * from unnest($1::bigint[], $2::boolean[])
on conflict do nothing;

-- name: audit_page
-- Disclosures of one structure in a window, newest first, a page at a time.
-- $1 structure, $2 from, $3 until, $4 before this disclosure (null: from the newest), $5 person (null: any),
-- $6 subject (null: any), $7 rows at most.
select d.disclosure_id, d.at, d.account_id, a.kind, a.subject, d.role, d.structure_id, d.application, d.network, d.door,
       d.operation, d.outcome, d.purpose, d.reason, d.request_id, d.criteria_fields, d.shown, f.sent,
       array(select json_object_keys(d.request)) as criteria
from disclosures d join accounts a using (account_id) left join deliveries f using (disclosure_id)
where d.structure_id = $1 and d.at >= $2 and d.at < $3
  and ($4::bigint is null or d.disclosure_id < $4)
  and ($5::bigint is null or exists (select from seen s where s.person_id = $5 and s.disclosure_id = d.disclosure_id))
  and ($6::text is null or a.subject = $6)
order by d.disclosure_id desc
limit $7;
