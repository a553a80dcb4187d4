"""A module that can be called, for names that are a package and a function at once."""

from __future__ import annotations

from types import ModuleType
from typing import Any


class CallableModule(ModuleType):
    """Calling the module calls the function in it that has the module's own name.

    `rhoset.explain` is the package, and ``rhoset.explain(network)`` explains a network.
    """

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return getattr(self, self.__name__.rpartition(".")[2])(*arguments, **options)
