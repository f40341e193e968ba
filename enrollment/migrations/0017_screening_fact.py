from django.db import migrations


class Migration(migrations.Migration):
    """The model has another name; its table keeps its own, which the audit trail and the triggers know."""

    dependencies = [("enrollment", "0016_confirmed_decisions")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameModel("Fact", "ScreeningFact"),
                migrations.AlterModelTable("screeningfact", "enrollment_fact"),
            ]
        )
    ]
