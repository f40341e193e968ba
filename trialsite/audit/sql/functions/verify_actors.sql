-- People and memberships that the trail keeps otherwise than its entries say.
create or replace function audit.verify_actors() returns table (problem text) language sql stable security definer
set search_path = pg_catalog, audit, pg_temp as $$
  select format('person %s: not kept as the entries say', coalesce(kept.id, recorded.id))
  from audit.person kept full join audit.recorded_people() recorded on recorded.id = kept.id where kept is distinct from recorded
  union all
  select format('membership %s: not kept as the entries say', coalesce(kept.id, recorded.id))
  from audit.membership kept full join audit.recorded_memberships() recorded on recorded.id = kept.id where kept is distinct from recorded
$$;
grant execute on function audit.verify_actors() to trialsite_owner, trialsite_app, trialsite_report;
