-- In force, untouched, and under exactly what was signed.
create or replace function review_signature_holds(s review_signature) returns boolean language sql stable
set search_path = public, pg_temp as $$
  select s.voided_at is null and s.sha256 = review_signature_sha256(s)
    and s.content_sha256 = review_content_sha256(s)
$$;
grant execute on function review_signature_holds(review_signature) to trialsite_app, trialsite_report;
