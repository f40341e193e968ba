-- The records of forms at a visit, or (null) of the participant, as a signature vouches for them. Without any there is no
-- word of them: what was signed before there were forms reads as it did. A row of the list of treatments stands in the casebook as such.
create or replace function review_records(of_participant bigint, of_visit bigint) returns jsonb language sql stable
set search_path = public, pg_temp as $$
  select coalesce(
    (select jsonb_build_object('records', jsonb_agg(to_jsonb(r) order by r.form, r.repeat_key, r.id))
     from assessments_record r where r.participant_id = of_participant and r.visit_id is not distinct from of_visit
       and review_listed_treatment(r) is null
     having count(*) > 0), '{}')
$$;
grant execute on function review_records(bigint, bigint) to trialsite_app, trialsite_report;
