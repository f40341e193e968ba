"""`manage.py simulate_trial --participants N --sites S --seed X [--missed 0.05 …]`: a realistic trial of any size."""

import random
import sys
from argparse import ArgumentParser
from dataclasses import fields
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from analysis.demo.invented import InventedParticipant
from analysis.demo.simulated import Rates, people
from analysis.demo.synthetic import DemoWriter
from analysis.monitoring.services.closed import add_slots
from enrollment.domain.allocation import permuted_blocks
from enrollment.models import ProtocolVersion
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Site, Study, User
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import wake_workers


class Command(BaseCommand):
    help = "Make a synthetic study SIM<seed> after a loaded protocol. The same seed gives the same people."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--participants", type=int, required=True)
        parser.add_argument("--sites", type=int, default=2)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--protocol", default="KETNAL", help="code of the study whose protocol is copied")
        rates = parser.add_argument_group(
            "rates", "How often something goes otherwise than planned, from 0 to 1."
        )
        for rate in fields(Rates):
            text = f"{rate.metadata['help']} (default: {rate.default})"
            rates.add_argument(
                f"--{rate.name.replace('_', '-')}", type=float, default=rate.default, help=text
            )

    def handle(self, *args: Any, **options: Any) -> None:
        n, seed = options["participants"], options["seed"]
        if n < 1 or options["sites"] < 1:
            raise CommandError("--participants and --sites need at least 1.")
        original = Study.objects.filter(code=options["protocol"]).first()
        if original is None:
            raise CommandError(f"--protocol: no study {options['protocol']!r} is loaded.")
        code = f"SIM{seed}"
        if Study.objects.filter(code=code).exists():
            raise CommandError(f"{code} exists already; choose another --seed.")
        try:
            rates = Rates(**{rate.name: options[rate.name] for rate in fields(Rates)})
        except ValueError as error:
            raise CommandError(str(error)) from error
        rng = random.Random(seed)  # noqa: S311 - data, not secrets
        protocol, sites = self._study(original.protocols.latest(), code, options["sites"])
        everybody = list(people(protocol.definition, sites, n, rates, rng))
        self._lists(protocol, sites, everybody, rng)
        writer = DemoWriter(protocol, by=User.objects.system(), rng=rng)
        with tqdm(total=n, unit=" participants", disable=not sys.stderr.isatty()) as bar:
            for written in writer.write(everybody):
                bar.update(written)
        wake_workers(Outbox.Kind.RECOMPUTE)
        self.stdout.write(f"{code}: {n} synthetic participants at {len(sites)} sites.")

    def _study(self, original: ProtocolVersion, code: str, sites: int) -> tuple[ProtocolVersion, list[Site]]:
        system = User.objects.system()
        with audit_context(system, role="system", reason="synthetic study"):
            study = Study.objects.create(
                code=code, short_title=f"Simulated {original.study.code}", synthetic=True
            )
            document = {**original.document, "code": code, "synthetic": True}
            protocol = ProtocolVersion.objects.create(
                study=study,
                version=original.version,
                document=document,
                source=original.source,
                sha256=original.sha256,
                loaded_by=system,
            )
            opened = [
                Site.objects.create(study=study, code=f"{k:02d}", name=f"Site {k}", timezone="Europe/Vienna")
                for k in range(1, sites + 1)
            ]
        return protocol, opened

    def _lists(
        self,
        protocol: ProtocolVersion,
        sites: list[Site],
        everybody: list[InventedParticipant],
        rng: random.Random,
    ) -> None:
        rule = protocol.definition.allocation
        if rule is None:
            return
        codes = [sequence.code for sequence in protocol.definition.sequences]
        for site in sites:
            length = sum(participant.started and participant.site == site for participant in everybody) + 4
            slots = permuted_blocks(codes, rule.block_sizes, length, rng)
            add_slots(site, protocol.definition, [(slot.block, slot.sequence) for slot in slots], rng)
