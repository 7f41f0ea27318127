-- Shared Signals: what others are to be told, stream by stream, and what they told us; sessions that their issuer ended.

create table signals (
    signal_id bigint generated always as identity primary key,
    at timestamptz not null,
    stream text,
    body json not null,
    planned boolean not null default false
);
create index signals_unplanned on signals (signal_id) where not planned;

create table signal_streams (
    stream text primary key,
    status text not null default 'enabled' check (status in ('enabled', 'paused', 'disabled')),
    reason text not null default '',
    verified_at timestamptz
);

create table signal_deliveries (
    signal_id bigint not null references signals,
    stream text not null,
    jti text not null unique,
    attempts integer not null default 0,
    next_at timestamptz not null,
    delivered_at timestamptz,
    dead_at timestamptz,
    failure text not null default '',
    primary key (signal_id, stream)
);
create index signal_deliveries_due on signal_deliveries (stream, next_at)
    where delivered_at is null and dead_at is null;

create table signals_received (
    issuer text not null,
    jti text not null,
    at timestamptz not null,
    primary key (issuer, jti)
);

create table names_at_issuer (
    issuer text not null,
    name text not null,
    account_id integer not null references accounts,
    seen_at timestamptz not null,
    primary key (issuer, name, account_id)
);

create table ended_sessions (
    account_id integer not null references accounts,
    session text not null,
    ended_at timestamptz not null,
    by_whom text not null,
    primary key (account_id, session)
);

grant select, insert on signals, signals_received to beffroi_web;
grant select, insert, update on signal_streams, signal_deliveries, names_at_issuer, ended_sessions to beffroi_web;
grant update (planned) on signals to beffroi_web;
grant select on ended_sessions to beffroi_feed;
grant select, insert, update, delete on signals, signal_deliveries to beffroi_worker;
grant select, insert, update on signal_streams to beffroi_worker;
grant select, delete on signals_received, names_at_issuer, ended_sessions to beffroi_worker;
