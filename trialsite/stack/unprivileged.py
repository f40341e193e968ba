"""Run a server as nobody when we are root: PostgreSQL refuses to be root.

No user is added and no folder's mode is changed. The child keeps one capability, to pass through folders
that only root may enter (a clone in root's home): CAP_DAC_READ_SEARCH, made ambient so that it survives exec.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

NOBODY = 65534
PR_SET_PDEATHSIG, PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 28, 47, 2
SECBIT_NO_SETUID_FIXUP = 1 << 2
CAP_DAC_READ_SEARCH = 2
CAPABILITY_VERSION_3 = 0x20080522


def owner() -> int | None:
    """The user id that servers' files belong to; None when we are an ordinary user."""
    return NOBODY if os.geteuid() == 0 else None


def before_exec(*, drop: bool) -> Callable[[], None] | None:
    """What a child does before it becomes the server: end with its parent, and (`drop`) stop being root."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    dropping = drop and os.geteuid() == 0

    def prepare() -> None:
        if dropping:
            # Capabilities stay through the change of user, and count in access(2) too: initdb asks by it
            # whether it may run postgres.
            libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            mask = 1 << CAP_DAC_READ_SEARCH
            header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
            # Two triples of effective, permitted, inheritable: capabilities 0–31, then 32–63.
            libc.capset(header, (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0))
            libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_READ_SEARCH, 0, 0)
        # After the change of user, which clears it.
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)

    return prepare
