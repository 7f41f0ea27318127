-- What the duty officer is told: written in the transaction that decides, delivered by the worker until it has arrived.

create table alerts (
    alert_id bigint generated always as identity primary key,
    kind text not null,
    severity smallint not null,
    account_id integer,
    topic text not null,
    first_at timestamptz not null,
    last_at timestamptz not null,
    count integer not null default 1,
    particulars json not null,
    planned boolean not null default false,
    summed boolean not null default false
);
create index alerts_repeated on alerts (account_id, kind, topic, first_at);
create index alerts_unplanned on alerts (alert_id) where not planned;
create index alerts_unsummed on alerts (first_at) where not summed and count > 1;

create table alert_deliveries (
    alert_id bigint not null references alerts,
    part smallint not null,
    channel text not null,
    attempts integer not null default 0,
    next_at timestamptz not null,
    delivered_at timestamptz,
    dead_at timestamptz,
    failure text not null default '',
    primary key (alert_id, part, channel)
);
create index alert_deliveries_due on alert_deliveries (next_at) where delivered_at is null and dead_at is null;

grant select, insert, update on alerts to beffroi_web, beffroi_feed;
grant select, update on alerts to beffroi_worker;
grant select, insert, update on alert_deliveries to beffroi_worker;
