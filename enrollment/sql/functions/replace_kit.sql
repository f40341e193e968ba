-- Another kit of the same content from the site's stock in the place of one that is assigned; null where there is none.
-- The unblinded worker alone may ask: whoever could try and take back would learn which kits are alike.
create or replace function closed.replace_kit(study bigint, number text) returns text
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
declare
  place bigint;
  in_period int;
  successor text;
begin
  perform pg_advisory_xact_lock(hashtext('closed.slot'), study::int);
  select h.slot_id, h.period into place, in_period from (
    select k.slot_id, k.period from closed.kit k where k.study_id = study and k.kit_number = replace_kit.number
    union all
    select r.slot_id, r.period from closed.replacement r where r.study_id = study and r.kit_number = replace_kit.number
  ) h;
  select f.kit_number into successor
    from public.enrollment_kit e, closed.free_kits(e.site_id) f
    where e.study_id = study and e.number = replace_kit.number and f.arm = closed.arm_of(study, replace_kit.number)
    order by f.ticket desc limit 1;
  if place is not null and successor is not null then
    insert into closed.replacement (study_id, kit_number, replaces, slot_id, period)
      values (study, successor, replace_kit.number, place, in_period);
  end if;
  return successor;
end $$;
grant execute on function closed.replace_kit(bigint, text) to trialsite_closed;
