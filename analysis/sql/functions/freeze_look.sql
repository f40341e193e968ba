-- The data of a look that was asked for and not taken yet, and what they say. The unblinded worker's.
create or replace function closed.freeze_look(look bigint, cut text, results jsonb, taken timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
begin
  insert into closed.look (look_id, study_id, cut, cut_sha256, results, taken_at)
    select a.id, a.study_id, freeze_look.cut, encode(sha256(convert_to(freeze_look.cut, 'UTF8')), 'hex'),
           freeze_look.results, taken
    from public.analysis_look a where a.id = look and a.taken_at is null;
  if not found then raise exception 'no look waits for its data' using errcode = 'no_data_found'; end if;
end $$;
grant execute on function closed.freeze_look(bigint, text, jsonb, timestamptz) to trialsite_closed;
