"""Sessions by the hash of their key, with whose and whence; and who came, went and was kept out."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_separation"),
    ]

    operations = [
        # Kept by their keys until now: everybody signs in again.
        migrations.RunSQL("delete from accounts_session", migrations.RunSQL.noop),
        migrations.AddField(
            model_name="session",
            name="agent",
            field=models.CharField(blank=True, default="", max_length=200),
        ),
        migrations.AddField(
            model_name="session",
            name="began_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="session",
            name="ip",
            field=models.GenericIPAddressField(null=True),
        ),
        migrations.AddField(
            model_name="session",
            name="seen_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="session",
            name="session_key",
            field=models.CharField(max_length=64, primary_key=True, serialize=False),
        ),
        migrations.CreateModel(
            name="Access",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("signed in", "Signed in"),
                            ("sign-in failed", "Sign-in failed"),
                            ("locked out", "Locked out"),
                            ("signed out", "Signed out"),
                            ("timed out", "Timed out"),
                            ("confirmed", "Confirmed by password"),
                            ("not confirmed", "Not confirmed: wrong password or code"),
                            ("recovery code", "Recovery code used"),
                            ("session ended", "Session ended"),
                            ("link", "Link to set a password made"),
                        ],
                        max_length=20,
                    ),
                ),
                ("about", models.CharField(blank=True, default="", max_length=200)),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="accesses",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["user", "-id"], name="access_user")],
            },
        ),
    ]
