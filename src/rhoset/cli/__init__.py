"""The command line: one module per command, imported when it is called; `main` is the entry point.

Modules whose name starts with an underscore are machinery:

- `_app`: the table of commands, and how errors become one line and an exit code;
- `_command`: the decorator that makes a function a command with the options all of them share;
- `_output`: what a command may say, and where (results, JSON, notes, progress).
"""

from rhoset.cli._app import main

__all__ = ["main"]
