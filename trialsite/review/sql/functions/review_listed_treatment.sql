-- A record as a row of the list of treatments of earlier versions, which it became without anybody's change; null where it is
-- no such row, or says more or something else than one did. Its token tells the key that the row had.
create or replace function review_listed_treatment(r assessments_record) returns jsonb language sql immutable
set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'id', ('x' || right(r.form_token::text, 12))::bit(48)::bigint,
    'participant_id', r.participant_id,
    'kind', coalesce(lower(r.items ->> 'KIND'), r.items ->> 'KIND_WRITTEN', ''),
    'name', coalesce(r.items ->> 'NAME', ''),
    'dose', coalesce(r.items ->> 'DOSE_GIVEN', ''),
    'weeks', coalesce(r.items -> 'WEEKS', 'null'),
    'outcome', coalesce(lower(r.items ->> 'OUTCOME'), r.items ->> 'OUTCOME_WRITTEN', ''),
    'removed', r.status = 'struck_out')
  where r.form = 'FAILED_TREATMENT' and r.version = 1 and r.form_token::text like '00000000-0000-4000-8000-%'
    and r.missing = '{}' and r.comments = '{}' and r.visit_id is null
    and r.items - '{KIND,KIND_WRITTEN,NAME,DOSE_GIVEN,WEEKS,OUTCOME,OUTCOME_WRITTEN,FAILED,SUBSTANCE}'::text[] = '{}'
$$;
grant execute on function review_listed_treatment(assessments_record) to trialsite_app, trialsite_report;
