#!/usr/bin/env python
"""Django's command line, beside the running stack or with one of its own."""

import os
import signal
import sys

from trialsite.stack.attach import attached


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trialsite.settings")
    # A SIGTERM unwinds like Ctrl-C, so that servers started for this command stop with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with attached(sys.argv):
            from django.core.management import execute_from_command_line

            execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
