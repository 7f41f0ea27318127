-- The console's sessions: whom a browser's cookie stands for, and until when. The tokens behind them are sealed by a key
-- that only the cookie gives, so that reading this table signs nobody in.
-- A new table: the serving program does not notice.

create table console_sessions (
    session_digest bytea primary key check (octet_length(session_digest) = 32),
    account_id integer not null references accounts,
    sealed bytea not null check (octet_length(sealed) <= 65536),
    signed_in_at timestamptz not null,
    seen_at timestamptz not null,
    ends_at timestamptz not null
);
create index console_sessions_by_account on console_sessions (account_id);

grant select, insert, update, delete on console_sessions to beffroi_web;
grant select, delete on console_sessions to beffroi_worker;
