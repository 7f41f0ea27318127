-- What the watch remembers of somebody ages out as they ask. Of whoever asks no more it goes by itself, once it has left
-- every window that counts; but for the day of the last question, so that an account that wakes is seen to.

create function forget_evidence(before timestamptz, rows_max integer) returns integer
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    forgotten integer;
begin
    if before > now() - interval '420 days' then
        raise exception 'it still counts';
    end if;
    with old as (  -- held and stopped accounts wait for a person
        select account_id from account_states
        where asked_at < before and rung < 4 and not frozen
        order by account_id limit rows_max for update skip locked
    )
    update account_states s
    set evidence = json_build_object('last', json_build_array('', 0, extract(epoch from s.asked_at)::bigint, 0)),
        rung = 0, score = 0, structure_id = null, device = null, network = null, neighbourhood = null, asked_at = null
    from old where s.account_id = old.account_id;
    get diagnostics forgotten = row_count;
    return forgotten;
end $$;

grant execute on function forget_evidence(timestamptz, integer) to beffroi_worker;
