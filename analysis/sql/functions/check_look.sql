-- What blinded people read of a look must be what was frozen and signed: no other writer can say it.
create or replace function closed.check_look() returns trigger language plpgsql security definer
set search_path = pg_catalog, closed, pg_temp as $$
begin
  if tg_op = 'UPDATE' and (old.decision <> '' and new.decision <> old.decision
                           or old.cut_sha256 <> '' and new.cut_sha256 <> old.cut_sha256) then
    raise exception 'a frozen or decided look does not change' using errcode = 'check_violation';
  end if;
  if new.cut_sha256 <> '' and not exists (
       select from closed.look l where l.look_id = new.id and l.cut_sha256 = new.cut_sha256) then
    raise exception 'no such frozen data' using errcode = 'check_violation';
  end if;
  if new.decision <> '' and not exists (
       select from closed.decision d where d.look_id = new.id and d.decision = new.decision) then
    raise exception 'no such signed decision' using errcode = 'check_violation';
  end if;
  return new;
end $$;
