create or replace function review_verification_guard() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    new.verified_by_id := (current_setting('trialsite.context')::jsonb ->> 'actor')::bigint;
    new.verified_at := clock_timestamp();
    new.voided_at := null;
  elsif old.voided_at is not null or to_jsonb(new) - 'voided_at' is distinct from to_jsonb(old) - 'voided_at' then
    raise exception 'review: a verification is voided once and never rewritten' using errcode = '42501';
  end if;
  return new;
end $$;
