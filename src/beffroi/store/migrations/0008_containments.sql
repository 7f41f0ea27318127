-- What was stopped by hand, or by certainty: by whom, why, until when. The gate reads what is in force of it.

alter table hospitals add networks text[] not null default '{}';

create table containments (
    containment_id bigint generated always as identity primary key,
    kind text not null check (kind in ('account', 'device', 'application', 'network', 'structure')),
    target text not null,
    spared text[] not null default '{}',
    reason text not null,
    asked_by text not null,
    asked_at timestamptz not null,
    confirmed_by text check (confirmed_by <> asked_by),
    in_force_from timestamptz,
    expires_at timestamptz,
    release_reason text,
    release_asked_by text,
    release_asked_at timestamptz,
    released_by text check (kind <> 'account' or released_by <> release_asked_by),
    released_at timestamptz,
    check (kind not in ('network', 'structure') or in_force_from is null or confirmed_by is not null),
    check (kind not in ('network', 'structure') or expires_at is not null)
);
create unique index containments_open on containments (kind, target) where released_at is null;

insert into containments (kind, target, reason, asked_by, asked_at, in_force_from)
select 'account', account_id::text, 'before reasons were recorded', 'migration', now(), now()
from account_states where frozen;

grant select on containments to beffroi_web, beffroi_feed, beffroi_worker;
grant insert, update on containments to beffroi_web;
