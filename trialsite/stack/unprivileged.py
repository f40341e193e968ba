"""Run a server as nobody when we are root: PostgreSQL refuses to be root.

No user is added and no folder's mode is changed. The child keeps one capability, to pass through folders
that only root may enter (a clone in root's home): CAP_DAC_READ_SEARCH, made ambient so that it survives exec.
initdb asks access(2) whether it may run postgres, and access(2) disregards the capabilities of everyone but
root, unless the securebit NO_SETUID_FIXUP is set.
"""

import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Callable
from pathlib import Path

NOBODY = 65534
PR_SET_PDEATHSIG, PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 28, 47, 2
SECBIT_NO_SETUID_FIXUP = 1 << 2
CAP_DAC_READ_SEARCH = 2
CAPABILITY_VERSION_3 = 0x20080522
CLONE_NEWUSER = 0x10000000


def owner() -> int | None:
    """The user id that servers' files belong to; None when we are an ordinary user."""
    return NOBODY if os.geteuid() == 0 else None


def before_exec(
    *, drop: bool, death: signal.Signals = signal.SIGTERM, named: bool = False
) -> Callable[[], None] | None:
    """What a child does before it becomes the server: get `death` when its parent ends (Linux only, where the
    kernel can); with `drop` stop being root; with `named` be a user that has a name."""
    dropping = drop and os.geteuid() == 0
    renaming = named and not dropping and not _has_name(os.geteuid())
    if sys.platform != "linux":
        return _become_nobody if dropping else None
    libc = ctypes.CDLL(None, use_errno=True)
    parent, uid = os.getpid(), os.geteuid()
    named_uid = next((user.pw_uid for user in pwd.getpwall() if user.pw_uid), NOBODY)

    def prepare() -> None:
        if dropping:
            # Also keeps the capabilities over the change of user; capset then leaves just the one. Where a
            # container lacks it, the server simply needs folders that everybody may enter.
            libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
            _become_nobody()
            mask = 1 << CAP_DAC_READ_SEARCH
            header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
            # Two triples of effective, permitted, inheritable: capabilities 0–31, then 32–63.
            if libc.capset(header, (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)) != 0:
                libc.capset(header, (ctypes.c_uint32 * 6)())
            libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_READ_SEARCH, 0, 0)
        # initdb asks /etc/passwd for its user, and a container's user is often not there. In a user namespace of
        # its own it is somebody who is; outside, its files belong to the real user.
        if renaming and libc.unshare(CLONE_NEWUSER) == 0:
            Path("/proc/self/uid_map").write_text(f"{named_uid} {uid} 1")
        # After the change of user, which clears it.
        libc.prctl(PR_SET_PDEATHSIG, death, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _become_nobody() -> None:
    os.setgroups([])
    os.setregid(NOBODY, NOBODY)
    os.setreuid(NOBODY, NOBODY)
