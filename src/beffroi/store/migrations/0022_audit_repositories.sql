-- Audit repositories (IHE ITI-20): how far each was told, and what each refused.

create table audit_repositories (
    repository text not null,
    stream text not null check (stream in ('disclosures', 'feed')),
    position bigint not null,
    listed boolean not null default true,
    attempts integer not null default 0,
    next_at timestamptz not null,
    sent_at timestamptz,
    failure text not null default '',
    primary key (repository, stream)
);

create table audit_refusals (
    repository text not null,
    stream text not null,
    position bigint not null,
    refused_at timestamptz not null,
    failure text not null,
    again boolean not null default false,
    primary key (repository, stream, position),
    foreign key (repository, stream) references audit_repositories
);

-- What an audit trail tells of the leaves from `first` on, in their order: no criterion's value, no key of a session, no
-- number of an identity. A leaf whose disclosure is archived or erased, or that is none, has only its index.
create function sealed_facts(first bigint, leaves_max integer) returns table (
    tree_index bigint, disclosure_id bigint, at timestamptz, kind text, subject text, role text, structure_id integer,
    application text, network text, door smallint, operation smallint, outcome smallint, purpose text, reason text,
    request_id uuid, criteria text[], criteria_fields integer, shown json, sent boolean
)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select l.tree_index, d.disclosure_id, d.at, coalesce(a.kind, 'application'),
           coalesce(a.subject, d.account_id::text), d.role, d.structure_id, d.application, d.network,
           d.door, d.operation, d.outcome, d.purpose, d.reason, d.request_id,
           array(select json_object_keys(d.request)), d.criteria_fields,
           (select coalesce(json_agg(json_build_array(one -> 0, one -> 1)), '[]') from json_array_elements(d.shown) one),
           f.sent
    from (
        select s.tree_index, s.disclosure_id from leaves s where s.tree_index >= first order by s.tree_index limit leaves_max
    ) as l
    left join disclosures d using (disclosure_id)
    left join accounts a using (account_id)
    left join deliveries f using (disclosure_id)
    order by l.tree_index
$$;

-- How many leaves there are.
create function sealed_size() returns bigint
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select coalesce(max(tree_index) + 1, 0) from leaves
$$;

grant execute on function sealed_facts(bigint, integer), sealed_size() to beffroi_worker;
grant select, insert, update on audit_repositories to beffroi_worker;
grant select, insert, update, delete on audit_refusals to beffroi_worker;
grant select on audit_repositories to beffroi_archiver;
