-- Who has left a hospital, as the hospital says. An issuer of the nation goes on vouching for them: their token is
-- genuine, and reads nothing in that hospital's name from that day on.

create table departures (
    account_id integer not null references accounts,
    hospital_id integer not null references hospitals,
    left_at timestamptz not null,
    said_by text not null,
    said_at timestamptz not null default now(),
    primary key (account_id, hospital_id)
);
grant select on departures to beffroi_web, beffroi_feed;
