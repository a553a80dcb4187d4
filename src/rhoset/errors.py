"""One base class for every error a user can cause: one line, with what would be right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

Attempt = Callable[[str], AbstractContextManager[None]]
"""Around the work on one of several inputs, by its name: the caller says what an error in it costs."""


def raising(name: str) -> AbstractContextManager[None]:
    """The `Attempt` of a caller who wants the first error."""
    return nullcontext()


LONGEST = 1200
"""Characters of a message."""
INTERRUPTED = 130
"""Exit code of a command that is interrupted."""


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
        text = " ".join(message.split())
        if len(text) > LONGEST:  # it holds a value that nobody would read
            text = f"{text[: LONGEST // 2]} … {text[-LONGEST // 2 :]}"
        super().__init__(text)
        self.slug = slug


class MissingExtra(RhosetError):
    """An optional dependency is needed that is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f"{what} needs the optional extra {extra!r}: pip install 'rhoset[{extra}]'",
            slug="missing-extra",
        )


@contextmanager
def naming(what: object) -> Iterator[None]:
    """Errors within say `what` first, a file for the most part, unless they say it or what is missing is an extra."""
    try:
        yield
    except RhosetError as error:
        if str(what) in str(error) or isinstance(error, MissingExtra):
            raise
        raise RhosetError(f"{what}: {error}", slug=error.slug) from None


@contextmanager
def needing(what: str, extra: str) -> Iterator[None]:
    """Imports within that fail raise `MissingExtra`."""
    try:
        yield
    except ImportError:
        raise MissingExtra(what, extra) from None
