-- Verification outside visits (no visit): of the forms "screening" and "dosing", as enrollment/casebook.py names them.
-- A change of a field takes back its own verification and that of its whole form.
create function review_unverify(participants bigint[], of_form text, fields text[]) returns void language sql
set search_path = public, pg_temp as $$
  update review_verification v set voided_at = clock_timestamp()
    from (select distinct * from unnest(participants, fields)) c (participant, field)
    where v.participant_id = c.participant and v.visit_id is null and v.voided_at is null
      and v.form = of_form and v.field in ('', c.field)
$$;

-- What screening adds later is a change of the whole form.
create function review_unverify_added() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  if tg_table_name = 'enrollment_fact' then
    perform review_unverify(array_agg(n.participant_id), 'screening', array_agg(n.name::text)) from changed n;
  else
    perform review_unverify(array_agg(n.participant_id), 'screening', array_agg('treatments'::text))
      from changed n;
  end if;
  return null;
end $$;

create function review_unverify_changed() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  case tg_table_name
  when 'enrollment_participant' then
    perform review_unverify(array_agg(n.id), 'screening', array_agg(f.field))
      from changed n join was o on o.id = n.id cross join lateral (values
        ('consented_on', n.consented_on is distinct from o.consented_on),
        ('age', n.age is distinct from o.age),
        ('sex', n.sex is distinct from o.sex)) f (field, differs)
      where f.differs;
  when 'enrollment_fact' then
    perform review_unverify(array_agg(n.participant_id), 'screening', array_agg(n.name::text))
      from changed n join was o on o.id = n.id where n.value is distinct from o.value;
  when 'enrollment_failedtreatment' then
    perform review_unverify(array_agg(n.participant_id), 'screening', array_agg('treatments'::text))
      from changed n join was o on o.id = n.id where n is distinct from o;
  when 'enrollment_period' then
    perform review_unverify(array_agg(n.participant_id), 'dosing', array_agg(n.number::text))
      from changed n join was o on o.id = n.id where n.dosed_on is distinct from o.dosed_on;
  end case;
  return null;
end $$;

do $$
declare
  name text;
begin
  foreach name in array array['enrollment_fact', 'enrollment_failedtreatment'] loop
    execute format('create trigger x_unverify_insert after insert on %I referencing new table as changed
      for each statement execute function review_unverify_added()', name);
  end loop;
  foreach name in array array['enrollment_participant', 'enrollment_fact', 'enrollment_failedtreatment',
                              'enrollment_period'] loop
    execute format('create trigger x_unverify_update after update on %I
      referencing old table as was new table as changed
      for each statement execute function review_unverify_changed()', name);
  end loop;
end $$;

grant execute on function review_unverify(bigint[], text, text[]) to trialsite_app, trialsite_report;
