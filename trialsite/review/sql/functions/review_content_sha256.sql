create or replace function review_content_sha256(s review_signature) returns text language sql stable
set search_path = public, pg_temp as $$
  select encode(sha256(convert_to((case
    when s.visit_id is null then review_casebook_content(s.participant_id)
    else review_visit_content(s.visit_id) end)::text, 'UTF8')), 'hex')
$$;
grant execute on function review_content_sha256(review_signature) to trialsite_app, trialsite_report;
