-- The functions review_kept_<table>_insert and _update; their triggers are made by migrations.
-- Every table of trial data: one call a statement, however many rows it changes. A change that changes nothing
-- voids nothing; a record does not move to another participant or visit.
do $$
declare
  t record;
begin
  for t in select * from (values
    -- An emergency unblinding is marked whatever is locked or signed: it changes no data.
    ('enrollment_participant', 'id', 'null::bigint',
     $d$to_jsonb(n) - 'unblinded_at' - 'version' is distinct from to_jsonb(o) - 'unblinded_at' - 'version'$d$),
    ('enrollment_failedtreatment', 'participant_id', 'null::bigint', 'n is distinct from o'),
    ('enrollment_fact', 'participant_id', 'null::bigint', 'n is distinct from o'),
    ('enrollment_eligibilitydecision', 'participant_id', 'null::bigint', 'n is distinct from o'),
    ('enrollment_period', 'participant_id', 'null::bigint', 'n is distinct from o'),
    ('enrollment_visit', 'participant_id', 'id', 'n is distinct from o'),
    ('assessments_assessment', 'participant_id', 'visit_id', 'n is distinct from o')) x (name, person, visit, differs)
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
      case when t.visit like 'null%' then '' else format($v$
          update review_verification v set voided_at = clock_timestamp()
            from changed n join was o on o.id = n.id
            where v.participant_id = n.participant_id and v.visit_id = n.%s and v.voided_at is null
              and v.form = %s and %s and (v.field = '' or v.field = any (review_fields(to_jsonb(o), to_jsonb(n))));
        $v$, t.visit, case when t.visit = 'id' then quote_literal('visit') else 'n.instrument' end, t.differs) end);
  end loop;
end $$;
