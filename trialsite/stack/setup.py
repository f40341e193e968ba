"""What has to be done before the others start: roles, tables, what an upgrade files. `python -m trialsite.stack.setup`."""

import os

import django
from django.core.management import call_command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trialsite.settings")
    django.setup()
    call_command("setup_database")
    call_command("migrate", interactive=False)
    call_command("file_deviations")


if __name__ == "__main__":
    main()
