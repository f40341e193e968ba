-- The total of a rating: the sum of what was rated. Right for every instrument, for none has another total
-- (assessments/domain/instrument.py: score); tests/assessments/test_totals.py holds each of them against it.
create or replace function assessment_sum(items jsonb) returns bigint language sql immutable
set search_path = pg_catalog, pg_temp as $$
  select coalesce(sum(value::int), 0) from jsonb_each_text(items)
$$;
grant execute on function assessment_sum(jsonb) to trialsite_app;
