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
-- was used before) and tells which of the people were already seen by which account. Proofs after locks: equal
-- proofs are of one account, so two processes never wait for each other's proof.
-- $1 minutes and $2 digests, pairwise; $3 people and $4 accounts, pairwise.
with burnt as (
    insert into proofs (minute, digest) select * from unnest($1::int[], $2::bytea[])
    on conflict do nothing
    returning digest
)
select digest, null::bigint as person_id, null::int as account_id from burnt
union all
select null, q.person_id, q.account_id
from unnest($3::bigint[], $4::int[]) as q(person_id, account_id)
where exists (select from seen s where s.person_id = q.person_id and s.account_id = q.account_id);

-- name: write_disclosures
-- The third statement: the facts, who saw whom, the accounts' new state and the fate of earlier answers, together.
-- $1..$19 columns of disclosures in their order (but the identity and the transaction); $20 account, $21 running number,
-- $22 person of each line of seen; $23 accounts, $24 running numbers, $25 evidence; $26 disclosures, $27 sent.
with facts as (
    insert into disclosures (at, account_id, running_number, role, structure_id, application, session_key, network,
        door, operation, outcome, purpose, reason, request_id, request, policy_version, criteria_fields, shown, nonce)
    select at, account_id, running_number, role, structure_id, application, session_key, network,
        door, operation, outcome, purpose, reason, request_id, request::json, policy_version, criteria_fields,
        shown::json, nonce
    from unnest($1::timestamptz[], $2::int[], $3::bigint[], $4::text[], $5::int[], $6::text[], $7::bytea[], $8::text[],
        $9::smallint[], $10::smallint[], $11::smallint[], $12::text[], $13::text[], $14::uuid[], $15::text[],
        $16::text[], $17::int[], $18::text[], $19::bytea[])
        as f(at, account_id, running_number, role, structure_id, application, session_key, network,
        door, operation, outcome, purpose, reason, request_id, request, policy_version, criteria_fields, shown, nonce)
    returning disclosure_id, account_id, running_number
), sights as (
    insert into seen (person_id, account_id, disclosure_id)
    select s.person_id, s.account_id, f.disclosure_id
    from unnest($20::int[], $21::bigint[], $22::bigint[]) as s(account_id, running_number, person_id)
    join facts f using (account_id, running_number)
), states as (
    update account_states a set running_number = n.running_number, evidence = n.evidence::json
    from unnest($23::int[], $24::bigint[], $25::text[]) as n(account_id, running_number, evidence)
    where a.account_id = n.account_id
), fates as (
    insert into deliveries (disclosure_id, sent) select * from unnest($26::bigint[], $27::boolean[])
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
       d.operation, d.outcome, d.purpose, d.reason, d.request_id, d.request, d.criteria_fields, d.shown, f.sent
from disclosures d join accounts a using (account_id) left join deliveries f using (disclosure_id)
where d.structure_id = $1 and d.at >= $2 and d.at < $3
  and ($4::bigint is null or d.disclosure_id < $4)
  and ($5::bigint is null or exists (select from seen s where s.person_id = $5 and s.disclosure_id = d.disclosure_id))
  and ($6::text is null or a.subject = $6)
order by d.disclosure_id desc
limit $7;
