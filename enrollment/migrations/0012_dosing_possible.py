"""The database keeps it, too: nobody is treated before consent, nor before they were randomised. What an earlier version
let in stays as it is, until its day is changed."""

from django.db import migrations

FIRST = """
create function enrollment_dosing_possible() returns trigger language plpgsql
set search_path = public, pg_temp as $$ begin return null; end $$;
create trigger zz_dosing_possible after insert or update of planned_on, dosed_on on enrollment_period
  for each row when (new.planned_on is not null or new.dosed_on is not null)
  execute function enrollment_dosing_possible();
create trigger zz_dosing_possible after update of consented_on, randomised_at on enrollment_participant
  for each row execute function enrollment_dosing_possible();
alter table enrollment_period enable always trigger zz_dosing_possible;
alter table enrollment_participant enable always trigger zz_dosing_possible;
"""
UNDO = "drop function enrollment_dosing_possible() cascade;"


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0011_screened_again")]
    operations = [migrations.RunSQL(FIRST, UNDO)]
