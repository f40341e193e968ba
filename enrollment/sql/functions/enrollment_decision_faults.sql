-- What is wrong with a decision on eligibility, in words; nothing when it is as it should be. Of one made since decisions
-- rest on a confirmation all of what its trigger asked is asked again; an earlier one is judged by the rule of its time.
create or replace function enrollment_decision_faults(d enrollment_eligibilitydecision) returns text[]
language sql stable set search_path = public, pg_temp as $$
  with place as (
    select p.study_id, p.site_id, u.is_system and s.synthetic as invented
    from enrollment_participant p join accounts_study s on s.id = p.study_id
    join accounts_user u on u.id = d.decided_by_id where p.id = d.participant_id),
  rule as (
    select not invented and (d.confirmation_id is not null or d.decided_at >= (
      select min(m.applied) from django_migrations m
      where m.app = 'enrollment' and m.name like '%\_confirmed\_decisions')) as new from place),
  faults (n, fault) as (
    select 1, 'the trail does not tell that this person decided it' where not exists (
      select from audit.event e
      where e.table_name = 'enrollment_eligibilitydecision' and e.row_pk = d.id::text and e.op = 'I'
        and e.actor = d.decided_by_id)
    union all
    select 2, 'the decider did not confirm the password moments before' from rule where rule.new
      and not was_confirmed(d.confirmation_id, d.decided_by_id, d.decided_at)
    union all
    select 3, 'the decider held no role that may decide there then' from rule, place where rule.new
      and not could(d.decided_by_id, 'eligibility.confirm', place.study_id, place.site_id, d.decided_at)
    union all
    select 4, 'the name is missing that it was signed with' from rule where rule.new and d.printed_name = '')
  select coalesce(array_agg(fault order by n), '{}') from faults
$$;
grant execute on function enrollment_decision_faults(enrollment_eligibilitydecision) to trialsite_app, trialsite_report;
