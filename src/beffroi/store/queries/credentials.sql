-- name: find_client
-- An application by its account, as its tokens name it, for one hospital. $1 account, $2 hospital.
select
    c.account_id, c.hospital_id, c.may_feed, c.may_query, a.subject, coalesce(s.frozen, false) as frozen,
    s.account_id is not null as has_state, g.role, g.expires_at
from credentials c
join accounts a using (account_id)
left join account_states s using (account_id)
left join grants g on g.account_id = c.account_id and g.hospital_id = c.hospital_id
where c.account_id = $1 and c.hospital_id = $2 and c.credential like 'client:%' and a.kind = 'application';

-- name: find_credential
-- An application by its certificate or its facility on the loopback, with its roles for that hospital, one per line.
-- $1 "x5t:" and the hex SHA-256 of the certificate, or "loopback:" and MSH-4.
select
    c.account_id, c.hospital_id, c.may_feed, c.may_query, a.subject, coalesce(s.frozen, false) as frozen,
    s.account_id is not null as has_state, g.role, g.expires_at
from credentials c
join accounts a using (account_id)
left join account_states s using (account_id)
left join grants g on g.account_id = c.account_id and g.hospital_id = c.hospital_id
where c.credential = $1 and a.kind = 'application';
