-- Everything a signature under a visit vouches for, record versions included. Of second ratings there is no word where
-- there is none: what was signed before there were any reads as it did.
create or replace function review_visit_content(of_visit bigint) returns jsonb language sql stable
set search_path = public, pg_temp as $$
  select jsonb_build_object('visit', to_jsonb(v), 'ratings', (
    select coalesce(jsonb_agg(to_jsonb(a) order by a.instrument), '[]')
    from assessments_assessment a where a.visit_id = v.id))
    || coalesce((select jsonb_build_object('second_ratings', jsonb_agg(to_jsonb(s) order by s.instrument))
                 from assessments_secondrating s where s.visit_id = v.id having count(*) > 0), '{}')
    || review_records(v.participant_id, v.id)
  from enrollment_visit v where v.id = of_visit
$$;
grant execute on function review_visit_content(bigint) to trialsite_app, trialsite_report;
