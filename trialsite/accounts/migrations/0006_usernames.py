"""Usernames are never given twice, not even after a change of name: the database keeps and compares them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KEEP = """
insert into accounts_username (name, user_id) select lower(upper(username)), id from accounts_user;
create function keep_username() returns trigger language plpgsql security definer
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
create trigger k_keep_username after insert or update of username on accounts_user
  for each row execute function keep_username();
alter table accounts_user enable always trigger k_keep_username;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_second_factor")]
    operations = [
        migrations.CreateModel(
            name="Username",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, unique=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.RunSQL(KEEP, "drop function keep_username() cascade"),
    ]
