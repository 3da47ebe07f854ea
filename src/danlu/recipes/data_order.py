"""The order of a run's data: mixed or as it is, recorded, and asked which documents any step was trained on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from danlu.batches.mixing import MANY_EPOCHS, MixedOrder, MixingSettings, check_weights, mix_domains
from danlu.batches.order import DataOrder, WindowOrder
from danlu.core.artifacts import is_finished
from danlu.core.errors import ArtifactError, UsageError
from danlu.core.events import Watcher, read_events
from danlu.core.language import Text, say
from danlu.core.settings import build, gather
from danlu.corpus.store import Corpus, open_corpus
from danlu.recipes.run_folder import RunFolder
from danlu.recipes.settings import PretrainSettings, settings_kind
from danlu.tokenizers.token_store import Tokens, open_tokens

PERCENT = Text("{name}: {share:.1%}, read {epochs:.2g} times", "{name}：{share:.1%}，读 {epochs:.2g} 遍")


@dataclass(frozen=True, kw_only=True)
class StepDocument:
    """A document that a step read from: its number in the training split, its id in the corpus, its domain."""

    number: int
    id: str
    domain: str


@dataclass(frozen=True, kw_only=True)
class StepDocuments:
    """What one step was trained on. `batch` counts from 0; a step that failed leaves its batch to no other."""

    step: int
    batch: int
    windows: tuple[int, ...]
    documents: tuple[StepDocument, ...]


def check_mixing_of(sources: Sequence[Path], settings: MixingSettings) -> None:
    """As `check_mixing` where the source is a finished corpus: then the run's folder is not even begun."""
    if settings.weights and len(sources) == 1 and is_finished(sources[0], "corpus"):
        check_mixing(open_corpus(sources[0]), settings)


def check_mixing(corpus: Corpus, settings: MixingSettings) -> None:
    """Refuses weights that do not fit the domains of the training split, before any work is done."""
    if settings.weights:
        domains: set[str] = set()
        for table in corpus.tables("documents", ["domain", "split"]):
            columns = zip(*(table.column(name).to_pylist() for name in ("domain", "split")), strict=True)
            domains.update(domain for domain, split in columns if split == "train")
        check_weights(settings, domains)


def data_order(
    train: Tokens, settings: MixingSettings, *, context: int, seed: int, planned_tokens: int
) -> WindowOrder | MixedOrder:
    """The order that the settings ask for; raises UsageError and DataError where the text does not allow it."""
    if settings.is_natural:
        return WindowOrder(train.starts, context=context, seed=seed)
    parts = mix_domains(train.starts, train.domains(), settings, context=context, planned_tokens=planned_tokens)
    return MixedOrder(train.starts, parts, context=context, seed=seed)


