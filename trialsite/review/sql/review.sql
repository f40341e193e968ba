-- What the database itself keeps of signatures, verification and locks. Whatever writes to a table of trial
-- data (a page, an import, raw SQL) goes through these triggers.

-- Signing and locking must not overtake a save that is under way, nor the other way round. Both take this lock
-- first; a thousand buckets, so that a large import stays inside the server's lock table.
create function review_serialise(participant bigint, study bigint) returns void language sql volatile
set search_path = pg_catalog, pg_temp as $$
  select pg_advisory_xact_lock_shared(71001, study::int);
  select pg_advisory_xact_lock(71002, (participant % 1024)::int);
$$;

-- Locks ----------------------------------------------------------------------------------------------------

-- The lock that holds this place and that no approved request keeps open now.
create function review_lock_on(in_study bigint, of_participant bigint, at_visit bigint) returns bigint
language sql volatile set search_path = public, pg_temp as $$
  select l.id from review_lock l
  where l.study_id = in_study
    and (l.participant_id is null or l.participant_id = of_participant)
    and (l.visit_id is null or l.visit_id = at_visit)
    and not exists (
      select from review_unlockrequest r
      where r.lock_id = l.id and r.approved and r.ended_at is null and r.in_force_until > clock_timestamp())
  limit 1
$$;

-- Trigger arguments: the columns that name participant and visit ('' for none).
create function review_refuse_locked() returns trigger language plpgsql
set search_path = public, pg_temp as $$
declare
  is_ jsonb := to_jsonb(new);
  of_participant bigint := (is_ ->> tg_argv[0])::bigint;
  at_visit bigint := (is_ ->> nullif(tg_argv[1], ''))::bigint;
  in_study bigint;
begin
  if tg_table_name = 'enrollment_participant' then
    in_study := new.study_id;
    -- A physician must be able to unblind in an emergency, and everybody to see it, whatever is locked.
    if tg_op = 'UPDATE' and is_ - 'unblinded_at' - 'version' = to_jsonb(old) - 'unblinded_at' - 'version' then
      return new;
    end if;
  else
    select p.study_id into in_study from enrollment_participant p where p.id = of_participant;
  end if;
  if tg_op = 'UPDATE' and (to_jsonb(old) -> tg_argv[0], to_jsonb(old) -> nullif(tg_argv[1], ''))
      is distinct from (is_ -> tg_argv[0], is_ -> nullif(tg_argv[1], '')) then
    raise exception 'review: a record of % does not move to another place', tg_table_name using errcode = '42501';
  end if;
  perform review_serialise(of_participant, in_study);
  if review_lock_on(in_study, of_participant, at_visit) is not null then
    raise exception 'review: % is locked; the change is refused', tg_table_name using errcode = 'TS001';
  end if;
  return new;
end $$;

create function review_lock_takes_turn() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  if new.participant_id is null then
    perform pg_advisory_xact_lock(71001, new.study_id::int);
  else
    perform review_serialise(new.participant_id, new.study_id);
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
  perform review_serialise(new.participant_id, p.study_id)
    from enrollment_participant p where p.id = new.participant_id;
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

-- A change voids, in its own transaction, the signatures that vouch for what was changed, and the verification
-- of the fields that differ. Trigger arguments as above.
create function review_void() returns trigger language plpgsql
set search_path = public, pg_temp as $$
declare
  is_ jsonb := to_jsonb(new);
  was jsonb := case when tg_op = 'UPDATE' then to_jsonb(old) else '{}' end;
  of_participant bigint := (is_ ->> tg_argv[0])::bigint;
  at_visit bigint := (is_ ->> nullif(tg_argv[1], ''))::bigint;
begin
  if is_ = was or (tg_table_name = 'enrollment_participant'
                   and is_ - 'unblinded_at' - 'version' = was - 'unblinded_at' - 'version') then
    return null;
  end if;
  update review_signature set voided_at = clock_timestamp()
    where participant_id = of_participant and voided_at is null and (visit_id is null or visit_id = at_visit);
  if at_visit is not null then
    update review_verification v set voided_at = clock_timestamp()
      where v.participant_id = of_participant and v.visit_id = at_visit and v.voided_at is null
        and v.form = coalesce(is_ ->> 'instrument', 'visit')
        and (v.field = '' or v.field in (
          select n.key from jsonb_each(is_ || coalesce(is_ -> 'items', '{}') || coalesce(is_ -> 'missing', '{}')) n
            where n.value is distinct from
              (was || coalesce(was -> 'items', '{}') || coalesce(was -> 'missing', '{}')) -> n.key
          union all
          select o.key from jsonb_each(coalesce(was -> 'items', '{}') || coalesce(was -> 'missing', '{}')) o
            where not (coalesce(is_ -> 'items', '{}') || coalesce(is_ -> 'missing', '{}')) ? o.key));
  end if;
  return null;
end $$;

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

do $$
declare
  t record;
begin
  for t in select * from (values
    ('enrollment_participant', 'id', ''), ('enrollment_failedtreatment', 'participant_id', ''),
    ('enrollment_fact', 'participant_id', ''), ('enrollment_eligibilitydecision', 'participant_id', ''),
    ('enrollment_period', 'participant_id', ''), ('enrollment_visit', 'participant_id', 'id'),
    ('assessments_assessment', 'participant_id', 'visit_id')) x(name, participant, visit)
  loop
    execute format('create trigger b_locked before insert or update on %I for each row
      execute function review_refuse_locked(%L, %L)', t.name, t.participant, t.visit);
    execute format('create trigger x_void after insert or update on %I for each row
      execute function review_void(%L, %L)', t.name, t.participant, t.visit);
  end loop;
end $$;

grant execute on function review_serialise(bigint, bigint), review_lock_on(bigint, bigint, bigint),
  review_visit_content(bigint), review_casebook_content(bigint), review_content_sha256(review_signature),
  review_signature_sha256(review_signature), review_signature_holds(review_signature)
  to trialsite_app, trialsite_report;
