-- Nobody is treated, or planned to be, before consent, nor before they were randomised where the trial allocates; nor
-- after they withdrew or while dosing is halted, unless it is said why; and while it is, nothing is planned. Held
-- for each day that is written from now on, from both sides; it runs after the trail's trigger, which lets one
-- transaction at a time write about a participant.
create or replace function enrollment_dosing_possible() returns trigger language plpgsql
set search_path = public, pg_temp as $$
declare
  person enrollment_participant;
  begun date;
  day date;
begin
  if tg_table_name = 'enrollment_period' then
    select * into person from enrollment_participant where id = new.participant_id;
    if audit.visible(new.given_despite) is null and new.dosed_on > person.left_on
       and (tg_op = 'INSERT' or new.dosed_on is distinct from old.dosed_on) then
      raise exception 'a dosing on % would lie after the withdrawal, without a reason', new.dosed_on
        using errcode = 'check_violation';
    end if;
    if exists (
      select from enrollment_enrollmentpause e, accounts_site s
      where e.study_id = person.study_id and e.halts ? 'dosing' and s.id = person.site_id and (
        -- A plan, unless it stands beside a dosing that was given.
        (e.lifted_at is null and new.dosed_on is null and new.planned_on is not null
         and (tg_op = 'INSERT' or new.planned_on is distinct from old.planned_on))
        or (audit.visible(new.given_despite) is null and (tg_op = 'INSERT' or new.dosed_on is distinct from old.dosed_on)
            and new.dosed_on >= (e.paused_at at time zone s.timezone)::date
            and (e.lifted_at is null or new.dosed_on < (e.lifted_at at time zone s.timezone)::date)))) then
      raise exception 'dosing is halted' using errcode = 'check_violation';
    end if;
    day := least(
      case when tg_op = 'INSERT' or new.planned_on is distinct from old.planned_on then new.planned_on end,
      case when tg_op = 'INSERT' or new.dosed_on is distinct from old.dosed_on then new.dosed_on end);
  else
    person := new;
    if (new.consented_on, new.randomised_at) is distinct from (old.consented_on, old.randomised_at) then
      select min(dosed_on) into day from enrollment_period where participant_id = new.id;
    end if;
  end if;
  if day is null then return null; end if;
  select greatest(person.consented_on, case when v.document ? 'allocation'
      then (person.randomised_at at time zone s.timezone)::date end) into begun
    from enrollment_protocolversion v, accounts_site s where v.id = person.protocol_id and s.id = person.site_id;
  if day < begun then
    raise exception 'a dosing on % would lie before consent or randomisation', day using errcode = 'check_violation';
  end if;
  return null;
end $$;
