-- What a hospital's feed did to its identities, event by event: for audit trails, and to know whose identifiers changed.

create table feed_events (
    feed_event_id bigint generated always as identity primary key,
    at timestamptz not null,
    hospital_id integer not null,
    account_id integer not null,
    identity_id bigint not null,
    person_id bigint not null,
    action "char" not null check (action in ('C', 'U', 'D')),
    event text not null,
    identifiers boolean not null
);
create index feed_events_by_hospital_time on feed_events (hospital_id, at);
create index feed_events_by_time on feed_events using brin (at);

grant select, insert on feed_events to beffroi_feed;
grant select on feed_events to beffroi_web;
grant select, delete on feed_events to beffroi_worker;
grant select (account_id, subject) on accounts to beffroi_worker;
