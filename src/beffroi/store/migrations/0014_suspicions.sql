-- By which channels an account under suspicion last asked, so that what several do by the same ones is seen.
-- No index holds the score: it changes with every answer, and the row must stay where it is (HOT).

alter table account_states
    add score integer not null default 0,
    add device text,
    add network text,
    add neighbourhood text,
    add asked_at timestamptz;
create index account_states_warned on account_states (structure_id) where rung >= 1;
drop index account_states_held;

drop view activity;
grant select (score, device, network, neighbourhood, asked_at) on account_states to beffroi_worker;
