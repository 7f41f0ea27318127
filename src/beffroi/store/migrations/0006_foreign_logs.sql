-- Logs that Beffroi did not write. Apart from our own facts: what they tell is never sealed and never complete.
-- Nobody but the owner reaches them: an investigation is the operator's and the data protection officer's.

-- How far each log was read, written in the same transaction as its facts, so that a crash loses and doubles nothing.
create table foreign_logs (
    log_id integer generated always as identity primary key,
    server text not null,                   -- how the investigation calls the server that wrote it
    digest bytea not null,                  -- SHA-256 of the whole file
    format text not null,
    numbers_of integer references hospitals, -- whose IPPs the server's own patient numbers are; null: nobody's here
    line_number bigint not null,            -- of the last line done; the next run goes on after it
    fact_count bigint not null,
    passed_count bigint not null,           -- lines that read nobody
    rejected_count bigint not null,
    started_at timestamptz not null,
    finished_at timestamptz,                -- null while it runs, and after a crash
    unique (server, digest)
);

-- Which lines could not be read and why: never the lines themselves.
create table foreign_rejects (
    log_id integer not null references foreign_logs on delete cascade,
    line_number bigint not null,
    reason text not null,
    primary key (log_id, line_number)
);

-- One line, or message, that tells of a disclosure by that server, or of a sign-in.
create table foreign_facts (
    log_id integer not null references foreign_logs on delete cascade,
    line_number bigint not null,
    at timestamptz not null,
    operation smallint not null,
    outcome smallint not null,              -- model.foreign.ForeignOutcome
    certainty smallint not null,            -- model.foreign.Certainty
    known smallint not null,                -- model.foreign.Known
    actor text not null,
    actor_name text not null,
    application text not null,
    network text not null,
    session text not null,                  -- a digest
    exchange text not null,                 -- joins a question to its answer
    answers boolean not null,
    criteria json not null,                 -- identity criteria, with their values
    fields integer not null,
    beyond_identity boolean not null,       -- more than an identity was asked for; what it was is not kept
    primary key (log_id, line_number)
);
create index foreign_facts_by_actor on foreign_facts (actor) where actor <> '';
create index foreign_facts_by_name on foreign_facts (actor_name) where actor_name <> '';
create index foreign_facts_by_network on foreign_facts (network);
create index foreign_facts_by_time on foreign_facts (at);
create index foreign_facts_by_exchange on foreign_facts (exchange) where exchange <> '';

-- Whom a fact is about, as that server names patients.
create table foreign_patients (
    log_id integer not null,
    line_number bigint not null,
    system text not null,                   -- an OID, a namespace or an address; empty: the server's own numbers
    value text not null,
    primary key (log_id, line_number, system, value),
    foreign key (log_id, line_number) references foreign_facts on delete cascade
);
create index foreign_patients_by_value on foreign_patients (value, system);
