"""Chromium for the browser tests: on PATH, else from Playwright, else (as root) Debian's package."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def installed() -> str | None:
    """Path of a Chromium on PATH."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def downloaded() -> bool:
    """Whether Playwright has its own."""
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache" / "ms-playwright"))
    return any(cache.glob("chromium*/**/chrome*"))


def main() -> None:
    if installed() or downloaded():
        return
    if (
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"]).returncode == 0
        and downloaded()
    ):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
            subprocess.run(command, check=True, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})  # noqa: S603
    if not installed():
        sys.exit("No Chromium: the browser tests need one. Install the package chromium.")


if __name__ == "__main__":
    main()
