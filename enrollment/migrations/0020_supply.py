"""Kits at the sites, and which was given in which's place; in the closed schema what is in them and who is to get them."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from trialsite.audit.triggers import sealed, trail

CLOSED = """
create table closed.stock (
  id bigint generated always as identity primary key,
  study_id bigint not null references public.accounts_study,
  kit_number text not null,
  arm text not null,
  ticket uuid not null,
  unique (study_id, kit_number)
);
create table closed.plan (
  id bigint generated always as identity primary key,
  study_id bigint not null references public.accounts_study,
  site_id bigint not null references public.accounts_site,
  batch int not null,
  slot_id bigint references closed.slot,
  period int,
  kit_number text,
  unique (site_id, batch, slot_id, period)
);
create table closed.replacement (
  id bigint generated always as identity primary key,
  study_id bigint not null references public.accounts_study,
  kit_number text not null,
  replaces text not null,
  slot_id bigint not null references closed.slot,
  period int not null,
  unique (study_id, kit_number),
  unique (study_id, replaces)
);
grant select on closed.stock, closed.plan, closed.replacement to trialsite_closed;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0011_supply_owed"),
        ("accounts", "0011_synthetic_stays"),
        ("enrollment", "0019_availability"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Shipment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sets", models.PositiveSmallIntegerField(verbose_name="sets of kits")),
                ("requested_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("packed_at", models.DateTimeField(null=True, verbose_name="numbered")),
                ("received_on", models.DateField(null=True, verbose_name="received on")),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shipments",
                        to="accounts.site",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shipments",
                        to="accounts.study",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Kit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(max_length=20, verbose_name="kit")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("sent", "On its way"),
                            ("on_hand", "On hand"),
                            ("dispensed", "Dispensed"),
                            ("returned", "Returned"),
                            ("destroyed", "Destroyed"),
                            ("missing", "Did not arrive"),
                        ],
                        default="sent",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("moved_on", models.DateField(null=True, verbose_name="since")),
                (
                    "replacement_asked_at",
                    models.DateTimeField(null=True, verbose_name="replacement asked for"),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "given_in",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="kits_given",
                        to="enrollment.period",
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="kits",
                        to="enrollment.period",
                    ),
                ),
                (
                    "replaces",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="enrollment.kit",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="kits", to="accounts.site"
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="kits", to="accounts.study"
                    ),
                ),
                (
                    "shipment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="kits",
                        to="enrollment.shipment",
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="WrongKit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("assigned", models.CharField(max_length=20, verbose_name="assigned kit")),
                ("given", models.CharField(max_length=20, verbose_name="kit given")),
                ("given_on", models.DateField(verbose_name="given on")),
                ("happened", models.TextField(verbose_name="what happened")),
                ("recorded_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("action", models.TextField(blank=True, verbose_name="what was done")),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "corrected_at",
                    models.DateTimeField(
                        help_text="The record was wrong, not the kit.",
                        null=True,
                        verbose_name="found to be a recording error",
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="wrong_kits",
                        to="enrollment.participant",
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="wrong_kits",
                        to="enrollment.period",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.AddConstraint(
            model_name="shipment",
            constraint=models.CheckConstraint(condition=models.Q(("sets__gte", 1)), name="shipment_has_sets"),
        ),
        migrations.AddConstraint(
            model_name="shipment",
            constraint=models.CheckConstraint(
                condition=models.Q(("received_on", None), ("packed_at__isnull", False), _connector="OR"),
                name="shipment_packed_first",
            ),
        ),
        migrations.AddIndex(
            model_name="kit",
            index=models.Index(fields=["site", "state"], name="kit_at_site"),
        ),
        migrations.AddConstraint(
            model_name="kit",
            constraint=models.UniqueConstraint(fields=("study", "number"), name="kit_number_once"),
        ),
        migrations.AddConstraint(
            model_name="kit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["sent", "on_hand", "dispensed", "returned", "destroyed", "missing"])
                ),
                name="kit_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="kit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "dispensed"), _negated=True),
                    ("given_in__isnull", False),
                    _connector="OR",
                ),
                name="kit_dispensed_in_a_period",
            ),
        ),
        migrations.AddConstraint(
            model_name="kit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["sent", "on_hand", "missing"]), _negated=True),
                    ("given_in", None),
                    _connector="OR",
                ),
                name="kit_on_hand_was_not_given",
            ),
        ),
        migrations.AddConstraint(
            model_name="kit",
            constraint=models.UniqueConstraint(
                condition=models.Q(("given_in__isnull", False)),
                fields=("given_in",),
                name="kit_given_once_a_period",
            ),
        ),
        migrations.AddConstraint(
            model_name="wrongkit",
            constraint=models.UniqueConstraint(
                condition=models.Q(("corrected_at", None)), fields=("period",), name="wrong_kit_once_a_period"
            ),
        ),
        migrations.AddConstraint(
            model_name="wrongkit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("closed_at", None),
                    models.Q(("closed_by__isnull", False), models.Q(("action", ""), _negated=True)),
                    _connector="OR",
                ),
                name="wrong_kit_closed_with_action",
            ),
        ),
        migrations.AddConstraint(
            model_name="wrongkit",
            constraint=models.CheckConstraint(
                condition=models.Q(("happened", ""), _negated=True), name="wrong_kit_has_reason"
            ),
        ),
        trail("enrollment_shipment"),
        trail("enrollment_kit"),
        trail("enrollment_wrongkit", "participant_id"),
        migrations.RunSQL(CLOSED, "drop table closed.replacement, closed.plan, closed.stock"),
        sealed("stock", "t.id"),
        sealed("plan", "t.id"),
        sealed("replacement", "t.id"),
    ]
