-- Binds the content to who, when, why and where, and to the confirmation by password: a signature moved to another
-- record does not fit it. Those of the time before confirmations were kept are bound to none.
create or replace function review_signature_sha256(s review_signature) returns text language sql immutable
set search_path = pg_catalog, pg_temp as $$
  select encode(sha256(convert_to((jsonb_build_array(
    s.participant_id, s.visit_id, s.signed_by_id, s.printed_name, s.meaning,
    extract(epoch from s.signed_at)::text, s.content_sha256)
    || case when s.confirmation_id is null then '[]' else jsonb_build_array(s.confirmation_id) end)::text, 'UTF8')), 'hex')
$$;
grant execute on function review_signature_sha256(review_signature) to trialsite_app, trialsite_report;
