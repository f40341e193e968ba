-- A row as a signature vouches for it. `later`: columns that came after rows were signed; while such a column is empty the
-- row reads as it did then, and the signature under it holds.
create or replace function review_signed_row(entry jsonb, later text[]) returns jsonb language sql immutable
set search_path = pg_catalog, pg_temp as $$
  select entry - array(select name from unnest(later) name where entry -> name in ('null', '""'))
$$;
grant execute on function review_signed_row(jsonb, text[]) to trialsite_app, trialsite_report;
