create or replace function review_signature_guard() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  if tg_op = 'UPDATE' then
    if old.voided_at is not null or new.voided_at is null
       or to_jsonb(new) - 'voided_at' is distinct from to_jsonb(old) - 'voided_at' then
      raise exception 'review: a signature is voided once and never rewritten' using errcode = '42501';
    end if;
    return new;
  end if;
  perform review_take_turns(array[new.participant_id]);
  if new.visit_id is not null and not exists (
      select from enrollment_visit v where v.id = new.visit_id and v.participant_id = new.participant_id) then
    raise exception 'review: this visit is another participant''s' using errcode = '42501';
  end if;
  new.signed_by_id := (current_setting('trialsite.context')::jsonb ->> 'actor')::bigint;
  select u.printed_name into new.printed_name from accounts_user u where u.id = new.signed_by_id;
  new.signed_at := clock_timestamp();
  new.voided_at := null;
  new.content_sha256 := review_content_sha256(new);
  new.sha256 := review_signature_sha256(new);
  return new;
end $$;
