-- Whole lists for hospitals: nobody but the owner reaches their register.

-- A whole list for hospitals' data protection officers: asked by one, approved by another, then written once.
create table scope_exports (
    export_id integer generated always as identity primary key,
    incident_id integer references incidents,
    selections json not null,
    reason text not null,
    digest text not null,                   -- SHA-256 of the sorted references, as it was asked and approved
    patients bigint not null,
    requested_by integer not null references accounts,
    requested_at timestamptz not null,
    approved_by integer references accounts check (approved_by <> requested_by),
    approved_at timestamptz,
    ended_at timestamptz,                   -- written, or refused
    refused boolean not null default false
);
