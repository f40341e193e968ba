"""That somebody took the trail away is a kind of access."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_usernames")]
    operations = [
        migrations.AlterField(
            model_name="access",
            name="kind",
            field=models.CharField(
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
                    ("trail taken", "Audit trail taken away"),
                ],
                max_length=20,
            ),
        ),
    ]
