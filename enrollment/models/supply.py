"""Kits at the sites: sent, received, given, returned, destroyed. Nothing here knows what is in one."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models.participant import Participant
from enrollment.models.schedule import Period
from trialsite.accounts.models import Site, Study, User


class Shipment(models.Model):
    """Kits that the pharmacist sends to a site, in whole sets: of each treatment as many as any sequence can need."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="shipments")
    site = models.ForeignKey(Site, models.PROTECT, related_name="shipments")
    sets = models.PositiveSmallIntegerField(_("sets of kits"))
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    packed_at = models.DateTimeField(_("numbered"), null=True)
    received_on = models.DateField(_("received on"), null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(sets__gte=1), name="shipment_has_sets"),
            models.CheckConstraint(
                condition=Q(received_on=None) | Q(packed_at__isnull=False), name="shipment_packed_first"
            ),
        ]

    def __str__(self) -> str:
        return f"shipment {self.pk}"


class Kit(models.Model):
    """A numbered kit. `period`: to which it is assigned; `given_in`: in which it was given, the same unless something went
    wrong. `replaces`: the kit in whose place it was assigned."""

    class State(models.TextChoices):
        SENT = "sent", _("On its way")
        ON_HAND = "on_hand", _("On hand")
        DISPENSED = "dispensed", _("Dispensed")
        RETURNED = "returned", _("Returned")
        DESTROYED = "destroyed", _("Destroyed")
        MISSING = "missing", _("Did not arrive")

    # What of a kit that arrived can have become of it: each in one state, so that these add up to what was received.
    RECEIVED = (State.ON_HAND, State.DISPENSED, State.RETURNED, State.DESTROYED)

    study = models.ForeignKey(Study, models.PROTECT, related_name="kits")
    site = models.ForeignKey(Site, models.PROTECT, related_name="kits")
    shipment = models.ForeignKey(Shipment, models.PROTECT, related_name="kits")
    number = models.CharField(_("kit"), max_length=20)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.SENT)
    moved_on = models.DateField(_("since"), null=True)
    period = models.ForeignKey(Period, models.PROTECT, null=True, related_name="kits")
    given_in = models.ForeignKey(Period, models.PROTECT, null=True, related_name="kits_given")
    replaces = models.OneToOneField("self", models.PROTECT, null=True, related_name="replaced_by")
    replacement_asked_at = models.DateTimeField(_("replacement asked for"), null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["number"]
        indexes = [models.Index(fields=["site", "state"], name="kit_at_site")]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="kit_number_once"),
            models.CheckConstraint(
                condition=Q(state__in=["sent", "on_hand", "dispensed", "returned", "destroyed", "missing"]),
                name="kit_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="dispensed") | Q(given_in__isnull=False), name="kit_dispensed_in_a_period"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["sent", "on_hand", "missing"]) | Q(given_in=None),
                name="kit_on_hand_was_not_given",
            ),
            models.UniqueConstraint(
                fields=["given_in"], condition=Q(given_in__isnull=False), name="kit_given_once_a_period"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class WrongKit(models.Model):
    """Another kit was given in a period than the one assigned to it. Open until somebody says what was done about it.
    Which treatment either holds is said nowhere here."""

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="wrong_kits")
    period = models.ForeignKey(Period, models.PROTECT, related_name="wrong_kits")
    assigned = models.CharField(_("assigned kit"), max_length=20)
    given = models.CharField(_("kit given"), max_length=20)
    given_on = models.DateField(_("given on"))
    happened = models.TextField(_("what happened"))
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now)
    action = models.TextField(_("what was done"), blank=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    corrected_at = models.DateTimeField(
        _("found to be a recording error"), null=True, help_text="The record was wrong, not the kit."
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["period"], condition=Q(corrected_at=None), name="wrong_kit_once_a_period"
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | (Q(closed_by__isnull=False) & ~Q(action="")),
                name="wrong_kit_closed_with_action",
            ),
            models.CheckConstraint(condition=~Q(happened=""), name="wrong_kit_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.given} instead of {self.assigned}"
