"""What earlier versions asked about dates, and did not ask, as this one does (assessments/timing).

A query about a window that holds again is closed. One that stands is asked again in words without the figures of its first
day; every turn stays. A dose that ratings lie on the wrong side of is asked about, for they do not count any more.
"""

from django.db import migrations

QUESTIONS = """
select set_config('trialsite.context', json_build_object('actor', id, 'name', username, 'role', '', 'reason',
  'queries about dates name their rule and ask once for one cause', 'version', '')::text, true)
from accounts_user where is_system;

with closed as (
  update review_query q set status = 'closed', closed_at = now(), version = q.version + 1
  where q.check_id = 'RATING-OUT-OF-WINDOW' and q.status <> 'closed' and not exists (
    select from assessments_assessment a join enrollment_visit v on v.id = a.visit_id
    where a.visit_id = q.visit_id and a.instrument = q.form and a.status <> 'not_done'
      and (a.performed_on < v.earliest_on or a.performed_on > v.latest_on))
  returning id, participant_id)
insert into review_querymessage (query_id, participant_id, kind, text, written_at)
select id, participant_id, 'closed', 'The dates were changed; the check no longer fires.', now() from closed order by id;

insert into review_querymessage (query_id, participant_id, kind, text, written_at)
select q.id, q.participant_id, 'raised', 'The date of the rating lies outside the visit''s window. Is it right? (Asked again'
  ' without the figures of the day on which it was first asked.)', now()
from review_query q
where q.check_id = 'RATING-OUT-OF-WINDOW' and q.status = 'open' and exists (
  select from review_querymessage m where m.query_id = q.id and m.kind = 'raised'
    and m.text ~ '^Days (before|after) the window')
order by q.id;

with wrong_side as (
  select p.participant_id, p.number::text as field, coalesce(r.document ->> 'dosing_label', 'Dosing') || ' ' || p.number as dose,
    case when bool_or(s.after_dose) then 'RATING-BEFORE-DOSE' else 'RATING-AFTER-DOSE' end as check_id
  from enrollment_period p
    join enrollment_participant t on t.id = p.participant_id
    join enrollment_protocolversion r on r.id = t.protocol_id
    join enrollment_visit v on v.period_id = p.id
    join assessments_assessment a on a.visit_id = v.id and a.status <> 'not_done'
    cross join lateral (
      select v.day > 0 or (v.day = 0 and mine.place > base.place) as after_dose
      from jsonb_array_elements(r.document -> 'visits') with ordinality mine (visit, place)
      cross join jsonb_array_elements(r.document -> 'visits') with ordinality base (visit, place)
      where mine.visit ->> 'code' = v.code and base.visit ->> 'code' = r.document #>> '{endpoints,baseline_visit}') s
  where case when s.after_dose then a.performed_on < p.dosed_on else a.performed_on > p.dosed_on end
  group by p.participant_id, p.number, r.document ->> 'dosing_label'),
asked as (
  insert into review_query (participant_id, form, field, status, blocks_signature, check_id, check_version, raised_at, version)
  select participant_id, 'dosing', field, 'open', false, check_id, '1', now(), 1 from wrong_side order by 1, 3
  returning id, participant_id, field, check_id)
insert into review_querymessage (query_id, participant_id, kind, text, written_at)
select a.id, a.participant_id, 'raised', format(
  case a.check_id when 'RATING-BEFORE-DOSE' then
    'Ratings of visits after %s are dated before it: they are not counted. Is its date right? If so, check theirs.'
  else
    'Ratings of visits before %s are dated after it: they are not counted. Is its date right? If so, check theirs.' end,
  w.dose), now()
from asked a join wrong_side w using (participant_id, field) order by a.id;
select set_config('trialsite.context', '', true);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0008_alerts_in_order"),
        ("review", "0005_confirmed_signatures"),
        ("enrollment", "0011_screened_again"),
    ]
    operations = [migrations.RunSQL(QUESTIONS, migrations.RunSQL.noop)]
