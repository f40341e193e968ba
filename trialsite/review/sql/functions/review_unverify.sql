-- Verification outside visits (no visit): of the forms "screening" and "dosing", as enrollment/casebook/fields.py names them.
-- A change of a field takes back its own verification and that of its whole form.
create or replace function review_unverify(participants bigint[], of_form text, fields text[]) returns void language sql
set search_path = public, pg_temp as $$
  update review_verification v set voided_at = clock_timestamp()
    from (select distinct * from unnest(participants, fields)) c (participant, field)
    where v.participant_id = c.participant and v.visit_id is null and v.voided_at is null
      and v.form = of_form and v.field in ('', c.field)
$$;
grant execute on function review_unverify(bigint[], text, text[]) to trialsite_app, trialsite_report;
