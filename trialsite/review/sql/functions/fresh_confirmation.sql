-- The confirmation by password that stands behind what somebody signs, decides or unblinds: given in this session moments
-- before, by a person who did not get another password or second factor just now. Its id; else refused: TS004 and TS005
-- are what the pages know these refusals by (trialsite/lib/refusals.py). `session`: as its table keys it. `protocol`: the
-- version that says how long signing rests.
create or replace function fresh_confirmation(person bigint, session text, protocol bigint) returns bigint
language plpgsql stable set search_path = public, pg_temp as $$
declare
  confirmation bigint := confirmed_just_now(person, session);
  rest int := coalesce(
    (select (v.document ->> 'signing_rest_hours')::int from enrollment_protocolversion v where v.id = protocol), 24);
begin
  if confirmation is null then
    raise exception 'the password was not confirmed in this session moments before' using errcode = 'TS004';
  end if;
  if signing_rests_until(person, rest) > clock_timestamp() then
    raise exception 'signing rests for a time after a reset of the access' using errcode = 'TS005';
  end if;
  return confirmation;
end $$;
grant execute on function fresh_confirmation(bigint, text, bigint) to trialsite_app;
