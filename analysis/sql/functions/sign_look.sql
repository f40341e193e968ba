-- The board's decision, signed by the person behind the session, who is also the one the audit trail names, confirmed
-- their password in it moments before, and did not get another one just now.
create or replace function closed.sign_look(session text, look bigint, recommended text, decided text, why text) returns void
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
declare
  target closed.look;
  person bigint;
begin
  select * into target from closed.look l where l.look_id = look;
  if not found then raise exception 'the look has not been taken' using errcode = 'no_data_found'; end if;
  person := closed.viewer(session, 'look.decide', target.study_id);
  if person is distinct from (nullif(current_setting('trialsite.context', true), '')::jsonb ->> 'actor')::bigint then
    raise exception 'who signs is not who acts' using errcode = '42501';
  end if;
  if audit.visible(why) is null then
    raise exception 'a decision is signed for a reason' using errcode = 'check_violation';
  end if;
  perform public.fresh_confirmation(
    person, closed.digest(session), (select a.protocol_id from public.analysis_look a where a.id = look));
  insert into closed.decision (look_id, recommendation, decision, reason, cut_sha256, signed_by, signed_name)
    select look, recommended, decided, why, target.cut_sha256, u.id, u.printed_name
    from public.accounts_user u where u.id = person;
  insert into closed.log (user_id, action, study_id)
    values (person, 'sign decision', target.study_id);
end $$;
grant execute on function closed.sign_look(text, bigint, text, text, text) to trialsite_app;
