"""Name tables: `name -> "module:attribute"`, loaded on first use, extended by entry points of other packages."""

import importlib
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any, final

from danlu.core.errors import unknown_name
from danlu.core.language import Text


@final
class Registry:
    """One extension point: the rows that danlu ships and those that other packages add.

    `group` is the entry-point group, e.g. `danlu.architectures`; `noun` names a row in messages.
    A package that is missing keeps its own ImportError: nothing is renamed or hidden.
    """

    def __init__(self, group: str, noun: Text, rows: Mapping[str, str]) -> None:
        self.group, self.noun, self._rows = group, noun, dict(rows)

    def rows(self) -> dict[str, str]:
        """All rows; danlu's own win over an entry point of the same name."""
        added = {point.name: point.value for point in entry_points(group=self.group)}
        return {**added, **self._rows}

    def names(self) -> list[str]:
        """The names in the order of the table, then those of entry points."""
        return [*self._rows, *(n for n in self.rows() if n not in self._rows)]

    def load(self, name: str) -> Any:
        """The object behind `name`. Raises UsageError with the nearest name when there is none."""
        # Looking through the installed packages takes about 30 ms: only for names that are not danlu's own.
        rows = self._rows if name in self._rows else self.rows()
        if name not in rows:
            raise unknown_name(self.noun, name, rows)
        module, _, attribute = rows[name].partition(":")
        return getattr(importlib.import_module(module), attribute)
