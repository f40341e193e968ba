"""Labels of access events in the words of the pages."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_synthetic_stays"),
    ]

    operations = [
        migrations.AlterField(
            model_name="accessevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("signed in", "Signed in"),
                    ("sign-in failed", "Sign-in failed"),
                    ("locked out", "Locked out"),
                    ("signed out", "Signed out"),
                    ("timed out", "Timed out"),
                    ("confirmed", "Confirmed by password"),
                    ("not confirmed", "Confirmation failed: wrong password or code"),
                    ("recovery code", "Recovery code used"),
                    ("session ended", "Session ended"),
                    ("link", "Password link issued"),
                    ("trail taken", "Audit trail downloaded"),
                    ("list taken", "List downloaded"),
                ],
                max_length=20,
            ),
        ),
    ]
