"""What was a query of an edit check and still is not settled is an alert. The query stays as it is."""

from django.db import migrations

ALERTS = """
select set_config('trialsite.context', json_build_object('actor', id, 'name', username, 'role', '', 'reason',
  'safety alerts became records', 'version', '')::text, true)
from accounts_user where is_system;
insert into assessments_safetyalert (participant_id, site_id, rating_id, item, value, trigger, raised_at, action)
select q.participant_id, p.site_id, a.id, q.field, (a.items ->> q.field)::smallint, 'level', q.raised_at, ''
from review_query q
  join enrollment_participant p on p.id = q.participant_id
  join assessments_assessment a on a.visit_id = q.visit_id and a.instrument = q.form
where q.check_id = 'RATING-SAFETY' and q.status <> 'closed' and a.items ? q.field;
select set_config('trialsite.context', '', true);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0003_safety_alert"),
        ("review", "0003_casebook"),
        ("accounts", "0002_system"),
    ]
    operations = [migrations.RunSQL(ALERTS, migrations.RunSQL.noop)]
