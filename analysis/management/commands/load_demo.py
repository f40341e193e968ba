"""`manage.py load_demo`: a synthetic trial with every published figure of the article, and a login per role."""

import os
import random
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from analysis.allocation.services import supply
from analysis.dashboard.services import summarise
from analysis.demo.consents import consent_texts
from analysis.demo.records.recording import record_forms
from analysis.demo.review import review
from analysis.demo.story import people
from analysis.demo.supply import hand_out, numbers_of, opening_stock
from analysis.demo.synthetic import DemoWriter
from analysis.monitoring.services.closed import add_slots, generate_lists, report
from analysis.monitoring.services.looks import request_look
from analysis.outcomes.services import recompute
from enrollment.domain.allocation import permuted_blocks
from enrollment.models import Participant, ProtocolVersion
from enrollment.selectors import today_at
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Membership, Role, Site, Study, User
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import process_outbox

STUDY = "KETNAL"
PEOPLE = [
    ("coordinator", "Clara Ortiz", Role.COORDINATOR, "01"),
    ("investigator", "Dr Ian Vesely", Role.INVESTIGATOR, "01"),
    ("monitor", "Mona Torvald", Role.MONITOR, None),
    ("datamanager", "Dana Mertens", Role.DATA_MANAGER, None),
    ("pharmacist", "Pavel Hartmann", Role.PHARMACIST, None),
    ("statistician", "Dr Stella Tanaka", Role.STATISTICIAN, None),
    ("safety", "Dr Sana Feroz", Role.SAFETY, None),
    ("auditor", "Aude Riviere", Role.AUDITOR, None),
    ("admin", "Ada Minh", Role.ADMINISTRATOR, None),
    ("coordinator2", "Colin Ota", Role.COORDINATOR, "02"),
    ("investigator2", "Dr Ines Varga", Role.INVESTIGATOR, "02"),
]


class Command(BaseCommand):
    help = "Load the synthetic demo trial and its logins (password from DEMO_PASSWORD). Once; later calls change nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(code=STUDY).first()
        if study is None:
            raise CommandError(f"Load the protocol of {STUDY} first: manage.py load_protocol")
        if Participant.objects.filter(study=study).exists():
            self.stdout.write("The demo trial is loaded already; nothing changed.")
            return
        password = os.environ.get("DEMO_PASSWORD", "")
        if not password:
            raise CommandError("DEMO_PASSWORD is not set: the demo's logins need a password.")
        system = User.objects.system()
        with transaction.atomic():
            with audit_context(system, role="system", reason="demo logins"):
                self._logins(study, password, system)
            self._trial(study.protocols.latest(), system)
        self.stdout.write("The demo trial is loaded. Every participant in it is invented.")

    def _logins(self, study: Study, password: str, system: User) -> None:
        sites = {site.code: site for site in study.sites.all()}
        model = User(username="x", printed_name="x")
        model.set_password(password)
        for username, printed_name, role, site in PEOPLE:
            user, _new = User.objects.get_or_create(
                username=username, defaults={"printed_name": printed_name, "password": model.password}
            )
            Membership.objects.create(
                user=user, study=study, site=sites[site] if site else None, role=role, granted_by=system
            )
        for other in Study.objects.exclude(pk=study.pk):
            for username in ("datamanager", "monitor", "statistician"):
                user = User.objects.get(username=username)
                Membership.objects.create(
                    user=user, study=other, role=user.memberships.get(study=study).role, granted_by=system
                )

    def _trial(self, protocol: ProtocolVersion, system: User) -> None:
        # The seed makes every demo alike; real lists come from the system's own randomness.
        rng = random.Random("ketamine-naltrexone")  # noqa: S311
        sites = {site.code: site for site in Site.objects.filter(study=protocol.study)}
        codes = [sequence.code for sequence in protocol.definition.sequences]
        today = today_at(sites["01"])
        for site, size in ((sites["01"], 4), (sites["02"], 2)):
            slots = permuted_blocks(codes, [size], 8, rng)
            add_slots(site, protocol.definition, [(slot.block, slot.sequence) for slot in slots], rng)
            opening_stock(site, len(slots), numbers_of(site), today)
        everybody = people(protocol.definition, sites, today, rng)
        granted = Membership.objects.filter(study=protocol.study, role=Role.INVESTIGATOR).select_related(
            "user"
        )
        investigators = {row.site_id: row.user for row in granted if row.site_id}
        approvals = consent_texts(sites, today, User.objects.get(username="datamanager"))
        writer = DemoWriter(protocol, by=system, rng=rng, investigators=investigators, approvals=approvals)
        for _ in writer.write(everybody):
            pass
        hand_out(protocol.study, today)
        record_forms(protocol.study)
        review(protocol.study)
        generate_lists([site.pk for site in sites.values()])
        process_outbox(Outbox.Kind.SUPPLY, supply)
        recompute(list(Participant.objects.filter(study=protocol.study).values_list("pk", flat=True)))
        summarise([protocol.study_id])
        request_look(protocol.study, 1, by=User.objects.get(username="statistician"))
        report([protocol.study_id])
