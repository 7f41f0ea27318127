-- Who may do what. The roles log in but have no password: an operator gives them one, or a certificate, or peer login.
--   beffroi_owner   owns the tables: migrations, the registers copied from the configuration (never serves)
--   beffroi_web     answers questions: reads identities, adds disclosures, keeps the accounts' evidence
--   beffroi_feed    the same, and takes the hospitals' feed
--   beffroi_worker  deletes what has served its time
-- Roles belong to the whole server: another database's migration may have made them, or an operator beforehand.

do $$
declare
    role_name text;
begin
    foreach role_name in array array['beffroi_owner', 'beffroi_web', 'beffroi_feed', 'beffroi_worker'] loop
        if not exists (select from pg_roles where rolname = role_name) then
            begin
                execute format('create role %I login', role_name);
            exception
                when duplicate_object or unique_violation then null;    -- made by another migration meanwhile
            end;
        end if;
    end loop;
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect on database %I to beffroi_owner, beffroi_web, beffroi_feed, beffroi_worker',
        current_database());
end $$;

revoke all on schema public from public;
revoke all on all tables in schema public from public;
revoke all on all sequences in schema public from public;
alter default privileges revoke execute on functions from public;
grant usage on schema public to beffroi_web, beffroi_feed, beffroi_worker;

-- What was applied: every process compares it with what it knows.
grant select on migrations to beffroi_web, beffroi_feed, beffroi_worker;

-- Answering questions.
grant select on
    deployment, hospitals, identities, links, moves, feeds,
    accounts, grants, credentials, account_states,
    disclosures, seen, deliveries, proofs
to beffroi_web, beffroi_feed;
grant insert on accounts, account_states, disclosures, seen, deliveries, proofs to beffroi_web, beffroi_feed;
grant update on account_states to beffroi_web, beffroi_feed;

-- The hospitals' feed. Messages and moves are history: added, never changed.
grant select on feed_messages to beffroi_feed;
grant insert on identities, links, moves, feed_messages, feeds to beffroi_feed;
grant update on identities, links, feeds to beffroi_feed;

-- Housekeeping: it reads what it deletes, and nothing about people.
grant select, delete on proofs, feed_messages to beffroi_worker;
grant select on hospitals, feeds to beffroi_worker;
