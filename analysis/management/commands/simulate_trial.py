"""`manage.py simulate_trial --participants N --sites S --seed X`: a realistic trial of any size."""

import random
import sys
from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from analysis.services.closed import add_slots
from analysis.synthetic import Course, Person, Writer
from assessments.domain.instrument import load
from enrollment.domain.allocation import permuted_blocks
from enrollment.domain.protocol import Protocol
from enrollment.models import ProtocolVersion
from trialsite.accounts.acting import signed_by
from trialsite.accounts.models import Site, Study, User
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import ring

BEGIN = date(2024, 1, 8)


class Command(BaseCommand):
    help = "Make a synthetic study SIM<seed> after a loaded protocol. The same seed gives the same people."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--participants", type=int, required=True)
        parser.add_argument("--sites", type=int, default=2)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--protocol", default="KETNAL", help="code of the study whose protocol is copied")

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
        rng = random.Random(seed)  # noqa: S311 - data, not secrets
        protocol, sites = self._study(original.protocols.latest(), code, options["sites"])
        people = [_person(protocol.rules, rng.choice(sites), rng) for _ in range(n)]
        self._lists(protocol, sites, people, rng)
        writer = Writer(protocol, by=User.objects.system(), rng=rng)
        with tqdm(total=n, unit=" participants", disable=not sys.stderr.isatty()) as bar:
            for written in writer.write(people):
                bar.update(written)
        ring(Outbox.Kind.RECOMPUTE)
        self.stdout.write(f"{code}: {n} synthetic participants at {len(sites)} sites.")

    def _study(self, original: ProtocolVersion, code: str, sites: int) -> tuple[ProtocolVersion, list[Site]]:
        system = User.objects.system()
        with signed_by(system, role="system", reason="synthetic study"):
            study = Study.objects.create(
                code=code, short_title=f"Simulated {original.study.code}", synthetic=True
            )
            document = {**original.document, "code": code, "synthetic": True}
            protocol = ProtocolVersion.objects.create(
                study=study, version=original.version, document=document, source=original.source,
                sha256=original.sha256, loaded_by=system,
            )  # fmt: skip
            made = [
                Site.objects.create(study=study, code=f"{k:02d}", name=f"Site {k}", timezone="Europe/Vienna")
                for k in range(1, sites + 1)
            ]
        return protocol, made

    def _lists(
        self, protocol: ProtocolVersion, sites: list[Site], people: list[Person], rng: random.Random
    ) -> None:
        rule = protocol.rules.allocation
        if rule is None:
            return
        codes = [sequence.code for sequence in protocol.rules.sequences]
        for site in sites:
            length = sum(person.started and person.site == site for person in people) + 4
            slots = permuted_blocks(codes, rule.block_sizes, length, rng)
            add_slots(site, protocol.rules, [(slot.block, slot.sequence) for slot in slots], rng)


def _person(rules: Protocol, site: Site, rng: random.Random) -> Person:
    """One in ten fails screening, one in twelve leaves after a period; ratings fall more in the first arm."""
    consented = BEGIN + timedelta(days=rng.randrange(600))
    total = rng.randint(20, 34)
    common: dict[str, Any] = {
        "site": site,
        "consented_on": consented,
        "age": rng.randint(18, 70),
        "sex": rng.choice("FM"),
    }
    if rng.random() < 0.1:
        total = rng.randint(8, 19)
        return Person(**common, screening_total=total, status="screen_failed", facts={"hamd17_total": total})
    leaves = rng.random() < 1 / 12
    courses = _courses(rules, consented + timedelta(days=9), total, leaves, rng)
    reason = "Lost to follow-up" if leaves else ""
    status = "withdrawn" if leaves else "completed"
    return Person(
        **common, screening_total=total, status=status, left_reason=reason,
        courses=lambda arms: [courses[n, arm] for n, arm in enumerate(arms) if (n, arm) in courses],
    )  # fmt: skip


def _courses(
    rules: Protocol, start: date, total: int, leaves: bool, rng: random.Random
) -> dict[tuple[int, str], Course]:
    """A course for each arm in each period lived, so that it does not matter here which arm comes."""
    found, day = {}, start
    for n in range(1 if leaves and len(rules.periods) > 1 else len(rules.periods)):
        for rank, arm in enumerate(rules.arms):
            effect = max(0.0, min(0.95, rng.gauss(0.5 - 0.3 * rank, 0.25)))
            totals, delays, others = {}, {}, {}
            for visit in rules.visits:
                share = effect * (0.9 ** (visit.day / 3)) if visit.day else 0.0
                if rng.random() < 0.97 or visit.day == 0:
                    totals[visit.code] = max(0, min(52, round(total * (1 - share) + rng.gauss(0, 1.5))))
                    if visit.day and rng.random() < 0.05:
                        delays[visit.code] = rng.choice([1, 2])
                for code in visit.instruments:
                    if code != rules.endpoints.instrument:
                        others[visit.code, code] = rng.randint(0, load(code).total_maximum // 2)
            found[n, arm.code] = Course(day, totals, delays, others)
        rule = rules.washout
        if rule:
            if rule.anchor == "last_visit":
                day += timedelta(days=max(visit.day for visit in rules.visits))
            day += timedelta(
                days=min(rule.max_days, max(rule.min_days, round(rng.gauss(rule.target_days, 9))))
            )
    return found
