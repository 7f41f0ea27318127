-- name: make_states
-- The rows in the gate of accounts that nobody has signed in to yet. $1 accounts.
insert into account_states (account_id) select account_id from accounts where account_id = any($1::int[])
on conflict do nothing;

-- name: lock_states
-- The accounts, locked as the gate locks them: in the order of their numbers, so that two of us cannot wait for each
-- other. What is committed by the gate from now on knows what we do. $1 accounts.
select account_id, frozen, evidence from account_states where account_id = any($1::int[]) order by account_id for update;

-- name: write_events
-- Events behind the last rows of their accounts' chains, and the accounts' new running numbers; after the locks. An
-- event without an asker stands in the role and structure of the account's last row.
-- $1 when, $2 accounts, $3 roles, $4 structures, $5 applications, $6 session keys and $7 networks (of the asker; null:
-- of the chain), $8 doors, $9 operations, $10 purposes, $11 reasons, $12 requests, $13 particulars, $14 nonces, pairwise;
-- $15 outcome, $16 policy version.
with told as (
    select t.*, s.running_number + row_number() over (partition by t.account_id order by t.place) as running_number,
           s.running_number as before
    from unnest($2::int[], $3::text[], $4::int[], $5::text[], $6::bytea[], $7::text[], $8::smallint[], $9::smallint[],
        $10::text[], $11::text[], $12::uuid[], $13::text[], $14::bytea[]) with ordinality
        as t(account_id, role, structure_id, application, session_key, network, door, operation, purpose, reason,
        request_id, particulars, nonce, place)
    join account_states s using (account_id)
), facts as (
    insert into disclosures (at, account_id, running_number, role, structure_id, application, session_key, network,
        door, operation, outcome, purpose, reason, request_id, request, policy_version, criteria_fields, shown, nonce)
    select $1, t.account_id, t.running_number, coalesce(t.role, d.role, 'operator'),
           coalesce(t.structure_id, d.structure_id, 0), coalesce(t.application, 'beffroi'),
           coalesce(t.session_key, decode(repeat('00', 32), 'hex')), coalesce(t.network, ''), t.door, t.operation, $15,
           t.purpose, t.reason, t.request_id, t.particulars::json, $16, 0, '[]', t.nonce
    from told t left join disclosures d on d.account_id = t.account_id and d.running_number = t.before
    order by t.place
    returning disclosure_id, account_id, running_number
), numbers as (
    update account_states s set running_number = n.last
    from (select account_id, max(running_number) as last from facts group by account_id) as n
    where s.account_id = n.account_id
)
select disclosure_id from facts order by disclosure_id;

-- name: set_evidence
-- An account's evidence and its rung; after its lock. $1 account, $2 evidence, $3 rung.
update account_states set evidence = $2::json, rung = $3 where account_id = $1;

-- name: set_frozen
-- Stops an account or lets it read again; after its lock. $1 account, $2 whether it is stopped.
update account_states set frozen = $2 where account_id = $1 and frozen <> $2 returning account_id;
