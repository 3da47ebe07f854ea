"""What a model's vectors are worth, with nothing trained but a line: the `probes` part of `danlu evaluate`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.model_selection import train_test_split

from danlu.core.errors import DataError, UsageError
from danlu.core.language import Text
from danlu.core.settings import Settings, setting
from danlu.evaluation.metrics import Interval
from danlu.evaluation.probes import (
    Likeness,
    LinearProbe,
    Neighbour,
    Vectors,
    likeness,
    linear_probe,
    neighbours,
    wilson,
)
from danlu.models import ARCHITECTURES
from danlu.recipes.labelled import LabelledTexts, ScoredPairs, read_labelled, read_pairs
from danlu.recipes.load import LoadedModel
from danlu.tokenizers.word import count_words

LEAST_TEXTS = 20
"""Labelled texts below which a probe says nothing."""


class ProbeSettings(Settings):
    """What a model's vectors are asked; nothing where no file and no word is named."""

    labelled: str = setting(
        "",
        "file of JSON lines with text and label that a linear probe learns from",
        "线性探针学习用的带标签 JSON 行文件",
    )
    labelled_test: str = setting(
        "",
        "such a file that it is asked about; empty: a fifth of `labelled`",
        "探针测试用文件；空则取 labelled 的五分之一",
    )
    pairs: str = setting(
        "", "file of JSON lines with two texts and how alike they are", "含两段文本及其相似度的 JSON 行文件"
    )
    words: tuple[str, ...] = setting((), "words whose nearest neighbours are shown", "要显示近邻的词")
    num_neighbours: int = setting(8, "neighbours of each word", "每个词的近邻数", ge=1, le=100)
    num_words: int = setting(
        3000,
        "most frequent words of the scored text that neighbours are sought among",
        "近邻的候选词数（取评分文本中的高频词）",
        ge=2,
        le=100_000,
    )
    text_field: str = setting("text", "field of the text", "文本字段")
    label_field: str = setting("label", "field of the label", "标签字段")
    first_field: str = setting("a", "field of a pair's first text", "文本对中第一段的字段")
    second_field: str = setting("b", "field of a pair's second text", "文本对中第二段的字段")
    score_field: str = setting("score", "field of a pair's score", "文本对的分数字段")

    @property
    def ask(self) -> bool:
        """Whether anything is asked."""
        return bool(self.labelled or self.pairs or self.words)


@dataclass(frozen=True, kw_only=True)
class LabelProbe:
    """Labels told by the model's vectors, by those of the same network with random weights, and by always the commonest."""

    model: LinearProbe
    random_weights: LinearProbe
    commonest: float
    commonest_interval: Interval
    num_labels: int
    num_train: int
    num_test: int


@dataclass(frozen=True, kw_only=True)
class PairProbe:
    """Likeness of sentences by the model's vectors, and by those of the same network with random weights."""

    model: Likeness
    random_weights: Likeness
    num_pairs: int


@dataclass(frozen=True, kw_only=True)
class Probes:
    """What was asked for; the rest is None or empty."""

    labels: LabelProbe | None
    pairs: PairProbe | None
    neighbours: Mapping[str, Sequence[Neighbour]]


@dataclass(frozen=True, kw_only=True)
class Questions:
    """The files of probes, read: labelled texts to learn from and to be asked about, scored pairs."""

    train: LabelledTexts | None
    test: LabelledTexts | None
    pairs: ScoredPairs | None


def read_questions(settings: ProbeSettings) -> Questions:
    """The files of `settings`, read before anything is computed. Raises UsageError and DataError."""
    if settings.labelled_test and not settings.labelled:
        raise UsageError(
            Text("a probe has a file to be asked about and none to learn from", "探针只有测试文件而没有学习文件"),
            got=f"probes.labelled_test={settings.labelled_test}",
            allowed=Text(
                "probes.labelled, with or without probes.labelled_test", "probes.labelled，可另加 probes.labelled_test"
            ),
            fix=Text("add probes.labelled=FILE", "请加上 probes.labelled=文件"),
        )
    train = test = pairs = None
    if settings.labelled:
        train, test = _labelled(settings)
    if settings.pairs:
        names = {"first": settings.first_field, "second": settings.second_field, "score": settings.score_field}
        pairs = read_pairs(Path(settings.pairs), **names)
        _check_many(settings.pairs, len(pairs.scores), 2)
    return Questions(train=train, test=test, pairs=pairs)


