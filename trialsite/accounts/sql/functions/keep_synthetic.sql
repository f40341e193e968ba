-- Whether a study's people are invented is settled once it has any: of invented ones alone the system decides on
-- eligibility, unsigned. The lock waits for those who are being screened at this moment: the check of their key comes
-- with their commit alone.
create or replace function keep_synthetic() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  lock table enrollment_participant in share mode;
  if exists (select from enrollment_participant p where p.study_id = new.id) then
    raise exception 'study % has participants: whether they are invented cannot be changed', new.code using errcode = '42501';
  end if;
  return new;
end $$;
