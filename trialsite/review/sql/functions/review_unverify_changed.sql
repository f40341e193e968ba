create or replace function review_unverify_changed() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  case tg_table_name
  when 'enrollment_participant' then
    perform review_unverify(array_agg(n.id), 'screening', array_agg(f.field))
      from changed n join was o on o.id = n.id cross join lateral (values
        ('consented_on', n.consented_on is distinct from o.consented_on),
        ('consent_version', n.consent_version_id is distinct from o.consent_version_id),
        ('age', n.age is distinct from o.age),
        ('sex', n.sex is distinct from o.sex)) f (field, differs)
      where f.differs;
  when 'enrollment_fact' then
    perform review_unverify(array_agg(n.participant_id), 'screening', array_agg(n.name::text))
      from changed n join was o on o.id = n.id where n.value is distinct from o.value;
  when 'enrollment_period' then
    perform review_unverify(array_agg(n.participant_id), 'dosing', array_agg(n.number::text))
      from changed n join was o on o.id = n.id where n.dosed_on is distinct from o.dosed_on;
  end case;
  return null;
end $$;
