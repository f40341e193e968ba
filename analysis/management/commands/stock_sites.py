"""`manage.py stock_sites --study CODE --sets N`: kits for every site of a synthetic study, sent and received."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from analysis.allocation.services import supply
from enrollment.selectors import today_at
from enrollment.services import receive_shipment, request_supply
from trialsite.accounts.models import Study, User
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import process_outbox


class Command(BaseCommand):
    help = (
        "Send kits to every site of a synthetic study and receive them. Runs with the trialsite_closed role."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--study", required=True)
        parser.add_argument("--sets", type=int, default=10)

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(code=options["study"], synthetic=True).first()
        if study is None:
            raise CommandError(f"--study: no synthetic study {options['study']!r} is loaded.")
        if options["sets"] < 1:
            raise CommandError("--sets: at least 1.")
        system = User.objects.system()
        sites = list(study.sites.order_by("pk"))
        shipments = [request_supply(site, options["sets"], by=system) for site in sites]
        process_outbox(Outbox.Kind.SUPPLY, supply)
        for shipment in shipments:
            shipment.refresh_from_db()
            receive_shipment(shipment, today_at(shipment.site), by=system)
        process_outbox(Outbox.Kind.SUPPLY, supply)
        self.stdout.write(f"{options['sets']} sets of kits are on hand at each site of {study.code}.")
