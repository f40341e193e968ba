-- Plans the kits of the next `places` places of a site's list from its stock, all of them anew: how many rows that makes
-- follows from counts that everybody may know. `arms`: the arms of each sequence in the order of the periods.
create or replace function closed.plan_kits(site bigint, places int, arms jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
declare
  study bigint;
  next int;
begin
  select t.study_id into study from public.accounts_site t where t.id = site;
  perform pg_advisory_xact_lock(hashtext('closed.slot'), study::int);
  select coalesce(max(n.batch), 0) + 1 into next from closed.plan n where n.site_id = site;
  insert into closed.plan (study_id, site_id, batch, slot_id, period, kit_number)
    with place as (
      select s.id, s.position, s.sequence from closed.slot s
      where s.study_id = study and s.site_id = site and s.participant_id is null
        and s.position > coalesce(audit.closed_place(study::text, site::text, true), -2147483648)
        and not exists (select from closed.kit k where k.slot_id = s.id)
      order by s.position limit greatest(places, 0)
    ), need as (
      select p.id, p.position, a.period, a.arm,
        row_number() over (partition by a.arm order by p.position, a.period) as n
      from place p, jsonb_array_elements_text(arms -> p.sequence) with ordinality a(arm, period)
    ), free as (
      select f.kit_number, f.arm, row_number() over (partition by f.arm order by f.ticket) as n
      from closed.free_kits(site) f
    ), planned as (
      select d.position, d.id, d.period, f.kit_number from need d left join free f using (arm, n)
      union all select null, null, null, null
    )
    select study, site, next, d.id, d.period, d.kit_number from planned d order by d.position, d.period;
end $$;
grant execute on function closed.plan_kits(bigint, int, jsonb) to trialsite_closed;
