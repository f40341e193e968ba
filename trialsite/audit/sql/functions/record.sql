-- What a migration made of a row, or of the guards themselves, without a trigger seeing it. Such entries always
-- say that they are a migration's (op M, actor 0), whoever calls this.
create or replace function audit.record(in_chain text, in_table text, in_row text, was jsonb, is_ jsonb, why text)
returns void language plpgsql security definer set search_path = pg_catalog, audit, pg_temp as $$
declare e audit.event;
begin
  e.chain := in_chain;
  e.study := coalesce(
    audit.study_of(in_table, is_),
    (select v.study from audit.event v where v.table_name = in_table and v.row_pk = in_row and v.study is not null limit 1));
  e.table_name := in_table;
  e.row_pk := in_row;
  e.op := 'M';
  e.actor := 0;
  e.actor_name := 'migration';
  e.reason := why;
  e.old := was;
  e.new := is_;
  perform audit.append(e);
end $$;
grant execute on function audit.record(text, text, text, jsonb, jsonb, text) to trialsite_owner;
