"""`python -m rhoset` is the command `rhoset`."""

import sys

from rhoset.cli import main

sys.exit(main())
