-- The functions review_kept_<table>_insert and _update; their triggers are made by migrations.
-- Every table of trial data: one call a statement, however many rows it changes. A change that changes nothing
-- voids nothing; a record does not move to another participant or visit.
do $$
declare
  t record;
begin
  -- `form`, `repeat_key`: of what is verified there; null where verification follows by other triggers.
  for t in select * from (values
    -- An emergency unblinding is marked whatever is locked or signed: it changes no data.
    ('enrollment_participant', 'id', 'null::bigint',
     $d$to_jsonb(n) - 'unblinded_at' - 'version' is distinct from to_jsonb(o) - 'unblinded_at' - 'version'$d$, null, null),
    ('enrollment_fact', 'participant_id', 'null::bigint', 'n is distinct from o', null, null),
    ('enrollment_eligibilitydecision', 'participant_id', 'null::bigint', 'n is distinct from o', null, null),
    ('enrollment_period', 'participant_id', 'null::bigint', 'n is distinct from o', null, null),
    ('enrollment_visit', 'participant_id', 'id', 'n is distinct from o', $d$'visit'$d$, 'null'),
    ('assessments_assessment', 'participant_id', 'visit_id', 'n is distinct from o', 'n.instrument', 'null'),
    ('assessments_secondrating', 'participant_id', 'visit_id', 'n is distinct from o', null, null),
    ('assessments_record', 'participant_id', 'visit_id', 'n is distinct from o', 'n.form', 'n.repeat_key'))
    x (name, person, visit, differs, form, repeat_key)
  loop
    execute format($f$
      create or replace function review_kept_%1$s_insert() returns trigger language plpgsql
      set search_path = public, pg_temp as $b$
      declare
        participants bigint[];
        visits bigint[];
      begin
        select array_agg(person), array_agg(visit) into participants, visits
          from (select distinct %2$s as person, %3$s as visit from changed) c;
        if participants is not null then
          perform review_keep(participants, visits);
        end if;
        return null;
      end $b$;
      create or replace function review_kept_%1$s_update() returns trigger language plpgsql
      set search_path = public, pg_temp as $b$
      declare
        participants bigint[];
        visits bigint[];
      begin
        -- Counted: for the first row alone the planner would go through all new rows for each old one.
        if (select count(*) from was o left join changed n on n.id = o.id
            where (n.%2$s, n.id) is distinct from (o.%2$s, o.id) %5$s) > 0 then
          raise exception 'review: a record of %1$s does not move to another place' using errcode = '42501';
        end if;
        select array_agg(person), array_agg(visit) into participants, visits
          from (select distinct n.%2$s as person, %4$s as visit from changed n join was o on o.id = n.id
                where %6$s) c;
        if participants is not null then
          perform review_keep(participants, visits);
          %7$s
        end if;
        return null;
      end $b$;
    $f$, t.name, t.person, t.visit,
      case when t.visit like 'null%' then t.visit else 'n.' || t.visit end,
      case when t.visit = 'visit_id' then 'or n.visit_id is distinct from o.visit_id' else '' end,
      t.differs,
      case when t.form is null then '' else format($v$
          update review_verification v set voided_at = clock_timestamp()
            from changed n join was o on o.id = n.id
            where v.participant_id = n.participant_id and v.visit_id is not distinct from n.%s and v.voided_at is null
              and v.form = %s and v.repeat_key is not distinct from %s
              and %s and (v.field = '' or v.field = any (review_fields(to_jsonb(o), to_jsonb(n))));
        $v$, t.visit, t.form, t.repeat_key, t.differs) end);
  end loop;
end $$;
