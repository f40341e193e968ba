-- What the database itself keeps of signatures, verification and locks. Whatever writes to a table of trial
-- data (a page, an import, raw SQL) goes through these triggers.

-- Signing and locking must not overtake a save that is under way, nor the other way round. All take this lock
-- before they look; a thousand buckets, so that a large import stays inside the server's lock table.
create function review_take_turns(participants bigint[]) returns void language plpgsql
set search_path = public, pg_temp as $$
begin
  perform pg_advisory_xact_lock_shared(71001, s.study)
    from (select distinct study_id::int as study from enrollment_participant where id = any (participants) order by 1) s;
  perform pg_advisory_xact_lock(71002, b.bucket)
    from (select distinct (unnest(participants) % 1024)::int as bucket order by 1) b;
end $$;

-- Locks ----------------------------------------------------------------------------------------------------

-- Called after a change of these places (a participant, and a visit or null): refuses it where a lock holds that
-- no approved request keeps open, else voids the signatures that vouched for what was changed.
create function review_keep(participants bigint[], visits bigint[]) returns void language plpgsql
set search_path = public, pg_temp as $$
begin
  perform review_take_turns(participants);
  if exists (
    select from unnest(participants, visits) c (participant, visit)
    join enrollment_participant p on p.id = c.participant
    join review_lock l on l.study_id = p.study_id
      and (l.participant_id is null or l.participant_id = p.id) and (l.visit_id is null or l.visit_id = c.visit)
    where not exists (
      select from review_unlockrequest r
      where r.lock_id = l.id and r.approved and r.ended_at is null and r.in_force_until > clock_timestamp()))
  then
    raise exception 'review: this record is locked; the change is refused' using errcode = 'TS001';
  end if;
  update review_signature s set voided_at = clock_timestamp()
    from unnest(participants, visits) c (participant, visit)
    where s.participant_id = c.participant and s.voided_at is null and (s.visit_id is null or s.visit_id = c.visit);
end $$;

create function review_lock_takes_turn() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  if new.participant_id is null then
    perform pg_advisory_xact_lock(71001, new.study_id::int);
  else
    perform review_take_turns(array[new.participant_id]);
  end if;
  new.locked_by_id := (current_setting('trialsite.context')::jsonb ->> 'actor')::bigint;
  new.locked_at := clock_timestamp();
  return new;
end $$;
create trigger b_turn before insert on review_lock for each row execute function review_lock_takes_turn();

-- Asked by whoever acts; decided once, by whoever acts then; ended once.
create function review_unlock_guard() returns trigger language plpgsql
set search_path = public, pg_temp as $$
declare
  actor bigint := (current_setting('trialsite.context')::jsonb ->> 'actor')::bigint;
begin
  if tg_op = 'INSERT' then
    new.requested_by_id := actor;
    new.requested_at := clock_timestamp();
    new.approved := null;
    new.decided_by_id := null;
    new.in_force_until := null;
    return new;
  end if;
  if (new.lock_id, new.reason, new.requested_by_id, new.requested_at)
     is distinct from (old.lock_id, old.reason, old.requested_by_id, old.requested_at)
     or (old.approved is not null and (new.approved, new.decided_by_id, new.decided_at, new.in_force_until)
         is distinct from (old.approved, old.decided_by_id, old.decided_at, old.in_force_until))
     or (old.ended_at is not null and new.ended_at is distinct from old.ended_at) then
    raise exception 'review: an unlock request is decided once and not rewritten' using errcode = '42501';
  end if;
  if old.approved is null and new.approved is not null then
    new.decided_by_id := actor;
    new.decided_at := clock_timestamp();
    new.in_force_until := case when new.approved then clock_timestamp() + interval '24 hours' end;
  end if;
  return new;
end $$;
create trigger b_guard before insert or update on review_unlockrequest
  for each row execute function review_unlock_guard();

-- Signatures -----------------------------------------------------------------------------------------------

-- Everything a signature under a visit vouches for, record versions included.
create function review_visit_content(of_visit bigint) returns jsonb language sql stable
set search_path = public, pg_temp as $$
  select jsonb_build_object('visit', to_jsonb(v), 'ratings', (
    select coalesce(jsonb_agg(to_jsonb(a) order by a.instrument), '[]')
    from assessments_assessment a where a.visit_id = v.id))
  from enrollment_visit v where v.id = of_visit
$$;

