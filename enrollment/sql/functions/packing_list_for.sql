-- What is in each kit of a shipment, for who labels and sends them. For a reason, which is logged with the view.
create or replace function closed.packing_list_for(session text, shipment bigint, why text)
returns table (kit text, arm text)
language plpgsql security definer set search_path = pg_catalog, closed, pg_temp as $$
declare
  sent public.enrollment_shipment;
  person bigint;
begin
  select * into sent from public.enrollment_shipment s where s.id = shipment;
  person := closed.viewer(session, 'allocation.view', sent.study_id, sent.site_id);
  if audit.visible(why) is null then
    raise exception 'the packing list is shown for a reason' using errcode = 'check_violation';
  end if;
  insert into closed.log (user_id, action, study_id)
    values (person, 'view packing list ' || shipment || ': ' || why, sent.study_id);
  return query
    select k.number::text, closed.arm_of(k.study_id, k.number) from public.enrollment_kit k
    where k.shipment_id = shipment order by k.number;
end $$;
grant execute on function closed.packing_list_for(text, bigint, text) to trialsite_app;
