-- Everything a signature under a visit vouches for, record versions included.
create or replace function review_visit_content(of_visit bigint) returns jsonb language sql stable
set search_path = public, pg_temp as $$
  select jsonb_build_object('visit', to_jsonb(v), 'ratings', (
    select coalesce(jsonb_agg(to_jsonb(a) order by a.instrument), '[]')
    from assessments_assessment a where a.visit_id = v.id))
  from enrollment_visit v where v.id = of_visit
$$;
grant execute on function review_visit_content(bigint) to trialsite_app, trialsite_report;
