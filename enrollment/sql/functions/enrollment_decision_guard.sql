-- Who decides on eligibility signs the decision: now holds a role that may, at that site, confirmed the password in this
-- session moments before, and did not get another password or second factor just now. Only invented participants are
-- decided on by the system, unsigned.
create or replace function enrollment_decision_guard() returns trigger language plpgsql
set search_path = public, pg_temp as $$
declare
  context jsonb := nullif(current_setting('trialsite.context', true), '')::jsonb;
  decider accounts_user;
  place record;
begin
  select u.* into decider from accounts_user u where u.id = (context ->> 'actor')::bigint;
  select p.study_id, p.site_id, p.protocol_id, s.synthetic into place
    from enrollment_participant p join accounts_study s on s.id = p.study_id where p.id = new.participant_id;
  new.decided_by_id := decider.id;
  if decider.is_system and place.synthetic then
    new.printed_name := '';
    new.meaning := '';
    new.confirmation_id := null;
    return new;
  end if;
  if not may(decider.id, 'eligibility.confirm', place.study_id, place.site_id) then
    raise exception 'who decides on eligibility holds no role that may here' using errcode = 'TS002';
  end if;
  new.confirmation_id := fresh_confirmation(decider.id, context ->> 'session', place.protocol_id);
  new.printed_name := decider.printed_name;
  new.decided_at := clock_timestamp();
  return new;
end $$;
