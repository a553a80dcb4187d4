"""The command `rhoset`, and `python -m rhoset`."""

from __future__ import annotations

import atexit
import os
import sys

from rhoset.errors import INTERRUPTED


def main() -> int:
    """Run the command line; returns its exit code, also where it is interrupted while it is still being loaded.

    An interrupted process ends with that code once everything else has been ended, before the interpreter takes itself
    apart: a signal that comes then would end it by that signal.
    """
    codes = list[int]()
    atexit.register(lambda: os._exit(INTERRUPTED) if codes == [INTERRUPTED] else None)  # the first, so the last to run
    try:
        from rhoset.cli import main as run

        codes.append(run())
    except KeyboardInterrupt:
        print("rhoset: interrupted", file=sys.stderr)
        codes.append(INTERRUPTED)
    return codes[0]


if __name__ == "__main__":
    sys.exit(main())
