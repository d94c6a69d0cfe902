"""Refuse, in one line, a Python or a platform that requirements.lock does not cover.

Runs before anything is installed, on whatever Python 3 is there: standard library and old syntax only.
"""

import platform
import sys

SYSTEMS = ("Linux",)
MACHINES = ("x86_64",)


def refusal(version, system, machine, libc):
    """Line that says what is not covered, or None."""
    if not (3, 11) <= tuple(version[:2]) <= (3, 13):
        return "Python %d.%d is not covered by requirements.lock; needed: Python 3.11 to 3.13" % tuple(
            version[:2]
        )
    if system not in SYSTEMS or machine not in MACHINES or libc != "glibc":
        return "%s on %s (%s) is not covered by requirements.lock; needed: Linux with glibc on x86_64" % (
            system,
            machine,
            libc or "unknown C library",
        )
    return None


if __name__ == "__main__":
    problem = refusal(sys.version_info, platform.system(), platform.machine(), platform.libc_ver()[0])
    if problem:
        sys.exit("make: %s (make PYTHON=/path/to/python3.11)" % problem)
