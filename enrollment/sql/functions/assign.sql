-- Gives a participant the next slot of the list and returns kit numbers, one a period; asked again, the same ones.
-- TS003 is how randomise() knows that the list is used up, TS006 that the site has no kits ready. A list made with kits
-- gives its own; one of places alone takes those that the unblinded worker planned from the site's stock.
create or replace function closed.assign(participant bigint) returns table (period int, kit_number text)
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
declare
  person public.enrollment_participant;
  free closed.slot;
  actor public.accounts_user;
  in_force int;
begin
  select * into person from public.enrollment_participant p where p.id = participant;
  if not found then raise exception 'no such participant' using errcode = 'no_data_found'; end if;
  select * into actor from public.accounts_user u
    where u.id = (nullif(current_setting('trialsite.context', true), '')::jsonb ->> 'actor')::bigint;
  if not found or not (actor.is_system or public.may(actor.id, 'participant.randomise', person.study_id, person.site_id)) then
    raise exception 'nobody acts who may randomise this participant' using errcode = '42501';
  end if;
  -- One at a time in a study: two at once would both see the same next slot.
  perform pg_advisory_xact_lock(hashtext('closed.slot'), person.study_id::int);
  select * into free from closed.slot s where s.participant_id = participant;
  if not found then
    if person.status <> 'eligible' then
      raise exception 'the participant is not eligible' using errcode = 'check_violation';
    end if;
    if exists (select from public.enrollment_enrollmentpause e
               where e.study_id = person.study_id and e.lifted_at is null and e.halts ? 'randomisation') then
      raise exception 'randomisation is halted' using errcode = 'check_violation';
    end if;
    -- The first free place after the last that was handed out: of the site's list, or of the whole study's.
    select * into free from (
      (select s.* from closed.slot s
       where s.study_id = person.study_id and s.site_id = person.site_id and s.participant_id is null and s.position >
         coalesce(audit.closed_place(person.study_id::text, person.site_id::text, true), -2147483648)
       order by s.position limit 1)
      union all
      (select s.* from closed.slot s
       where s.study_id = person.study_id and s.site_id is null and s.participant_id is null and s.position >
         coalesce(audit.closed_place(person.study_id::text, null, true), -2147483648)
       order by s.position limit 1)
    ) next order by next.position limit 1;
    if not found then raise exception 'the allocation list is used up' using errcode = 'TS003'; end if;
    if not exists (select from closed.kit k where k.slot_id = free.id) then
      -- While the stock has changed and nothing is planned anew, nobody gets a kit: whether the change touched the next
      -- place must not show.
      if exists (select from public.audit_outbox o where o.kind = 'supply' and o.subject = person.site_id) then
        raise exception 'kits are being prepared' using errcode = 'TS006';
      end if;
      select max(n.batch) into in_force from closed.plan n where n.site_id = person.site_id;
      insert into closed.kit (study_id, kit_number, slot_id, period, arm)
        select n.study_id, n.kit_number, n.slot_id, n.period, t.arm
        from closed.plan n
        join closed.stock t on t.study_id = n.study_id and t.kit_number = n.kit_number
        join public.enrollment_kit h on h.study_id = n.study_id and h.number = n.kit_number
          and h.site_id = n.site_id and h.state = 'on_hand' and h.period_id is null
        where n.site_id = person.site_id and n.batch = in_force and n.slot_id = free.id;
      if not exists (select from closed.kit k where k.slot_id = free.id) or exists (
        select from closed.plan n
        where n.site_id = person.site_id and n.batch = in_force and n.slot_id = free.id
          and not exists (select from closed.kit k where k.slot_id = free.id and k.period = n.period)
      ) then
        raise exception 'no kits are ready at the site' using errcode = 'TS006';
      end if;
    end if;
    update closed.slot s set participant_id = participant, assigned_at = clock_timestamp() where s.id = free.id;
    insert into closed.log (user_id, action, study_id, subject)
      values (actor.id, 'assign', person.study_id, participant);
  end if;
  return query select k.period, k.kit_number from closed.kit k where k.slot_id = free.id order by k.period;
end $$;
grant execute on function closed.assign(bigint) to trialsite_app;