create function review_casebook_content(of_participant bigint) returns jsonb language sql stable
set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'participant', to_jsonb(p) - 'unblinded_at' - 'version',
    'treatments', (select coalesce(jsonb_agg(to_jsonb(t) order by t.id), '[]')
                   from enrollment_failedtreatment t where t.participant_id = p.id),
    'facts', (select coalesce(jsonb_agg(to_jsonb(f) order by f.name), '[]')
              from enrollment_fact f where f.participant_id = p.id),
    'decisions', (select coalesce(jsonb_agg(to_jsonb(d) order by d.id), '[]')
                  from enrollment_eligibilitydecision d where d.participant_id = p.id),
    'periods', (select coalesce(jsonb_agg(to_jsonb(q) order by q.number), '[]')
                from enrollment_period q where q.participant_id = p.id),
    'visits', (select coalesce(jsonb_agg(review_visit_content(v.id) order by v.id), '[]')
               from enrollment_visit v where v.participant_id = p.id))
  from enrollment_participant p where p.id = of_participant
$$;

create function review_content_sha256(s review_signature) returns text language sql stable
set search_path = public, pg_temp as $$
  select encode(sha256(convert_to((case
    when s.visit_id is null then review_casebook_content(s.participant_id)
    else review_visit_content(s.visit_id) end)::text, 'UTF8')), 'hex')
$$;

-- Binds the content to who, when, why and where: a signature moved to another record does not fit it.
create function review_signature_sha256(s review_signature) returns text language sql immutable
set search_path = pg_catalog, pg_temp as $$
  select encode(sha256(convert_to(jsonb_build_array(
    s.participant_id, s.visit_id, s.signed_by_id, s.printed_name, s.meaning,
    extract(epoch from s.signed_at)::text, s.content_sha256)::text, 'UTF8')), 'hex')
$$;

-- In force, untouched, and under exactly what was signed.
create function review_signature_holds(s review_signature) returns boolean language sql stable
set search_path = public, pg_temp as $$
  select s.voided_at is null and s.sha256 = review_signature_sha256(s)
    and s.content_sha256 = review_content_sha256(s)
$$;

create function review_signature_guard() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  if tg_op = 'UPDATE' then
    if old.voided_at is not null or new.voided_at is null
       or to_jsonb(new) - 'voided_at' is distinct from to_jsonb(old) - 'voided_at' then
      raise exception 'review: a signature is voided once and never rewritten' using errcode = '42501';
    end if;
    return new;
  end if;
  perform review_take_turns(array[new.participant_id]);
  if new.visit_id is not null and not exists (
      select from enrollment_visit v where v.id = new.visit_id and v.participant_id = new.participant_id) then
    raise exception 'review: this visit is another participant''s' using errcode = '42501';
  end if;
  new.signed_by_id := (current_setting('trialsite.context')::jsonb ->> 'actor')::bigint;
  select u.printed_name into new.printed_name from accounts_user u where u.id = new.signed_by_id;
  new.signed_at := clock_timestamp();
  new.voided_at := null;
  new.content_sha256 := review_content_sha256(new);
  new.sha256 := review_signature_sha256(new);
  return new;
end $$;
create trigger b_guard before insert or update on review_signature
  for each row execute function review_signature_guard();

create function review_verification_guard() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    new.verified_by_id := (current_setting('trialsite.context')::jsonb ->> 'actor')::bigint;
    new.verified_at := clock_timestamp();
    new.voided_at := null;
  elsif old.voided_at is not null or to_jsonb(new) - 'voided_at' is distinct from to_jsonb(old) - 'voided_at' then
    raise exception 'review: a verification is voided once and never rewritten' using errcode = '42501';
  end if;
  return new;
end $$;
create trigger b_guard before insert or update on review_verification
  for each row execute function review_verification_guard();

-- The fields of a form that differ; the items of a rating and their reasons are fields of their own.
create function review_fields(was jsonb, is_ jsonb) returns text[] language sql immutable
set search_path = pg_catalog, pg_temp as $$
  with before as (select was || coalesce(was -> 'items', '{}') || coalesce(was -> 'missing', '{}') as v),
       after as (select is_ || coalesce(is_ -> 'items', '{}') || coalesce(is_ -> 'missing', '{}') as v)
  select coalesce(array_agg(key), '{}') from before, after,
    lateral (select jsonb_object_keys(before.v) union select jsonb_object_keys(after.v)) k (key)
  where before.v -> key is distinct from after.v -> key
$$;

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
      create function review_kept_%1$s_insert() returns trigger language plpgsql
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
      create function review_kept_%1$s_update() returns trigger language plpgsql
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
      create trigger x_kept_insert after insert on %1$s referencing new table as changed
        for each statement execute function review_kept_%1$s_insert();
      create trigger x_kept_update after update on %1$s referencing old table as was new table as changed
        for each statement execute function review_kept_%1$s_update();
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

grant execute on function review_take_turns(bigint[]), review_keep(bigint[], bigint[]), review_fields(jsonb, jsonb),
  review_visit_content(bigint), review_casebook_content(bigint), review_content_sha256(review_signature),
  review_signature_sha256(review_signature), review_signature_holds(review_signature)
  to trialsite_app, trialsite_report;