def recorded_order(
    run: RunFolder, train: Tokens, settings: PretrainSettings, *, context: int, num_windows: int, watch: Watcher
) -> WindowOrder | MixedOrder:
    """The order of a run, with what it is recorded once: the same for every resume, since the plan is that of the quote."""
    known = run.past("data_order")
    planned = known[-1]["planned_tokens"] if known else _planned_tokens(run, settings, num_windows * context)
    order = data_order(train, settings.mixing, context=context, seed=settings.seed, planned_tokens=planned)
    if known:
        return order
    run.events.append(
        {"event": "data_order", "windows": num_windows, "context": context, "planned_tokens": planned}, durable=True
    )
    if isinstance(order, MixedOrder):
        parts = mixture_facts(order, planned // context)
        value = "; ".join(say(PERCENT, name=name, **part) for name, part in parts.items())
        reason = say(Text("passes over each domain by the plan", "各领域按计划读的遍数"))
        event = {"event": "decision", "name": "mixture", "value": value, "reason": reason, "parts": parts}
        run.events.append(event, durable=True)
        watch({"event": "mixture", "parts": value})
        _warn_of_many(parts, watch)
    return order


def mixture_facts(order: MixedOrder, window: int) -> dict[str, dict[str, float]]:
    """Of each part its share of the windows, its tokens, and the passes over it after `window` windows."""
    epochs = order.epochs_of(window)
    return {
        part.name: {"share": part.share, "num_tokens": part.num_tokens, "epochs": epochs[part.name]}
        for part in order.parts
    }


def record_mixture(run: RunFolder, order: DataOrder, window: int) -> None:
    """What the mixture came to at the end of training."""
    if isinstance(order, MixedOrder):
        run.events.append({"event": "mixed", "parts": mixture_facts(order, window)}, durable=True)


def documents_of_step(run: str | Path, step: int) -> StepDocuments:
    """The documents that step `step` (1, 2, ...) of the run in the folder `run` was trained on.

    Only integers are read and the order worked out anew. Raises UsageError for a step that was not taken, ArtifactError
    when the folder is no run or its tokens are gone.
    """
    path = Path(run)
    events = list(read_events(path / "events.jsonl"))
    orders = [event for event in events if event["event"] == "data_order"]
    if not orders:
        raise _no_order(path)
    last = max((e["step"] for e in read_events(path / "metrics.jsonl") if e["event"] == "step"), default=0)
    if not 1 <= step <= last:
        raise UsageError(
            Text("step {step} was not taken", "第 {step} 步并未执行"),
            got=step,
            allowed=Text("a step from 1 to {last}", "1 至 {last} 之间的步数"),
            fix=Text("choose one of these steps", "请选择其中一步"),
            step=step,
            last=last,
        )
    tree = gather(file=path / "settings.toml")
    settings = build(settings_kind(str(tree["arch"])), tree)
    train = open_tokens(path / "tokens", "train")
    found = orders[-1]
    order = data_order(
        train,
        settings.mixing,
        context=found["context"],
        seed=settings.seed,
        planned_tokens=found["planned_tokens"],
    )
    batch = step - 1 + _skipped(events, step)
    windows = tuple(range(batch * found["windows"], (batch + 1) * found["windows"]))
    numbers = sorted({number for window in windows for number in order.documents_of(window)})
    domains, ids = train.domains(), train.document_ids(numbers)
    return StepDocuments(
        step=step,
        batch=batch,
        windows=windows,
        documents=tuple(
            StepDocument(number=number, id=name, domain=domains[number])
            for number, name in zip(numbers, ids, strict=True)
        ),
    )


def _skipped(events: list[dict[str, Any]], step: int) -> int:
    """How many batches were stepped over before `step`, as things stand now: a later try of a step replaces an earlier one."""
    marks: list[tuple[int, int]] = []  # (step, batches stepped over from the next step on)
    for event in events:
        if event["event"] not in ("rolled_back", "resumed", "extended"):
            continue
        marks = [mark for mark in marks if mark[0] < event["step"]]
        if event["event"] == "rolled_back":
            marks.append((event["step"], event["next_batch"] - event["step"]))
    return next((skipped for begun, skipped in reversed(marks) if begun < step), 0)


def _planned_tokens(run: RunFolder, settings: PretrainSettings, step_tokens: int) -> int:
    quoted = run.past("quote")
    budget = settings.budget
    if budget.steps or budget.tokens:
        return budget.tokens or (budget.steps or 1) * step_tokens
    return int(quoted[0]["tokens"]) if quoted else step_tokens


def _warn_of_many(parts: Mapping[str, Mapping[str, float]], watch: Watcher) -> None:
    many = {name: part["epochs"] for name, part in parts.items() if part["epochs"] > MANY_EPOCHS}
    if many:
        words = Text(
            "read more than 4 times by the plan: {names}. Repeated text teaches less and less (Muennighoff et al. 2023); "
            "add such text, lower its weight, or set mixing.most_epochs=4",
            "按计划会读 4 遍以上：{names}。重复的文本收益递减（Muennighoff 等 2023）；请增加此类文本、降低其权重，"
            "或设 mixing.most_epochs=4",
        )
        names = ", ".join(f"{name} ({epochs:.1f})" for name, epochs in many.items())
        watch({"event": "warning", "text": say(words, names=names)})


def _no_order(path: Path) -> ArtifactError:
    return ArtifactError(
        Text("{path} does not say in which order it read its text", "{path} 没有记录读取文本的顺序"),
        got=Text("no event data_order", "没有 data_order 事件"),
        allowed=Text("a run that `danlu pretrain` has begun to train", "已由 `danlu pretrain` 开始训练的目录"),
        fix=Text("name the folder of such a run", "请指定这样的训练目录"),
        path=path,
    )
