"""The stages before training, each finished once: corpus, plan, tokenizer, tokens, reference lines."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from danlu.core.artifacts import is_finished
from danlu.core.disk import write_durably
from danlu.core.events import Watcher
from danlu.core.language import Text, language, say
from danlu.core.settings import build, differences, gather, merge, plain, to_toml
from danlu.corpus.pipeline import build_corpus
from danlu.corpus.store import Corpus, open_corpus
from danlu.models import ARCHITECTURES
from danlu.recipes.quote import Plan, TextFacts, plan_run
from danlu.recipes.run_folder import RunFolder
from danlu.recipes.settings import PretrainSettings, settings_kind
from danlu.runtime.device import choose_runtime
from danlu.runtime.measure import measured_machine
from danlu.runtime.world import World
from danlu.tokenizers import TOKENIZERS
from danlu.tokenizers.token_store import encode_corpus
from danlu.tokenizers.tokenizer import Tokenizer, open_tokenizer, save_tokenizer

SAMPLE_BYTES = 2_000_000  # of the training text, for the share of Han characters


@contextmanager
def stage(name: str, watch: Watcher) -> Iterator[None]:
    """Tells the watcher that a stage begins and ends, with its seconds."""
    watch({"event": "stage", "name": name, "done": False})
    began = time.perf_counter()
    yield
    watch({"event": "stage", "name": name, "done": True, "seconds": time.perf_counter() - began})


@contextmanager
def main_first(world: World) -> Iterator[None]:
    """The body runs on the main rank, and then on the others, which find what it wrote."""
    if not world.is_main:
        world.barrier()
    yield
    if world.is_main:
        world.barrier()


def corpus_stage(
    run: Path, sources: Sequence[Path], valid: Sequence[Path], settings: PretrainSettings, watch: Watcher
) -> Corpus:
    """The finished corpus that SOURCE is, or the one built from it inside the run."""
    with stage("corpus", watch):
        if len(sources) == 1 and is_finished(sources[0], "corpus"):
            return open_corpus(sources[0])
        out = run / "corpus"
        if not is_finished(out, "corpus"):
            build_corpus(sources, out, settings.corpus, settings.runtime.corpus, valid_sources=valid, watch=watch)
        return open_corpus(out)


def text_facts(corpus: Corpus, kind: str, ngram_bits: float | None) -> TextFacts:
    """Sizes, and from a sample the share of Han characters; for `char` the distinct characters of the whole text."""
    sample, characters, size = [], set[str](), 0
    for document in corpus.documents("train"):
        if kind == "char":
            characters.update(document.text)
        if size < SAMPLE_BYTES:
            sample.append(document.text[: SAMPLE_BYTES - size])
            size += len(document.text)
        elif kind != "char":
            break
    text = "".join(sample)
    num_bytes = max(1, len(text.encode("utf-8", "replace")))
    num_han = sum(text.count(c) for c in set(text) if "\u3400" <= c <= "\u9fff" or "\U00020000" <= c <= "\U0003ffff")
    return TextFacts(
        num_bytes=corpus.num_bytes("train"),
        valid_bytes=corpus.num_bytes("valid"),
        num_characters=len(characters),
        han_share=3 * num_han / num_bytes,
        ngram_bits=ngram_bits,
    )


def frozen_settings(
    run: RunFolder,
    corpus: Corpus,
    tree: Mapping[str, Any],
    settings: PretrainSettings,
    ngram_bits: float | None,
    watch: Watcher,
) -> PretrainSettings:
    """The settings of the run with everything decided: read where they are frozen, else planned, shown and frozen.

    `ngram_bits`: the n-gram line, which tells how hard the text is. `settings.toml` is on the disk before the first
    step; a resumed run reads it and decides nothing anew.
    """
    path = run.path / "settings.toml"
    kind = settings_kind(settings.arch)
    if path.exists():
        frozen = build(kind, gather(file=path))
        _tell_ignored(frozen, tree, watch)
        return frozen
    with stage("calibrate", watch):
        machine = measured_machine()
    facts = text_facts(corpus, settings.tokenizer.kind, ngram_bits)
    plan = plan_run(ARCHITECTURES.load(settings.arch), settings.budget, facts, machine, tree)
    choice = choose_runtime(settings.runtime.device, machine)
    for name in ("device", "dtype", "threads"):
        reason = "; ".join(
            say(choice.reasons[n]) for n in ((name, "busy") if name == "threads" else (name,)) if n in choice.reasons
        )
        run.events.append({"event": "decision", "name": name, "value": getattr(choice, name), "reason": reason})
    chosen = ("device", "dtype", "matmul_precision", "threads")
    decided: dict[str, Any] = {"runtime": {"device": {name: getattr(choice, name) for name in chosen}}}
    merge(decided, plan.tree)
    merge(decided, tree)
    merge(decided, {"runtime": {"device": {"compile": "on" if plan.compile.compile else "off"}}})
    compiled = {"name": "compile", "value": plan.compile.compile, "reason": say(plan.compile.reason)}
    run.events.append({"event": "decision", **compiled})
    frozen = build(kind, decided)
    _show_quote(run, plan, machine.peak_gflops, watch)
    write_durably(path, to_toml(frozen).encode())
    return frozen


def _tell_ignored(frozen: PretrainSettings, tree: Mapping[str, Any], watch: Watcher) -> None:
    """Says which `runtime` settings of a resumed run are not taken: those from before its first step hold."""
    asked = plain(build(type(frozen), {"budget": {"steps": 1}, "runtime": tree.get("runtime", {})}))["runtime"]
    held = plain(frozen)["runtime"]
    named = {name: asked[name] for name in tree.get("runtime", {})}
    changed = [line for line in differences(held, {**held, **named}) if not _is_open(line)]
    if changed:
        text = Text(
            "the run goes on with the runtime settings that it began with; not taken: {changed}",
            "运行沿用开始时的 runtime 设置；未采用：{changed}",
        )
        watch({"event": "warning", "text": say(text, changed=", ".join(changed))})


def _is_open(line: str) -> bool:
    """Whether a difference only names what was left to be chosen: auto, or 0 of something."""
    return line.endswith(('-> "auto"', "-> 0"))


def _show_quote(run: RunFolder, plan: Plan, peak_gflops: float, watch: Watcher) -> None:
    event = {
        **plan.quote.as_event(),
        "peak_gflops": peak_gflops,
        "step_seconds": plan.step_seconds,
        "language": language(),
    }
    run.events.append(event, durable=True)
    watch(event)


def tokenizer_stage(run: Path, corpus: Corpus, settings: PretrainSettings, watch: Watcher) -> Tokenizer:
    """The tokenizer that was named, or one trained on the training split."""
    with stage("tokenizer", watch):
        if settings.tokenizer_folder:
            return open_tokenizer(Path(settings.tokenizer_folder))
        out = run / "tokenizer"
        if not is_finished(out, "tokenizer"):
            train = TOKENIZERS.load(settings.tokenizer.kind)
            tokenizer = train(lambda: (d.text for d in corpus.documents("train")), settings.tokenizer)
            save_tokenizer(tokenizer, out, settings=settings.tokenizer, inputs={"corpus": corpus.artifact.digest})
        return open_tokenizer(out)


def tokens_stage(run: Path, corpus: Corpus, tokenizer: Tokenizer, watch: Watcher) -> Path:
    """The folder of token ids of both splits."""
    with stage("tokens", watch):
        out = run / "tokens"
        if not is_finished(out, "tokens"):
            encode_corpus(corpus, tokenizer, out, watch=watch)
        return out
