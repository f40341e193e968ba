"""`manage.py simulate_design --study CODE`: what the protocol's stopping rule does in the long run."""

import sys
from argparse import ArgumentParser
from dataclasses import replace
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from analysis.design.properties import Scenario, SimulationRequest
from analysis.design.simulating import scenarios_of, simulate
from analysis.design.text import rules_lines, scenario_lines
from analysis.outcomes.rules import protocol_in_force
from enrollment.models import ProtocolVersion
from enrollment.protocol.model import ExpectedResponses
from trialsite.accounts.models import Study


class Command(BaseCommand):
    help = (
        "Type I error, power, mean number of completers and when and why trials stop, for the design of the protocol"
        " in force, each with its Monte Carlo standard error. The same seed gives the same figures, whoever draws them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--study", required=True)
        parser.add_argument(
            "--trials", type=int, default=1_000_000, help="for each scenario (default: a million)"
        )
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--effect",
            type=float,
            nargs=2,
            metavar=("FIRST", "SECOND"),
            help="shares of responders in the order of stopping.compare (default: the protocol's [stopping.design])",
        )
        parser.add_argument(
            "--correlation",
            type=float,
            help="of a participant's two responses (default: the protocol's, or 0)",
        )
        parser.add_argument(
            "--event-rate", type=float, help="share with a serious event (default: p0 of [stopping.safety])"
        )
        parser.add_argument(
            "--no-progress", action="store_true", help="no progress bar, as when stderr is no terminal"
        )
        parser.add_argument(
            "--no-workers", action="store_true", help="in this process, though workers are there"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(code=options["study"]).first()
        if study is None:
            raise CommandError(f"--study: no study {options['study']!r} is loaded.")
        protocol = protocol_in_force(study)
        request = _request(protocol, options)
        try:
            plan = scenarios_of(protocol, request)
        except ValueError as error:
            raise CommandError(f"{study.code} {protocol.version}: {error}.") from error
        self._head(protocol, plan, request)
        quiet = options["no_progress"] or not sys.stderr.isatty()
        try:
            with tqdm(
                total=request.trials * len(plan), unit=" trials", unit_scale=True, disable=quiet
            ) as bar:
                result = simulate(protocol, request, spread=not options["no_workers"], done=bar.update)
        except KeyboardInterrupt:
            self.stderr.write("Stopped; nothing is kept.")
            raise SystemExit(130) from None
        for scenario, figures in result.scenarios:
            self.stdout.write("\n".join(["", *scenario_lines(protocol, scenario, figures)]))
        self.stdout.write(
            "\n" + _who(result.workers, result.drawn_here, request.trials * len(plan), options["no_workers"])
        )

    def _head(
        self, protocol: ProtocolVersion, plan: tuple[Scenario, ...], request: SimulationRequest
    ) -> None:
        self.stdout.write("\n".join(rules_lines(protocol, plan[0].rules, plan[0].events)))
        self.stdout.write(
            f"{request.trials:,} trials each, seed {request.seed}; ± is the Monte Carlo standard error."
        )
        if request.effect is None:
            self.stdout.write("The protocol states no effect: give --effect FIRST SECOND for power.")


def _request(protocol: ProtocolVersion, options: dict[str, Any]) -> SimulationRequest:
    """The options as what is to be simulated. Raises CommandError, naming the option."""
    if not 1 <= options["trials"] <= 10**9:
        raise CommandError("--trials needs 1 to 1,000,000,000.")
    if options["seed"] < 0:
        raise CommandError("--seed needs 0 or more.")
    shares = [*(options["effect"] or []), *([] if options["event_rate"] is None else [options["event_rate"]])]
    if not all(0 <= share <= 1 for share in shares):
        raise CommandError("--effect and --event-rate need shares from 0 to 1.")
    rule = protocol.definition.stopping
    effect = rule.design if rule else None
    if options["effect"]:
        effect = ExpectedResponses((options["effect"][0], options["effect"][1]), 0.0)
    if options["correlation"] is not None:
        if effect is None:
            raise CommandError("--correlation needs --effect: the protocol states none.")
        effect = replace(effect, correlation=options["correlation"])
    rate = options["event_rate"]
    if rate is None and rule and rule.safety:
        rate = rule.safety.p0
    return SimulationRequest(options["trials"], options["seed"], effect, rate)


def _who(workers: int, here: int, trials: int, refused: bool) -> str:
    """Who drew the trials, in a sentence."""
    if refused:
        return "Drawn in this process."
    if not workers:
        return "Drawn in this process: no worker answered."
    rest = (
        f" {here:,} of {trials:,} trials were drawn in this process, because no answer came." if here else ""
    )
    return (
        f"Drawn by the {workers} workers that answered.{rest}"
        if workers > 1
        else f"Drawn by the worker that answered.{rest}"
    )
