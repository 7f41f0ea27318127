-- Whether an account is stopped moves to the row that the gate locks. There alone a freeze is exact: a gate that waits
-- for the lock reads the locked row again, but what is joined to it as it was before the wait.
-- accounts.status stays for processes of the release before, and is read no more.

alter table account_states add frozen boolean not null default false;

insert into account_states (account_id) select account_id from accounts where status = 'frozen' on conflict do nothing;
update account_states s set frozen = true from accounts a where a.account_id = s.account_id and a.status = 'frozen';
