"""One base class for every error a user can cause: one line, with what would be right."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

Attempt = Callable[[str], AbstractContextManager[None]]
"""Around the work on one of several inputs, by its name: the caller says what an error in it costs."""


def raising(name: str) -> AbstractContextManager[None]:
    """The `Attempt` of a caller who wants the first error."""
    return nullcontext()


class RhosetError(Exception):
    """Bad input or a wrong call; the command line prints it as one line and exits with 2.

    Parameters
    ----------
    message
        What is wrong and where, with the offending value, then what would be right.
    slug
        Stable kebab-case identifier of the kind of error, e.g. ``"table-not-associative"``.
    """

    def __init__(self, message: str, *, slug: str = "bad-input") -> None:
        super().__init__(" ".join(message.split()))
        self.slug = slug


class MissingExtra(RhosetError):
    """An optional dependency is needed that is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f"{what} needs the optional extra {extra!r}: pip install 'rhoset[{extra}]'",
            slug="missing-extra",
        )
