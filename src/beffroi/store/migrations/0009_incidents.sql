-- Incidents and their history. Nobody but the owner reaches them.

create table incidents (
    incident_id integer generated always as identity primary key,
    title text not null,
    state text not null check (state in ('suspected', 'confirmed', 'notified', 'closed', 'dismissed')),
    opened_at timestamptz not null,
    aware_at timestamptz,                   -- when the controller knew: the 72 hours of article 33(1) count from here
    selections json not null,               -- model.selection.Selection, a list
    facts text not null default '',         -- article 33(5)
    effects text not null default '',
    measures text not null default '',
    severity json,                          -- breach.severity.Severity; null while only proposed
    changed_at timestamptz not null
);

-- Everything that was done to an incident, by whom and why. Added only.
create table incident_entries (
    entry_id bigint generated always as identity primary key,
    incident_id integer not null references incidents,
    at timestamptz not null,
    account_id integer not null references accounts,
    kind text not null,                     -- opened, state, aware, note, selections, told, severity, report
    reason text not null,
    particulars json not null               -- text to text
);
create index incident_entries_by_incident on incident_entries (incident_id, entry_id);
