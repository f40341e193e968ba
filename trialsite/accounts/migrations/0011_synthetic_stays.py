"""A study with participants does not become synthetic, nor a synthetic one real."""

from django.db import migrations

KEEP = """
create function keep_synthetic() returns trigger language plpgsql
set search_path = public, pg_temp as $$ begin return new; end $$;
create trigger k_keep_synthetic before update on accounts_study
  for each row when (old.synthetic is distinct from new.synthetic) execute function keep_synthetic();
alter table accounts_study enable always trigger k_keep_synthetic;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_access_event")]
    operations = [migrations.RunSQL(KEEP, "drop function keep_synthetic() cascade")]
