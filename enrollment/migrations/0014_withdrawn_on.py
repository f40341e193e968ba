"""Withdrawals have a day, and a treatment given after one a reason. Withdrawals of earlier versions get the day on which
they were recorded, from the audit trail; what was signed or locked of them stays as it is, for nobody said anything new."""

from django.db import migrations, models
from django.db.models import Q

DAYS = """
select set_config('trialsite.context', json_build_object('actor', id, 'name', username, 'role', '', 'reason',
  'withdrawals got the day on which they were recorded', 'version', '')::text, true)
from accounts_user where is_system;
do $$
declare
  guards jsonb := (select jsonb_object_agg(tgname, tgenabled) from pg_trigger
    where tgrelid = 'enrollment_participant'::regclass and tgname in ('x_kept_update', 'x_unverify_update'));
  guard record;
begin
  -- A day that is derived voids no signature and opens no lock: those triggers pause for this statement.
  for guard in select key as name from jsonb_each(guards) loop
    execute format('alter table enrollment_participant disable trigger %I', guard.name);
  end loop;
  update enrollment_participant p set left_on_derived = true, left_on = greatest(p.consented_on, (coalesce(
    (select max(e.at) from audit.event e where e.chain = 'participant:' || p.id
       and e.table_name = 'enrollment_participant' and e.new ->> 'status' = 'withdrawn'), p.created_at)
    at time zone s.timezone)::date)
  from accounts_site s where s.id = p.site_id and p.status = 'withdrawn' and p.left_on is null;
  for guard in select key as name, case value #>> '{}' when 'A' then 'always' else '' end as always
      from jsonb_each(guards) loop
    execute format('alter table enrollment_participant enable %s trigger %I', guard.always, guard.name);
  end loop;
end $$;
select set_config('trialsite.context', '', true);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("enrollment", "0013_participant_randomised"),
        ("review", "0003_casebook"),
        ("accounts", "0002_system"),
    ]
    operations = [
        migrations.AddField(
            "participant",
            "left_on_derived",
            models.BooleanField(
                default=False,
                help_text="The day on which the withdrawal was recorded: before withdrawals had a date of their own.",
            ),
        ),
        migrations.AddField(
            "period",
            "given_despite",
            models.TextField(
                blank=True,
                default="",
                help_text="Why the treatment was given after the participant had withdrawn.",
            ),
            preserve_default=False,
        ),
        migrations.RunSQL(DAYS, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "participant",
            models.CheckConstraint(
                condition=Q(status="withdrawn", left_on__isnull=False)
                | (~Q(status="withdrawn") & Q(left_on=None, left_on_derived=False)),
                name="participant_withdrawn_on_a_day",
            ),
        ),
    ]