def _labelled(settings: ProbeSettings) -> tuple[LabelledTexts, LabelledTexts]:
    names = {"text": settings.text_field, "label": settings.label_field}
    found = read_labelled(Path(settings.labelled), **names)
    _check_many(settings.labelled, len(found.texts), LEAST_TEXTS)
    if settings.labelled_test:
        train, test = found, read_labelled(Path(settings.labelled_test), **names)
        _check_many(settings.labelled_test, len(test.texts), 1)
    else:
        parts = train_test_split(found.texts, found.labels, test_size=0.2, random_state=0)
        train = LabelledTexts(texts=parts[0], labels=parts[2])
        test = LabelledTexts(texts=parts[1], labels=parts[3])
    if len(set(train.labels)) < 2:
        raise DataError(
            Text("every text has the same label", "所有文本的标签都相同"),
            got=train.labels[0],
            allowed=Text("two labels or more", "至少两种标签"),
            fix=Text(
                "name a file with other labels too, or another field of it", "请指定含其他标签的文件，或其中的另一字段"
            ),
        )
    return train, test


def _check_many(path: str, count: int, least: int) -> None:
    if count >= least:
        return
    raise DataError(
        Text("{path} has too few lines for a probe", "{path} 的行数不足以做探针"),
        got=count,
        allowed=Text("{least} or more", "至少 {least} 行"),
        fix=Text("name a larger file", "请指定更大的文件"),
        path=path,
        least=least,
    )


def probe(model: LoadedModel, settings: ProbeSettings, texts: Sequence[str], asked: Questions) -> Probes:
    """What `settings` ask of the model. `texts` are those whose words become neighbours."""
    twin = random_twin(model)
    labels = pairs = None
    if asked.train is not None and asked.test is not None:
        labels = _label_probe(model, twin, asked.train, asked.test)
    if asked.pairs is not None:
        pairs = PairProbe(
            model=_likeness(model, asked.pairs),
            random_weights=_likeness(twin, asked.pairs),
            num_pairs=len(asked.pairs.scores),
        )
    return Probes(labels=labels, pairs=pairs, neighbours=_neighbours(model, settings, texts))


def random_twin(model: LoadedModel) -> LoadedModel:
    """The same shape and tokenizer with initial weights: what a probe finds there, training has not put there."""
    blueprint = model.network.blueprint
    row = ARCHITECTURES.load(blueprint.architecture)
    settings = row.settings.model_validate(dict(blueprint.settings))
    return LoadedModel(model.path, row.build(settings, blueprint.vocab_size, seed=0).eval(), model.tokenizer)


def _label_probe(model: LoadedModel, twin: LoadedModel, train: LabelledTexts, test: LabelledTexts) -> LabelProbe:
    commonest = min(Counter(train.labels).items(), key=lambda item: (-item[1], item[0]))[0]
    right = test.labels.count(commonest)
    found = [
        linear_probe(vectors(one, train.texts), train.labels, vectors(one, test.texts), test.labels)
        for one in (model, twin)
    ]
    return LabelProbe(
        model=found[0],
        random_weights=found[1],
        commonest=right / len(test.labels),
        commonest_interval=wilson(right, len(test.labels)),
        num_labels=len(set(train.labels)),
        num_train=len(train.labels),
        num_test=len(test.labels),
    )


def _likeness(model: LoadedModel, pairs: ScoredPairs) -> Likeness:
    return likeness(vectors(model, pairs.first), vectors(model, pairs.second), pairs.scores)


def vectors(model: LoadedModel, texts: Sequence[str]) -> Vectors:
    """One vector for each text (`LoadedModel.vectors`) as float32 [N, C]."""
    return np.asarray(model.vectors(texts).numpy(), dtype=np.float32)


def _neighbours(model: LoadedModel, settings: ProbeSettings, texts: Sequence[str]) -> dict[str, list[Neighbour]]:
    if not settings.words:
        return {}
    words = frequent_words(texts, settings.num_words)
    if len(words) < 2:
        return {word: [] for word in settings.words}
    words_WC, asked_WC = vectors(model, words), vectors(model, settings.words)
    return {
        word: neighbours(asked_WC[place], words_WC, words, asked=word, count=settings.num_neighbours)
        for place, word in enumerate(settings.words)
    }


def frequent_words(texts: Sequence[str], count: int) -> list[str]:
    """The `count` most frequent words of `texts` (Chinese cut by rjieba, other scripts at blanks and marks)."""
    found: Counter[str] = Counter()
    for word, times in count_words(texts).items():
        bare = word.strip()
        if bare and bare.isalpha():
            found[bare] += times
    return sorted(found, key=lambda word: (-found[word], word))[:count]
