-- When somebody came, went or proved to be themselves is the server's clock; a confirmation is of the session of the
-- request that made it.
create or replace function stamp_access() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  new.at := clock_timestamp();
  new.session := case when new.kind = 'confirmed'
    then coalesce(nullif(current_setting('trialsite.context', true), '')::jsonb ->> 'session', '') else '' end;
  return new;
end $$;
