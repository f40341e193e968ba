-- Who an actor is, and in which role they act in a study (null: in none alone): from the trail's own people, at this
-- moment. What the caller says decides only which of several roles that the person has, and by which of its processes
-- the software itself works, or that somebody at the machine gave it a command.
create or replace function audit.actor(actor bigint, claimed text, in_study bigint, out name text, out role text)
language plpgsql stable set search_path = pg_catalog, audit, pg_temp as $$
declare
  held text[];
  chosen text[] := string_to_array(nullif(claimed, ''), ', ');
  of_software boolean;
begin
  select p.name, p.is_system into actor.name, of_software from audit.person p where p.id = actor.actor;
  if not found then
    raise exception 'audit: there is no person %; the write is refused', actor.actor using errcode = '42501';
  end if;
  if of_software then
    actor.role := case when claimed in ('import', 'unblinded worker', 'at the machine') then claimed else 'system' end;
    return;
  end if;
  held := array(
    select distinct m.role from audit.membership m
    where m.person = actor.actor and (in_study is null or m.study = in_study)
      and m.starts_at <= clock_timestamp() and (m.ends_at is null or m.ends_at > clock_timestamp())
    order by 1);
  actor.role := nullif(array_to_string(case when chosen <@ held then chosen else held end, ', '), '');
end $$;
