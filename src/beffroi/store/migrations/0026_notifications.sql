-- Notifications of changes of cross-reference (IHE ITI-10): whom each consumer is still to be told of.

create table notifications (
    consumer text not null,
    person_id bigint not null,
    own boolean not null,
    alone boolean not null,
    queued_at timestamptz not null,
    attempts integer not null default 0,
    next_at timestamptz not null,
    dead_at timestamptz,
    failure text not null default '',
    primary key (consumer, person_id)
);
create index notifications_due on notifications (consumer, next_at) where dead_at is null;

create table notification_places (
    consumer text primary key,
    feed_event bigint not null,
    move bigint not null,
    attempts integer not null default 0,
    next_at timestamptz not null default '-infinity',
    failure text not null default ''
);

grant select, insert, update, delete on notifications to beffroi_worker;
grant select, insert, update on notification_places to beffroi_worker;
grant select on moves to beffroi_worker;
grant select (identity_id, hospital_id, local_only) on identities to beffroi_worker;
