-- Sessions of the console that a browser has bound to a key of its device (Device Bound Session Credentials): the public
-- key, since when, the newest challenge that it answered, and when the session first came without that key.
-- New columns, empty for every session that there is: the serving program does not notice.

alter table console_sessions
    add column device_key jsonb check (length(device_key::text) <= 2048),
    add column bound_at timestamptz,
    add column answered_at timestamptz,
    add column unproved_at timestamptz,
    add check ((device_key is null) = (bound_at is null)),
    add check ((device_key is null) = (answered_at is null));
