-- name: signing_keys
-- Who signed the last checkpoint, and since when each signs: the first checkpoint from which on it does, found by halving
-- (a ledger has millions). A key is known by its name and the first five letters of its signature's base64: 30 of its
-- ID's 32 bits.
with recursive last as (
    select number, note from checkpoints where number is not null order by number desc limit 1
), keys as (
    select m[2] as name, m[1] as line, decode(right(m[1], 5) || m[3], 'base64') as id
    from last, regexp_matches(last.note, '^(— (\S+) \S{5})(\S{3})', 'gn') as m
), halving as (
    select k.line, 0::bigint as without, last.number as signed from keys k, last
    union all
    select h.line, case when c.signs then h.without else (h.without + h.signed) / 2 end,
           case when c.signs then (h.without + h.signed) / 2 else h.signed end
    from halving h cross join lateral (
        select coalesce((select position(h.line in one.note) > 0 from checkpoints one
                         where one.number = (h.without + h.signed) / 2), false) as signs
    ) c
    where h.signed - h.without > 1
)
select k.name, encode(substring(k.id from 1 for 4), 'hex') as key_id, c.signed_at as since
from halving h join keys k using (line) join checkpoints c on c.number = h.signed
where h.signed - h.without = 1
order by c.signed_at, k.line;

-- name: witness_words
-- How the last exchange with each witness ended, and when it last cosigned.
select w.witness, w.state, w.tree_size, w.at,
       (select c.cosigned_at from cosignatures c where c.witness = w.witness order by c.number desc limit 1) as cosigned_at
from witness_states w order by w.witness;
