"""The house rules as functions: each takes the sources and yields what breaks it. CONTRIBUTING.md says why."""

import ast
import re
import string
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path

from house_rules.sources import Classes, Finding, Source, docstring_lines, public_functions

ORDER = [
    *("core", "runtime", "corpus", "tokenizers", "batches", "models", "objectives", "training", "generation"),
    *("evaluation", "tasks", "compression", "explanation", "auditing", "exporting", "serving", "recipes", "cli"),
]
WITHOUT_TORCH = ("core", "corpus", "tokenizers")
MOST_FILE_LINES, MOST_FUNCTION_LINES, MOST_PARAMETERS = 400, 40, 8
VAGUE_NAMES = {"utils", "util", "common", "misc", "helpers", "helper", "components"}
UNSAFE_MODULES = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
UNSAFE_CALLS = {
    "eval": "parse the text (ast.literal_eval, json, tomllib)",
    "exec": "import the module instead",
    "os.system": "use subprocess.run with a list",
    "os.popen": "use subprocess.run with a list",
    "torch.load": "read safetensors; foreign files go through `danlu convert`",
    "torch.hub.load": "nothing is downloaded at run time",
    "torch.jit.load": "read safetensors",
    "yaml.load": "use yaml.safe_load",
    "yaml.unsafe_load": "use yaml.safe_load",
    "yaml.full_load": "use yaml.safe_load",
}
# Files that may break the rule of safe loading, each with what it may use. The only reason accepted: it converts a
# file that the user declared trusted, in a process of its own.
UNSAFE_ALLOWED: dict[str, set[str]] = {"src/danlu/models/converting.py": {"torch.load"}}

HAN = re.compile(r"[㐀-䶿一-鿿]")
IGNORE = re.compile(
    r"#\s*type:\s*ignore(?!\[)|#\s*(ruff:\s*|flake8:\s*)?noqa(?!\s*:\s*[A-Z]+[0-9]+)|#\s*mypy:\s*ignore-errors"
)

Rule = Callable[[list[Source]], Iterator[Finding]]


def imports_point_back(sources: list[Source]) -> Iterator[Finding]:
    """A package imports itself or packages before it in ORDER."""
    for source in sources:
        if source.package and source.package not in ORDER and source.package != "starters":
            yield source.finding(1, f"the package '{source.package}' is not in ORDER; give it its place there")
        for found in source.imports:
            target = _package_of(found.module, found.name)
            if not source.package or target is None or source.package not in ORDER:
                continue
            if target not in ORDER:
                yield source.finding(found.line, f"imports danlu.{target}, which is above every package; move it down")
            elif ORDER.index(target) > ORDER.index(source.package):
                yield source.finding(
                    found.line,
                    f"danlu.{source.package} imports danlu.{target}, which comes later; pass the part in from a recipe",
                )


def files_are_short(sources: list[Source]) -> Iterator[Finding]:
    """A file is one concern in at most 400 lines."""
    for source in sources:
        lines = len(source.text.splitlines())
        if lines > MOST_FILE_LINES:
            yield source.finding(lines, f"{lines} lines, at most {MOST_FILE_LINES}; split it by concern")


def functions_are_short(sources: list[Source]) -> Iterator[Finding]:
    """A function has at most 40 lines, its signature included, docstrings left out."""
    for source in sources:
        for node in source.functions:
            lines = (node.end_lineno or node.lineno) - node.lineno + 1 - docstring_lines(node)
            if lines > MOST_FUNCTION_LINES:
                yield source.finding(
                    node.lineno, f"{node.name} has {lines} lines, at most {MOST_FUNCTION_LINES}; name a part of it"
                )


def names_say_something(sources: list[Source]) -> Iterator[Finding]:
    """No module or folder is called utils, common, misc, helpers or components."""
    for source in sources:
        vague = VAGUE_NAMES & set(Path(source.path).with_suffix("").parts)
        if vague:
            yield source.finding(1, f"'{vague.pop()}' says nothing; name the file after its one concern")


