-- Hands the next places of a site's list to invented participants, in their order and at the moments they are said to
-- have been randomised: in a synthetic study alone. `kits`: number and arm of each period.
create or replace function closed.assign_synthetic(site bigint, participants bigint[], moments timestamptz[])
returns table (participant bigint, kits text[])
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
declare study bigint;
begin
  select t.study_id into study from public.accounts_site t
    join public.accounts_study s on s.id = t.study_id and s.synthetic where t.id = site;
  if not found or exists (
    select from unnest(participants) p(id) left join public.enrollment_participant e on e.id = p.id
    where e.site_id is distinct from site
  ) then
    raise exception 'only invented participants of a synthetic study are given places so' using errcode = '42501';
  end if;
  perform pg_advisory_xact_lock(hashtext('closed.slot'), study::int);
  return query
    update closed.slot s set participant_id = g.participant, assigned_at = g.moment
    from (
      select f.id, q.participant, q.moment
      from (select l.id, row_number() over (order by l.position) as n from closed.slot l
            where l.study_id = study and l.participant_id is null and (l.site_id = site or l.site_id is null)) f
      join unnest(participants, moments) with ordinality q(participant, moment, n) using (n)
    ) g
    where s.id = g.id
    returning s.participant_id,
      (select array_agg(array[k.kit_number, k.arm] order by k.period) from closed.kit k where k.slot_id = s.id);
end $$;
grant execute on function closed.assign_synthetic(bigint, bigint[], timestamptz[]) to trialsite_closed;
