-- The day of a withdrawal that was taken from the trail afterwards was not there to be signed. A row of the list of
-- treatments of earlier versions, which nobody changed since it became a record, reads as it was signed.
create or replace function review_casebook_content(of_participant bigint) returns jsonb language sql stable
set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'participant', review_signed_row(
      to_jsonb(p) - 'unblinded_at' - 'version' - 'left_on_derived' - case when p.left_on_derived then 'left_on' else '' end,
      '{left_on,rescreen_of_id,consent_version_id}'),
    'treatments', (select coalesce(jsonb_agg(review_listed_treatment(r) order by review_listed_treatment(r) -> 'id'), '[]')
                   from assessments_record r where r.participant_id = p.id and review_listed_treatment(r) is not null),
    'facts', (select coalesce(jsonb_agg(to_jsonb(f) order by f.name), '[]')
              from enrollment_fact f where f.participant_id = p.id),
    'decisions', (select coalesce(jsonb_agg(review_signed_row(to_jsonb(d), '{printed_name,meaning,confirmation_id}') order by d.id), '[]')
                  from enrollment_eligibilitydecision d where d.participant_id = p.id),
    'periods', (select coalesce(jsonb_agg(review_signed_row(to_jsonb(q), '{override_days,given_despite}') order by q.number), '[]')
                from enrollment_period q where q.participant_id = p.id),
    'visits', (select coalesce(jsonb_agg(review_visit_content(v.id) order by v.id), '[]')
               from enrollment_visit v where v.participant_id = p.id)) || review_records(p.id, null)
  from enrollment_participant p where p.id = of_participant
$$;
grant execute on function review_casebook_content(bigint) to trialsite_app, trialsite_report;
