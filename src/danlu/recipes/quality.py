"""`danlu corpus quality train`: the user's own good (and bad) text becomes a score that every build can use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from danlu.core.artifacts import LOCK, Artifact, folder_lock, is_finished, open_artifact
from danlu.core.clock import Stopwatch
from danlu.core.errors import UsageError
from danlu.core.events import Watcher, ignore
from danlu.core.language import Text
from danlu.core.settings import differences, plain, resolve
from danlu.corpus.measures.batch import Array, TextBatch
from danlu.corpus.quality.examples import LEAST_DOCUMENTS, Examples, piece_digests, read_examples, source_digest
from danlu.corpus.quality.grams import is_han_D
from danlu.corpus.quality.learning import hash_pieces, learn_difference, learn_likelihood
from danlu.corpus.quality.measuring import separation, telling_grams
from danlu.corpus.quality.model import FILE, KIND, QualityModel, raw_scores, save_quality, scale_of, whole_weights
from danlu.corpus.quality.settings import QualityTrainSettings

AGAINST_BAD, ALONE = "against bad text", "good text alone"
SCRIPTS = ("han", "other")
BLOCK = 256
LIMITS = (0.002, 0.01, 0.02, 0.05, 0.1)


@dataclass(frozen=True, kw_only=True)
class QualityTrained:
    """A finished score: where it is, how it was learned, and how well it tells held-out good from bad, by script.

    `bad_dropped`: for some limits on `quality`, each the share of held-out good text below it, the share of held-out bad
    text that it would drop. It and `separation` are empty without bad text: nothing was there to measure with.
    """

    path: Path
    digest: str
    learned: str
    good: Mapping[str, Any]
    bad: Mapping[str, Any]
    separation: Mapping[str, Mapping[str, Any]]
    bad_dropped: Mapping[str, float]
    speaks_for: tuple[str, ...]
    speaks_against: tuple[str, ...]
    notes: tuple[Text, ...]
    seconds: float


def corpus_quality_train(
    good: Path | str,
    out: Path | str,
    *,
    bad: Path | str | None = None,
    overrides: Sequence[str] = (),
    watch: Watcher = ignore,
) -> QualityTrained:
    """Learns a quality score from a file, folder or corpus of good text, and one of bad text where there is one.

    Without `bad` the score is the likelihood of a text under the n-grams of the good text: how much it is like it, not
    how much better than other text. A finished `out` of the same text and settings is returned as it is. Raises
    UsageError, DataError, DiskError.
    """
    stopwatch = Stopwatch()
    settings = resolve(QualityTrainSettings, overrides=overrides)
    folder, sides = Path(out), {"good": Path(good), **({} if bad is None else {"bad": Path(bad)})}
    with folder_lock(folder):
        inputs = {name: source_digest(path, settings.reading) for name, path in sides.items()}
        if is_finished(folder):
            return _result(_finished(folder, settings, inputs), stopwatch)
        _refuse_filled(folder)
        examples: dict[str, Examples] = {}
        for name, path in sides.items():
            other = frozenset[bytes]().union(*(piece_digests(found) for found in examples.values()))
            examples[name] = read_examples(path, settings, other=other)
            watch({"event": "quality_text", "side": name, **_counts(examples[name])})
        model, facts = _learn(examples["good"], examples.get("bad"), settings)
        watch({"event": "quality_learned", **facts["separation"].get("all", {})})
        return _result(save_quality(model, folder, settings, inputs=inputs, facts=facts), stopwatch)


def _learn(good: Examples, bad: Examples | None, settings: QualityTrainSettings) -> tuple[QualityModel, dict[str, Any]]:
    texts = [*good.train, *(bad.train if bad else ())]
    hashed = hash_pieces(texts, settings.bits)
    is_good_D = np.arange(len(texts)) < len(good.train)
    learned = learn_difference(hashed, is_good_D, settings) if bad else learn_likelihood(hashed, settings)
    weights_B = whole_weights(learned)
    raw = {side: _raw(weights_B, settings.bits, ex.held_out) for side, ex in (("good", good), ("bad", bad)) if ex}
    scales = {name: scale_of(raw["good"][name]) for name in ("all", *SCRIPTS)}
    han, other = (scales[name] if scales[name].size else scales["all"] for name in SCRIPTS)
    model = QualityModel(weights_B, han, other)
    up, down = telling_grams(weights_B, settings.bits, texts) if bad else ([], [])
    facts = {
        "learned": AGAINST_BAD if bad else ALONE,
        "good": _counts(good),
        "bad": _counts(bad) if bad else {},
        "separation": {
            name: vars(separation(raw["good"][name], raw["bad"][name])) for name in ("all", *SCRIPTS) if bad
        },
        "held_out_good": {name: int(raw["good"][name].size) for name in ("all", *SCRIPTS)},
        "bad_dropped": _dropped(model, bad.held_out) if bad else {},
        "speaks_for": up,
        "speaks_against": down,
    }
    return model, facts


def _dropped(model: QualityModel, texts: Sequence[str]) -> dict[str, float]:
    """For each of LIMITS the share of `texts` with a lower score."""
    batches = (TextBatch(texts[begin : begin + BLOCK]) for begin in range(0, len(texts), BLOCK))
    quality_D = np.concatenate([model.score(batch).quality_D for batch in batches])
    return {f"{limit:g}": float((quality_D < limit).mean()) for limit in LIMITS}


def _raw(weights_B: Array, bits: int, texts: Sequence[str]) -> dict[str, Array]:
    """Raw scores of pieces: of all, of those in Han characters, of the others."""
    raw, han = [], []
    for begin in range(0, len(texts), BLOCK):
        batch = TextBatch(texts[begin : begin + BLOCK])
        raw.append(raw_scores(weights_B, bits, batch))
        han.append(is_han_D(batch))
    raw_D, han_D = np.concatenate(raw), np.concatenate(han)
    return {"all": raw_D, "han": raw_D[han_D], "other": raw_D[~han_D]}


def _counts(examples: Examples) -> dict[str, Any]:
    return {
        "num_documents": examples.num_documents,
        "num_pieces": len(examples.train) + len(examples.held_out),
        "num_held_out": len(examples.held_out),
        "num_doubles": examples.num_doubles,
        "num_bytes": examples.num_bytes,
    }


def _finished(folder: Path, settings: QualityTrainSettings, inputs: Mapping[str, str]) -> Artifact:
    """The score that is there, when it is the one that was asked for."""
    artifact = open_artifact(folder, KIND)
    differing = differences(artifact.settings, plain(settings)) + differences(dict(artifact.inputs), inputs)
    if differing:
        raise UsageError(
            Text(
                "{folder} holds a finished score of other text or settings", "{folder} 中已有以其他文本或设置完成的评分"
            ),
            got="\n    " + "\n    ".join(differing),
            allowed=Text("the text and settings that it was made with", "与其生成时相同的文本与设置"),
            fix=Text("choose another folder with -o", "请用 -o 选择其他目录"),
            folder=folder,
        )
    return artifact


def _refuse_filled(folder: Path) -> None:
    """What lies in the folder would become part of the score."""
    foreign = sorted(entry.name for entry in folder.iterdir() if entry.name not in (LOCK, FILE))
    if foreign:
        raise UsageError(
            Text("the folder {folder} holds something else", "目录 {folder} 中有其他内容"),
            got=", ".join(foreign[:5]),
            allowed=Text("an empty or new folder for the score", "用于评分的空目录或新目录"),
            fix=Text("choose another folder with -o", "请用 -o 选择其他目录"),
            folder=folder,
        )


def _result(artifact: Artifact, stopwatch: Stopwatch) -> QualityTrained:
    facts = artifact.facts
    return QualityTrained(
        path=artifact.path,
        digest=artifact.digest,
        learned=facts["learned"],
        good=facts["good"],
        bad=facts["bad"],
        separation=facts["separation"],
        bad_dropped=facts["bad_dropped"],
        speaks_for=tuple(facts["speaks_for"]),
        speaks_against=tuple(facts["speaks_against"]),
        notes=tuple(_notes(facts)),
        seconds=round(stopwatch.seconds(), 3),
    )


FEW = 100  # held-out good pieces below which a hundredth of them is nothing


def _notes(facts: Mapping[str, Any]) -> list[Text]:
    """What a reader of the figures must know."""
    notes = []
    if facts["learned"] == ALONE:
        notes.append(
            Text(
                "without bad text the score tells how much a text is like the good text, not how good it is; text that "
                "repeats itself can score high, so keep the rules on repetition",
                "没有坏文本时，评分只表示与好文本有多像，而非有多好；自我重复的文本也可能得高分，请保留重复类规则",
            )
        )
    for name in SCRIPTS:
        found = facts["separation"].get(name)
        if found and bool(found["num_good"]) != bool(found["num_bad"]):
            notes.append(_ONE_SIDED[name])
        if 0 < facts["held_out_good"][name] < FEW:
            notes.append(_SCARCE[name])
        elif facts["held_out_good"][name] == 0:
            notes.append(_NONE_GOOD[name])
    if any(side.get("num_documents", LEAST_DOCUMENTS) < LEAST_DOCUMENTS for side in (facts["good"], facts["bad"])):
        notes.append(
            Text(
                "one side has fewer than 20 documents, so parts of one document were both trained on and held out: the "
                "figures may be too good",
                "某一侧不足 20 篇文档，同一文档的不同部分既用于训练也被留出：上述数字可能偏乐观",
            )
        )
    return notes


_ONE_SIDED = {
    "han": Text(
        "only one side has text in Han characters, so nothing was learned about it",
        "只有一侧含汉字文本，因此对汉字文本什么也没有学到",
    ),
    "other": Text(
        "only one side has text in other scripts than Han, so nothing was learned about it",
        "只有一侧含非汉字文本，因此对非汉字文本什么也没有学到",
    ),
}
_SCARCE = {
    "han": Text(
        "fewer than 100 held-out good pieces in Han characters: low limits on quality are coarse there",
        "留出的汉字好文本不足 100 段：较低的质量界限在此不精细",
    ),
    "other": Text(
        "fewer than 100 held-out good pieces in other scripts than Han: low limits on quality are coarse there",
        "留出的非汉字好文本不足 100 段：较低的质量界限在此不精细",
    ),
}
_NONE_GOOD = {
    "han": Text(
        "no good text in Han characters: such documents are compared with the good text in other scripts",
        "没有汉字的好文本：汉字文档将与其他文字的好文本比较",
    ),
    "other": Text(
        "no good text in other scripts than Han: such documents are compared with the good text in Han characters",
        "没有非汉字的好文本：非汉字文档将与汉字的好文本比较",
    ),
}