def no_torch_before_batches(sources: list[Source]) -> Iterator[Finding]:
    """core, corpus and tokenizers never import torch, not even inside a function or for types."""
    for source in sources:
        if source.package in WITHOUT_TORCH:
            for found in source.imports:
                if found.module.split(".")[0] == "torch":
                    yield source.finding(
                        found.line, f"{source.package} works without torch; use numpy or move the part"
                    )


def nothing_unsafe(sources: list[Source]) -> Iterator[Finding]:
    """No pickle in any dress, no eval, no shell."""
    for source in sources:
        allowed = UNSAFE_ALLOWED.get(source.path, set())
        for found in source.imports:
            if found.module.split(".")[0] in UNSAFE_MODULES - allowed:
                yield source.finding(
                    found.line, f"{found.module} runs code from files; use safetensors, JSON or Parquet"
                )
        for call in source.calls:
            name = source.dotted(call.func)
            if name in UNSAFE_CALLS and name not in allowed:
                yield source.finding(call.lineno, f"{name} is not safe; {UNSAFE_CALLS[name]}")
            if name == "numpy.load" and not _has_keyword(call, "allow_pickle", False):
                yield source.finding(call.lineno, "numpy.load without allow_pickle=False; say it")
            if _has_keyword(call, "shell", True):
                yield source.finding(call.lineno, "shell=True; give the command as a list")


def modules_take_few_arguments(sources: list[Source]) -> Iterator[Finding]:
    """A network part takes at most eight arguments, and no settings object."""
    classes = Classes(sources)
    for source in sources:
        for node in source.classes:
            start = next((f for f in node.body if isinstance(f, ast.FunctionDef) and f.name == "__init__"), None)
            if start is None or not classes.is_module(source, node):
                continue
            arguments = _arguments(start)[1:]
            if len(arguments) > MOST_PARAMETERS:
                yield source.finding(
                    start.lineno,
                    f"{node.name} takes {len(arguments)} arguments, at most {MOST_PARAMETERS}; pass finished parts in",
                )
            for argument in arguments:
                if argument.annotation and re.search(r"Settings\b", ast.unparse(argument.annotation)):
                    yield source.finding(argument.lineno, f"{node.name} takes settings; `build` unpacks them")


def everything_public_is_documented(sources: list[Source]) -> Iterator[Finding]:
    """Modules, public classes and functions have docstrings; a method may inherit that of the contract it fills."""
    classes = Classes(sources)
    for source in sources:
        if source.text.strip() and ast.get_docstring(source.tree) is None:
            yield source.finding(1, "no module docstring; say in one line what the file is for")
        for node in source.tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and not ast.get_docstring(node):
                yield source.finding(node.lineno, f"class {node.name} has no docstring")
        for function, owner in public_functions(source):
            exempt = function.name == "__init__" or _marks(source, function) & {"overload", "setter"}
            inherited = owner is not None and _documented_above(classes, source, owner, function.name)
            if not (ast.get_docstring(function) or exempt or inherited):
                yield source.finding(
                    function.lineno, f"{function.name} has no docstring: shape, unit, range, what it raises"
                )


def everything_public_is_typed(sources: list[Source]) -> Iterator[Finding]:
    """Public functions and methods name the type of every argument and of the result."""
    for source in sources:
        for function, owner in public_functions(source):
            first = 1 if owner is not None and "staticmethod" not in _marks(source, function) else 0
            bare = [argument.arg for argument in _arguments(function)[first:] if argument.annotation is None]
            bare += ["return"] if function.returns is None else []
            if bare:
                yield source.finding(function.lineno, f"{function.name}: no type for {', '.join(bare)}")


def messages_speak_both_languages(sources: list[Source]) -> Iterator[Finding]:
    """Text(en, zh) and setting(default, en, zh) hold two literals with the same placeholders."""
    first = {"danlu.core.language.Text": 0, "danlu.core.settings.setting": 1}
    for source in sources:
        for call in source.calls:
            name = source.dotted(call.func)
            if name == "setting" and source.module == "danlu.core.settings":
                name = "danlu.core.settings.setting"
            if name in first:
                for fault in _faults_of_message(call, first[name]):
                    yield source.finding(call.lineno, fault)


