-- A text that has something to see; null when it is empty, or all blanks, control and format characters, fillers and
-- selectors. The same characters as in trialsite/lib/visible.py.
create or replace function audit.visible(t text) returns text language sql immutable
set search_path = pg_catalog, pg_temp as $$
  select case when t ~ '[^\u0001-\u0020\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]'
    then t end
$$;
grant execute on function audit.visible(text) to trialsite_owner, trialsite_app, trialsite_report;
