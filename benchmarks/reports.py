"""`python -m benchmarks.reports CODE ...`: seconds of the closed report of each study, as the closed worker computes it."""

import os
import sys
import time


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trialsite.settings")
    import django

    django.setup()
    from analysis.monitoring.services.closed import report
    from enrollment.models import Participant
    from trialsite.accounts.models import Study

    for code in sys.argv[1:]:
        study = Study.objects.get(code=code)
        begin = time.perf_counter()
        report([study.pk])
        seconds = time.perf_counter() - begin
        participants = Participant.objects.filter(study=study).count()
        target = f"under {20 if participants > 20_000 else 2}"
        print(f"{f'closed report of {participants:,} participants, seconds':<66} {seconds:7.2f}   {target}")


if __name__ == "__main__":
    main()
