-- How the worker's jobs stand, one row each, as it tells them itself. Only an addition, so that the program before serves.

-- Written anew every few seconds: half of a page is left for the next version of its rows, and no index is on a time.
create table jobs (
    job text not null,                      -- model.job.Job
    about text not null,                    -- which one, of several: the witness
    next_at timestamptz not null,           -- when it is to run
    noted_at timestamptz not null,          -- when its worker said so
    begun_at timestamptz,                   -- after ended_at: it runs
    ended_at timestamptz,
    took_s double precision not null,
    failure text not null,                  -- of the last run: the name of an exception or of a state of ours
    failures integer not null,              -- in a row
    done_count bigint not null,             -- by the last run that had something to do
    done_at timestamptz,
    waiting bigint,
    primary key (job, about)
) with (fillfactor = 50);

grant select, insert, update, delete on jobs to beffroi_worker;
grant select on jobs to beffroi_web;
