-- Signing and locking must not overtake a save that is under way, nor the other way round. All take this lock
-- before they look; a thousand buckets, so that a large import stays inside the server's lock table.
create or replace function review_take_turns(participants bigint[]) returns void language plpgsql
set search_path = public, pg_temp as $$
begin
  perform pg_advisory_xact_lock_shared(71001, s.study)
    from (select distinct study_id::int as study from enrollment_participant where id = any (participants) order by 1) s;
  perform pg_advisory_xact_lock(71002, b.bucket)
    from (select distinct (unnest(participants) % 1024)::int as bucket order by 1) b;
end $$;
grant execute on function review_take_turns(bigint[]) to trialsite_app, trialsite_report;
