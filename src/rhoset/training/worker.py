"""A training process of a population: jobs come in as lines of JSON on standard input, news go out
on standard output.

Started by `rhoset.training.population`; not for use by hand.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from rhoset.errors import RhosetError
from rhoset.training.manifest import open_training_run
from rhoset.training.member import train_member
from rhoset.training.trainer import Evaluated


def main() -> None:
    """Serve jobs until standard input ends."""
    parent = os.getppid()
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    sys.stdout = sys.stderr  # nothing else may come between the lines

    def say(**message: Any) -> None:
        channel.write(json.dumps(message) + "\n")
        channel.flush()

    for line in sys.stdin:
        job = json.loads(line)
        index = int(job["index"])

        def emit(now: Evaluated, index: int = index) -> None:
            say(index=index, evaluated=now.to_list())

        try:
            row = train_member(
                open_training_run(Path(job["run"])),
                index,
                threads=int(job["threads"]),
                state_every=float(job["state_every"]),
                parent=parent,
                emit=emit,
            )
        except RhosetError as error:
            say(index=index, error=str(error), slug=error.slug)
        else:
            say(index=index, row=row)


if __name__ == "__main__":
    main()
