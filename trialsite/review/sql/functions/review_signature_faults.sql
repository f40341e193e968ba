-- What is wrong with a signature, in words; nothing when it is as it should be. Of one made since confirmations are kept
-- all of what its trigger asked is asked again, by rows and by the trail; an earlier one is judged by the rule of its time.
create or replace function review_signature_faults(s review_signature) returns text[] language sql stable
set search_path = public, pg_temp as $$
  with rule as (
    select s.confirmation_id is not null or s.signed_at >= (
      select min(m.applied) from django_migrations m where m.app = 'review' and m.name = '0005_confirmed_signatures') as new),
  faults (n, fault) as (
    select 1, 'its own hash does not follow from it' where s.sha256 is distinct from review_signature_sha256(s)
    union all
    select 2, 'does not fit the record: what was signed is not what stands there now'
      where s.voided_at is null and s.content_sha256 is distinct from review_content_sha256(s)
    union all
    select 3, 'the trail does not tell that this person signed it then' where not exists (
      select from audit.event e
      where e.table_name = 'review_signature' and e.row_pk = s.id::text and e.op = 'I' and e.actor = s.signed_by_id
        and e.new ->> 'sha256' = s.sha256 and e.at between s.signed_at and s.signed_at + interval '10 minutes')
    union all
    select 4, 'the signer did not confirm the password moments before' from rule
      where rule.new and not was_confirmed(s.confirmation_id, s.signed_by_id, s.signed_at)
    union all
    select 5, 'the signer held no role that may sign there then' from rule
      join enrollment_participant p on p.id = s.participant_id
      where rule.new and not could(s.signed_by_id, 'record.sign', p.study_id, p.site_id, s.signed_at)
    union all
    select 6, 'voided without a change of what was signed' where s.voided_at is not null and not exists (
      select from audit.event v join audit.event c on c.chain = v.chain and c.txid = v.txid
      where v.table_name = 'review_signature' and v.row_pk = s.id::text and v.op = 'U' and v.new ? 'voided_at'
        and c.table_name ~ '^(enrollment|assessments)_'))
  select coalesce(array_agg(fault order by n), '{}') from faults
$$;
grant execute on function review_signature_faults(review_signature) to trialsite_app, trialsite_report;
