-- Roles by two people, one of them at the machine. Only additions, so that the program before this one serves.

-- A role that somebody asked for, until another person agrees, it is withdrawn, or a day has passed.
create table role_requests (
    request_id integer generated always as identity primary key,
    account_id integer not null references accounts,        -- who is to have it
    hospital_id integer not null references hospitals,
    role text not null,
    until timestamptz not null,
    reason text not null,
    asked_by text not null,                 -- as in containments
    asked_at timestamptz not null,
    at_machine boolean not null default false,  -- asked under the owner's role, not by a server
    agreed_by text check (agreed_by <> asked_by),
    withdrawn_by text,
    ended_at timestamptz,
    check (ended_at is null or num_nonnulls(agreed_by, withdrawn_by) = 1)
);
create index role_requests_open on role_requests (asked_at) where ended_at is null;

-- A role that was asked for at the machine is given, once a signed-in operator agrees; false when it does not wait for
-- that. The serving processes reach grants by this function alone: whoever takes a server over can give nothing that
-- nobody at the machine has asked for.
create function agree_to_role(of_request integer, operator integer) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    one role_requests;
begin
    select * into one from role_requests
    where request_id = of_request and ended_at is null and at_machine and asked_at > now() - interval '1 day'
    for update;
    if one.request_id is null or one.account_id = operator or not exists (
        select from grants g
        where g.account_id = operator and g.role = 'operator' and (g.expires_at is null or g.expires_at > now())
    ) then
        return false;
    end if;
    update role_requests set agreed_by = 'account:' || operator, ended_at = now() where request_id = of_request;
    insert into grants (account_id, hospital_id, role, granted_by, expires_at)
    values (one.account_id, one.hospital_id, one.role, one.asked_by || ', account:' || operator, one.until)
    on conflict (account_id, hospital_id, role)
    do update set granted_at = now(), granted_by = excluded.granted_by, expires_at = excluded.expires_at;
    return true;
end $$;

grant execute on function agree_to_role(integer, integer) to beffroi_web;
grant select on role_requests to beffroi_web;
grant insert (account_id, hospital_id, role, until, reason, asked_by, asked_at) on role_requests to beffroi_web;
grant update (withdrawn_by, ended_at) on role_requests to beffroi_web;
