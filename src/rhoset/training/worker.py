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
from rhoset.processes import end_with_parent
from rhoset.training.manifest import open_training_run
from rhoset.training.members import train_members
from rhoset.training.outcome import Evaluated


def main() -> None:
    """Serve jobs until standard input ends."""
    end_with_parent()
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    sys.stdout = sys.stderr  # nothing else may come between the lines

    def say(**message: Any) -> None:
        channel.write(json.dumps(message) + "\n")
        channel.flush()

    for line in sys.stdin:
        job = json.loads(line)
        indices = [int(index) for index in job["indices"]]

        def emit(index: int, now: Evaluated) -> None:
            say(index=index, evaluated=now.to_list())

        try:
            for row in train_members(
                open_training_run(Path(job["run"])),
                indices,
                threads=int(job["threads"]),
                state_every=float(job["state_every"]),
                emit=emit,
            ):
                say(index=row["index"], row=row)
        except RhosetError as error:
            say(index=indices[0], error=str(error), slug=error.slug)


if __name__ == "__main__":
    main()
