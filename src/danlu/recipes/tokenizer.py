"""Recipe of `danlu tokenizer train`: a corpus in, a tokenizer artifact out."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from danlu.core.artifacts import Artifact, folder_lock, is_finished, open_artifact
from danlu.core.errors import UsageError
from danlu.core.events import Watcher, ignore
from danlu.core.language import Text
from danlu.core.settings import differences, plain, resolve
from danlu.corpus.store import Corpus, open_corpus
from danlu.tokenizers import TOKENIZERS
from danlu.tokenizers.quality import measure_quality, quality_facts
from danlu.tokenizers.sampling import take_sample
from danlu.tokenizers.tokenizer import KIND, TokenizerSettings, save_tokenizer
from danlu.tokenizers.vocabulary import vocabulary_reason

QUALITY_BYTES = 1_000_000


def tokenizer_train(
    corpus: Path | str,
    out: Path | str,
    *,
    file: Path | None = None,
    overrides: Sequence[str] = (),
    watch: Watcher = ignore,
) -> Artifact:
    """Trains a tokenizer on the train split of the artifact `corpus` and writes the artifact `out` (kind "tokenizer").

    The valid split (the train split where it is empty) measures its quality, kept in the facts. A finished `out` of
    the same corpus and settings is returned as it is; raises UsageError when they differ.
    """
    settings = resolve(TokenizerSettings, file=file, overrides=overrides)
    train = TOKENIZERS.load(settings.kind)
    opened, folder = open_corpus(Path(corpus)), Path(out)
    with folder_lock(folder):
        if is_finished(folder):
            return _finished(folder, settings, opened)
        tokenizer = train(lambda: _texts(opened, "train"), settings)
        reason = vocabulary_reason(tokenizer.facts, tokenizer.vocab_size)
        watch({"event": "decision", "name": "vocab_size", "value": tokenizer.vocab_size, "reason": reason})
        held_out = take_sample(lambda: _texts(opened, "valid"), QUALITY_BYTES).texts
        seen = held_out or take_sample(lambda: _texts(opened, "train"), QUALITY_BYTES).texts
        quality = quality_facts(measure_quality(tokenizer, seen))
        watch({"event": "quality", **quality})
        inputs = {"corpus": opened.artifact.digest}
        return save_tokenizer(tokenizer, folder, settings=settings, inputs=inputs, facts={"quality": quality})


def _texts(corpus: Corpus, split: str) -> Iterator[str]:
    return (document.text for document in corpus.documents(split))


def _finished(folder: Path, settings: TokenizerSettings, corpus: Corpus) -> Artifact:
    """The artifact that is there, when it is the one that was asked for."""
    artifact = open_artifact(folder, KIND)
    differing = differences(artifact.settings, plain(settings))
    if artifact.inputs.get("corpus") != corpus.artifact.digest:
        differing.append(f"corpus: {str(artifact.inputs.get('corpus'))[:12]} -> {corpus.artifact.digest[:12]}")
    if differing:
        raise UsageError(
            Text("{folder} holds a finished tokenizer of other settings", "{folder} 中已有以其他设置完成的分词器"),
            got="\n    " + "\n    ".join(differing),
            allowed=Text("the settings and corpus that it was made with", "与其生成时相同的设置与语料"),
            fix=Text("choose another folder with -o", "请用 -o 选择其他目录"),
            folder=folder,
        )
    return artifact
