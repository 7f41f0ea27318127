-- A consumer that was away for a day is told of the longest waiting first, and counted: by an index in that order, instead
-- of sorting everybody each second. Only indexes, so that the program before serves.
create index notifications_waiting on notifications (consumer, queued_at, person_id) where dead_at is null;
create index notifications_dead on notifications (consumer) where dead_at is not null;
drop index notifications_due;
