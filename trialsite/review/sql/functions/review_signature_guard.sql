-- Who signs holds a role that may, now and at that site, confirmed their password in this session moments before, and
-- did not get another password or second factor just now. A signature is voided by a change of what it stands under,
-- and in no other way: review_keep does it, from within the trigger of that change.
create or replace function review_signature_guard() returns trigger language plpgsql
set search_path = public, pg_temp as $$
declare
  context jsonb := nullif(current_setting('trialsite.context', true), '')::jsonb;
  place record;
begin
  if tg_op = 'UPDATE' then
    if old.voided_at is not null or new.voided_at is null or pg_trigger_depth() < 2
       or to_jsonb(new) - 'voided_at' is distinct from to_jsonb(old) - 'voided_at' then
      raise exception 'review: a signature is voided once, by a change, and never rewritten' using errcode = '42501';
    end if;
    return new;
  end if;
  perform review_take_turns(array[new.participant_id]);
  if new.visit_id is not null and not exists (
      select from enrollment_visit v where v.id = new.visit_id and v.participant_id = new.participant_id) then
    raise exception 'review: this visit is another participant''s' using errcode = '42501';
  end if;
  new.signed_by_id := (context ->> 'actor')::bigint;
  select p.study_id, p.site_id, p.protocol_id into place from enrollment_participant p where p.id = new.participant_id;
  if not may(new.signed_by_id, 'record.sign', place.study_id, place.site_id) then
    raise exception 'review: who signs holds no role that may sign here' using errcode = 'TS002';
  end if;
  new.confirmation_id := fresh_confirmation(new.signed_by_id, context ->> 'session', place.protocol_id);
  select u.printed_name into new.printed_name from accounts_user u where u.id = new.signed_by_id;
  new.signed_at := clock_timestamp();
  new.voided_at := null;
  new.content_sha256 := review_content_sha256(new);
  new.sha256 := review_signature_sha256(new);
  return new;
end $$;