def only_the_command_line_prints(sources: list[Source]) -> Iterator[Finding]:
    """No print() outside cli/."""
    for source in sources:
        for call in source.calls:
            if source.package != "cli" and isinstance(call.func, ast.Name) and call.func.id == "print":
                yield source.finding(call.lineno, "print(); return the result or write an event, the cli shows it")


def classes_are_abstract_or_final(sources: list[Source]) -> Iterator[Finding]:
    """No class of ours is a base unless it is abstract, an error, or a base of settings."""
    classes = Classes(sources)
    for source in sources:
        for node in source.classes:
            for base in classes.bases(source, node):
                if base in classes.by_name and not classes.may_be_subclassed(base):
                    yield source.finding(
                        node.lineno, f"{node.name} extends the concrete {base}; make a part of what they share"
                    )


def code_is_ascii(sources: list[Source]) -> Iterator[Finding]:
    """Names, numbers and operators are ASCII; strings and comments are free."""
    code = (tokenize.NAME, tokenize.OP, tokenize.NUMBER, tokenize.ERRORTOKEN)
    for source in sources:
        if not source.text.isascii():
            for token in source.tokens:
                if token.type in code and not token.string.isascii():
                    yield source.finding(token.start[0], f"'{token.string}' is not ASCII; rename it")


def silenced_checks_name_their_code(sources: list[Source]) -> Iterator[Finding]:
    """`type: ignore` and `noqa` say which complaint they answer."""
    for source in sources:
        for token in source.tokens:
            if token.type == tokenize.COMMENT and IGNORE.search(token.string):
                yield source.finding(token.start[0], "silences every check; name the one code: ignore[...], noqa: X123")


def _package_of(module: str, name: str | None) -> str | None:
    """The package of danlu that an import reaches, '' for the names of danlu itself, None for other libraries."""
    parts = module.split(".")
    if parts[0] != "danlu":
        return None
    if len(parts) > 1:
        return parts[1]
    if name == "__version__":
        return None
    return name if name in ORDER else ""


def _arguments(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    given = node.args
    rest = [argument for argument in (given.vararg, given.kwarg) if argument]
    return [*given.posonlyargs, *given.args, *given.kwonlyargs, *rest]


def _has_keyword(call: ast.Call, name: str, value: bool) -> bool:
    return any(k.arg == name and isinstance(k.value, ast.Constant) and k.value.value is value for k in call.keywords)


def _marks(source: Source, node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    return {
        source.dotted(mark.func if isinstance(mark, ast.Call) else mark).rsplit(".", 1)[-1]
        for mark in node.decorator_list
    }


def _documented_above(classes: Classes, source: Source, owner: ast.ClassDef, method: str) -> bool:
    known = [classes.by_name[name][1] for name in classes.ancestors(source, owner) if name in classes.by_name]
    return any(
        getattr(item, "name", "") == method and bool(ast.get_docstring(item)) for node in known for item in node.body
    )


def _faults_of_message(call: ast.Call, first: int) -> Iterator[str]:
    named = {k.arg: k.value for k in call.keywords}
    positional = dict(zip(("en", "zh"), call.args[first:], strict=False))
    texts = {}
    for tongue in ("en", "zh"):
        node = named.get(tongue, positional.get(tongue))
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.strip()):
            yield f"the {tongue} message is not a plain, non-empty string; write it out here and fill it by name"
            return
        texts[tongue] = node.value
    try:
        fields = {tongue: _placeholders(text) for tongue, text in texts.items()}
    except ValueError as problem:
        yield f"{problem}; write a brace that is meant as such twice"
        return
    if fields["en"] != fields["zh"]:
        yield f"placeholders differ: en {sorted(fields['en'])}, zh {sorted(fields['zh'])}"
    words = "".join(literal for literal, *_ in string.Formatter().parse(texts["en"]))
    if any(letter.isalpha() for letter in words) and not HAN.search(texts["zh"]):
        yield f"zh has no Chinese: {texts['zh']!r}"


def _placeholders(text: str) -> set[str]:
    names = (name for _, name, _, _ in string.Formatter().parse(text) if name is not None)
    return {re.split(r"[.\[]", name)[0] for name in names}
