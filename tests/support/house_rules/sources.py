"""Python files as syntax trees, with the names that their imports stand for. The house rules read these."""

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[3]
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Finding(NamedTuple):
    """One breach of a rule: where it is, and what to do about it."""

    place: str
    mend: str

    def __str__(self) -> str:
        return f"{self.place}: {self.mend}"


class Import(NamedTuple):
    """One imported thing: `module` is absolute, `name` is None for `import module`."""

    module: str
    name: str | None
    alias: str
    line: int


@dataclass(frozen=True)
class Source:
    """One file: its `path` from the root of the repository, and its `text`."""

    path: str
    text: str = field(repr=False)

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, filename=self.path)

    @cached_property
    def module(self) -> str:
        """The dotted name: danlu.core.errors, or danlu.core for its `__init__.py`."""
        parts = list(Path(self.path).with_suffix("").parts)
        parts = parts[1:] if parts[0] == "src" else parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def package(self) -> str:
        """The folder directly below danlu, or '' for the files beside the packages."""
        parts = Path(self.path).parts
        return parts[2] if len(parts) > 3 and parts[:2] == ("src", "danlu") else ""

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes, parents before children."""
        return list(ast.walk(self.tree))

    @cached_property
    def functions(self) -> list[Function]:
        """Every function and method, nested ones too."""
        return [node for node in self.nodes if isinstance(node, Function)]

    @cached_property
    def classes(self) -> list[ast.ClassDef]:
        """Every class, nested ones too."""
        return [node for node in self.nodes if isinstance(node, ast.ClassDef)]

    @cached_property
    def calls(self) -> list[ast.Call]:
        """Every call."""
        return [node for node in self.nodes if isinstance(node, ast.Call)]

    @cached_property
    def imports(self) -> list[Import]:
        """Every import, also those inside functions and under TYPE_CHECKING; relative ones made absolute."""
        found = []
        for node in self.nodes:
            if isinstance(node, ast.Import):
                found += [Import(n.name, None, n.asname or n.name.split(".")[0], node.lineno) for n in node.names]
            elif isinstance(node, ast.ImportFrom):
                module = self._absolute(node)
                found += [Import(module, n.name, n.asname or n.name, node.lineno) for n in node.names]
        return found

    @cached_property
    def tokens(self) -> list[tokenize.TokenInfo]:
        """The tokens, comments included."""
        return list(tokenize.generate_tokens(io.StringIO(self.text).readline))

    @cached_property
    def _names(self) -> dict[str, str]:
        names = {node.name: f"{self.module}.{node.name}" for node in self.tree.body if isinstance(node, ast.ClassDef)}
        for found in self.imports:
            if found.name:
                names[found.alias] = f"{found.module}.{found.name}"
            else:
                names[found.alias] = found.module if found.alias != found.module.split(".")[0] else found.alias
        return names

    def dotted(self, node: ast.AST) -> str:
        """What a name or attribute stands for: `np.load` is numpy.load; a class of this file is module.Class."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if isinstance(node, ast.Subscript):
            return self.dotted(node.value)
        if not isinstance(node, ast.Name):
            return ""
        head = self._names.get(node.id, node.id)
        return ".".join([head, *reversed(parts)])

    def finding(self, line: int, mend: str) -> Finding:
        """A finding at a line of this file."""
        return Finding(f"{self.path}:{line}", mend)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.module.split(".")
        drop = node.level - Path(self.path).name.startswith("__init__.")
        kept = package[: len(package) - drop]
        return ".".join([*kept, *([node.module] if node.module else [])])


def sources_below(folder: str) -> list[Source]:
    """All Python files below a folder of the repository, sorted; none when it does not exist yet."""
    return [
        Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / folder).rglob("*.py"))
        if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
    ]


def docstring_lines(node: ast.AST) -> int:
    """Lines taken by the docstring of a function, and by those of the functions and classes inside it."""
    count = 0
    for inner in ast.walk(node):
        if isinstance(inner, Function | ast.ClassDef) and ast.get_docstring(inner, clean=False) is not None:
            text = inner.body[0]
            count += (text.end_lineno or text.lineno) - text.lineno + 1
    return count


def public_functions(source: Source) -> Iterator[tuple[Function, ast.ClassDef | None]]:
    """Functions of the module and methods of its public classes whose names have no leading underscore."""
    for node in source.tree.body:
        if isinstance(node, Function) and not node.name.startswith("_"):
            yield node, None
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for method in node.body:
                if isinstance(method, Function) and (not method.name.startswith("_") or method.name == "__init__"):
                    yield method, node


class Classes:
    """The classes of all sources by dotted name, and what they inherit."""

    def __init__(self, sources: list[Source]) -> None:
        self.by_name = {f"{s.module}.{c.name}": (s, c) for s in sources for c in s.classes}

    def bases(self, source: Source, node: ast.ClassDef) -> list[str]:
        """Dotted names of the direct bases."""
        return [source.dotted(base) for base in node.bases]

    def ancestors(self, source: Source, node: ast.ClassDef) -> set[str]:
        """Dotted names of all bases that can be seen from here, direct or not."""
        seen: set[str] = set()
        waiting = self.bases(source, node)
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                if name in self.by_name:
                    waiting += self.bases(*self.by_name[name])
        return seen

    def is_module(self, source: Source, node: ast.ClassDef) -> bool:
        """Whether it is a torch.nn.Module."""
        return "torch.nn.Module" in self.ancestors(source, node)

    def may_be_subclassed(self, name: str) -> bool:
        """Whether a class of ours is abstract, an error, or a base of settings."""
        source, node = self.by_name[name]
        if node.name.endswith("Settings"):
            return True
        direct = {base.rsplit(".", 1)[-1] for base in self.bases(source, node)}
        every = {base.rsplit(".", 1)[-1] for base in self.ancestors(source, node)} | {node.name}
        if direct & {"ABC", "Protocol"} or any(source.dotted(k.value).endswith("ABCMeta") for k in node.keywords):
            return True
        if any(base in {"BaseException", "Exception"} or base.endswith(("Error", "Warning")) for base in every):
            return True
        return any(
            source.dotted(mark).rsplit(".", 1)[-1] == "abstractmethod"
            for method in node.body
            if isinstance(method, Function)
            for mark in method.decorator_list
        )
