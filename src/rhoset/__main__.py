"""The command `rhoset`, and `python -m rhoset`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; returns its exit code, also where it is interrupted while it is still being loaded."""
    try:
        from rhoset.cli import main as run

        return run()
    except KeyboardInterrupt:
        print("rhoset: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
