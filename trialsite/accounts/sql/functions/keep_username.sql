-- Usernames are never given twice, not even after a change of name.
create or replace function keep_username() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
  insert into accounts_username (name, user_id) values (lower(upper(new.username)), new.id) on conflict (name) do nothing;
  if not exists (
    select from accounts_username u where u.name = lower(upper(new.username)) and u.user_id = new.id
  ) then
    raise exception 'this username is or was another person''s' using errcode = 'unique_violation';
  end if;
  return null;
end $$;
