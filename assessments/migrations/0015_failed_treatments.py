"""The list of failed treatments becomes a form: each row a record of it, under a version of the form that asks what the list
asked. Nobody said anything new: whoever entered a treatment has entered the record, no signature is voided and no lock
opened, for review_casebook_content reads an untouched row as it was signed. Verification and queries come along.

The form's token is made of the key that the row had; by it the history of the list is found (assessments/entry/history.py).
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from django.db import migrations

from enrollment.domain.brands import substance_of

FORM = Path(__file__).resolve().parent / "forms" / "failed_treatment_0.toml"
SYSTEM = """
select set_config('trialsite.context', json_build_object('actor', id, 'name', username, 'role', '', 'reason',
  'the list of failed treatments became a form', 'version', '')::text, true)
from accounts_user where is_system
"""
STUDIES = """
insert into assessments_formversion (study_id, code, version, source, sha256, loaded_at, loaded_by_id)
select s.id, 'FAILED_TREATMENT', '0', %s, %s, now(), u.id
from accounts_study s cross join accounts_user u
where u.is_system and (
  exists (select from enrollment_failedtreatment t join enrollment_participant p on p.id = t.participant_id
          where p.study_id = s.id)
  or exists (select from enrollment_protocolversion v cross join jsonb_array_elements(v.document -> 'criteria') c
             where v.study_id = s.id and c ->> 'fact' = 'failed_treatments' and c -> 'value' is null))
"""
ROWS = """
select t.id, t.participant_id, t.kind, t.name, t.dose, t.weeks, t.outcome, t.removed, f.id,
  row_number() over (partition by t.participant_id order by t.id),
  coalesce(added.actor, u.id), coalesce(added.at, now()),
  coalesce(nullif(removed.reason, ''), 'removed from the list')
from enrollment_failedtreatment t
  join enrollment_participant p on p.id = t.participant_id
  join assessments_formversion f on f.study_id = p.study_id and f.code = 'FAILED_TREATMENT' and f.version = '0'
  cross join (select id from accounts_user where is_system) u
  left join lateral (select e.actor, e.at from audit.event e where e.chain = 'participant:' || p.id and e.op = 'I'
    and e.table_name = 'enrollment_failedtreatment' and e.row_pk = t.id::text order by e.n limit 1) added on true
  left join lateral (select e.reason from audit.event e where e.chain = 'participant:' || p.id and e.op = 'U'
    and e.table_name = 'enrollment_failedtreatment' and e.row_pk = t.id::text and e.new ->> 'removed' = 'true'
    order by e.n desc limit 1) removed on true
order by t.participant_id, t.id
"""
INSERT = """
insert into assessments_record (participant_id, definition_id, form, repeat_key, status, items, missing, comments,
  status_reason, entered_by_id, entered_at, form_token, version)
values (%s, %s, 'FAILED_TREATMENT', %s, %s, %s, '{}', '{}', %s, %s, %s, %s, 1)
"""
# A query about the list is one about the form; one about the list and its verification of a whole count for every row.
REVIEW = """
update review_query set form = 'FAILED_TREATMENT', field = '', version = version + 1
  where form = 'screening' and field = 'treatments' and visit_id is null;
insert into review_verification (participant_id, visit_id, form, repeat_key, field, verified_by_id, verified_at)
select distinct on (r.id) r.participant_id, null::bigint, r.form, r.repeat_key, '', v.verified_by_id, v.verified_at
  from review_verification v join assessments_record r
    on r.participant_id = v.participant_id and r.form = 'FAILED_TREATMENT' and r.status <> 'struck_out'
  where v.form = 'screening' and v.field in ('', 'treatments') and v.visit_id is null and v.voided_at is null
  order by r.id, v.verified_at;
update review_verification set voided_at = clock_timestamp()
  where form = 'screening' and field = 'treatments' and visit_id is null and voided_at is null;
"""
# Whoever verified a row did so when they verified the list; and what moves voids nothing.
PAUSED = (("assessments_record", "x_kept_insert"), ("review_verification", "b_guard"))
KINDS = ("antidepressant", "ect", "tms", "vns", "dbs", "other")
OUTCOMES = ("none", "insufficient", "intolerant", "helped")
BY_KEY = "00000000-0000-4000-8000-{:012x}"


def become_records(apps: Any, schema_editor: Any) -> None:
    source = FORM.read_text(encoding="utf-8")
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(SYSTEM)
        cursor.execute(STUDIES, [source, hashlib.sha256(source.encode()).hexdigest()])
        cursor.execute(ROWS)
        rows = cursor.fetchall()
        states = [_pause(cursor, table, trigger) for table, trigger in PAUSED] if rows else []
        if rows:
            cursor.executemany(INSERT, [_record(*row) for row in rows])
        cursor.execute(REVIEW)
        # Foreign keys are looked at now: a table with a check to come lets nobody switch its triggers.
        cursor.execute("set constraints all immediate")
        for (table, trigger), state in zip(PAUSED, states, strict=False):
            always = "always " if state == "A" else ""
            cursor.execute(f"alter table {table} enable {always}trigger {trigger}")
        cursor.execute("select set_config('trialsite.context', '', true)")


def _pause(cursor: Any, table: str, trigger: str) -> str:
    """How the trigger stood."""
    cursor.execute(
        "select tgenabled from pg_trigger where tgrelid = %s::regclass and tgname = %s", [table, trigger]
    )
    (state,) = cursor.fetchone()
    cursor.execute(f"alter table {table} disable trigger {trigger}")
    return str(state)


def _record(
    pk: int, participant: int, kind: str, name: str, dose: str, weeks: int | None, outcome: str, removed: bool,
    definition: int, number: int, actor: int, at: Any, why: str,
) -> list[Any]:  # fmt: skip
    """A row of the list as the columns of a record: what had no value has none."""
    items: dict[str, Any] = {
        "KIND": kind.upper() if kind in KINDS else None,
        "KIND_WRITTEN": None if kind in KINDS else kind,
        "NAME": name or None,
        "DOSE_GIVEN": dose or None,
        "WEEKS": weeks,
        "OUTCOME": outcome.upper() if outcome in OUTCOMES else None,
        "OUTCOME_WRITTEN": None if outcome in OUTCOMES else outcome,
        "FAILED": outcome in ("none", "insufficient") if outcome in OUTCOMES else None,
        "SUBSTANCE": substance_of(name) if name else None,
    }
    kept = json.dumps({code: value for code, value in items.items() if value is not None})
    complete = kind in KINDS and outcome in OUTCOMES and name
    status = "struck_out" if removed else "complete" if complete else "incomplete"
    reason = why if removed else ""
    return [participant, definition, number, status, kept, reason, actor, at, BY_KEY.format(pk)]


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0014_second_ratings"),
        ("enrollment", "0017_screening_fact"),
        ("review", "0007_repeat_key"),
    ]
    operations = [migrations.RunPython(become_records, migrations.RunPython.noop)]
