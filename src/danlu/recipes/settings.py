"""Settings of a pretraining run: one tree, from the corpus to the loop, frozen before the first step."""

from typing import Any, Literal

from pydantic import Field, create_model, field_validator

from danlu.batches.mixing import MixingSettings
from danlu.core.errors import UsageError, nearest
from danlu.core.language import Text, say
from danlu.core.settings import Settings, setting, settings_error
from danlu.corpus.settings import CorpusRuntime, CorpusSettings
from danlu.models import ARCHITECTURES
from danlu.models.architecture import Architecture
from danlu.objectives.choosing import problems_of
from danlu.objectives.settings import ObjectiveSettings
from danlu.runtime.device import DeviceSettings
from danlu.tokenizers import TOKENIZERS
from danlu.tokenizers.tokenizer import TokenizerSettings
from danlu.training import OPTIMIZERS, SCHEDULES
from danlu.training.settings import TrainingSettings


class BudgetSettings(Settings):
    """How long the run goes on: exactly one of the three."""

    seconds: float | None = setting(
        None, "seconds of work, start-up and evaluation included", "总秒数（含启动与评估）", gt=0
    )
    steps: int | None = setting(None, "optimizer steps", "优化步数", ge=1)
    tokens: int | None = setting(None, "training tokens", "训练词元数", ge=1)


class WatchingSettings(Settings):
    """What is looked at while the run goes on."""

    validation_tokens: int = setting(
        20000,
        "tokens of the validation text scored at each look; the end scores all",
        "每次验证所用词元数；结束时使用全部",
        ge=1,
    )
    prompts: tuple[str, ...] = setting(
        (),
        "beginnings that are continued at each look; empty: from the validation text",
        "每次续写的开头；空则取自验证文本",
    )
    sample_tokens: int = setting(
        64, "tokens written for each prompt; 0 is off", "每个开头续写的词元数；0 为关闭", ge=0, le=4096
    )
    tensorboard: bool = setting(
        False,
        "also write TensorBoard files (needs the extra `tensorboard`)",
        "同时写出 TensorBoard 文件（需要 tensorboard 附加包）",
    )


class RuntimeSettings(Settings):
    """Where and how things run."""

    device: DeviceSettings = setting(DeviceSettings, "device, number type, threads", "设备、数值类型与线程")
    corpus: CorpusRuntime = setting(CorpusRuntime, "processes of corpus work", "语料处理的进程")


class PretrainSettings(Settings):
    """Everything that decides a run. `model` is replaced by the settings of the chosen architecture."""

    arch: str = setting("gpt", "architecture, a row of ARCHITECTURES", "架构名")
    size: str | Literal["auto"] = setting(
        "auto", "parameters, e.g. 2m; auto: from the budget", "参数量，如 2m；auto 则由预算决定"
    )
    seed: int = setting(0, "seed of every random stream", "所有随机流的种子", ge=0)
    tokenizer_folder: str = setting("", "a finished tokenizer to use instead of training one", "使用已有分词器的目录")
    budget: BudgetSettings = setting(BudgetSettings, "how long", "训练多久")
    corpus: CorpusSettings = setting(CorpusSettings, "raw text to corpus", "原始文本到语料")
    tokenizer: TokenizerSettings = setting(TokenizerSettings, "tokenizer", "分词器")
    objective: ObjectiveSettings = setting(ObjectiveSettings, "what is learnt from the text", "从文本中学什么")
    model: Settings = setting(Settings, "shape of the network", "网络形状")
    mixing: MixingSettings = setting(MixingSettings, "proportions of the domains", "各领域的比例")
    training: TrainingSettings = setting(TrainingSettings, "the loop", "训练循环")
    watching: WatchingSettings = setting(WatchingSettings, "what is looked at on the way", "过程观察")
    runtime: RuntimeSettings = setting(RuntimeSettings, "where and how things run", "运行环境")

    @field_validator("objective", mode="before")
    @classmethod
    def _by_name(cls, given: Any) -> Any:
        """A name alone, as files of earlier runs have it."""
        return {"name": given} if isinstance(given, str) else given


def settings_kind(arch: str) -> type[PretrainSettings]:
    """The settings class with the `model` table of the architecture `arch`. Raises UsageError for an unknown one."""
    row: Architecture = ARCHITECTURES.load(arch)
    field: Any = (
        row.settings,
        Field(default_factory=row.settings, description="shape of the network", json_schema_extra={"zh": "网络形状"}),
    )
    return create_model("PretrainSettings", __base__=PretrainSettings, model=field)


def check_budget(budget: BudgetSettings) -> None:
    """Raises UsageError unless exactly one of seconds, steps, tokens is given."""
    given = {name: value for name, value in budget.model_dump().items() if value is not None}
    if len(given) != 1:
        raise UsageError(
            Text("a run needs one budget", "需要且只需要一种预算"),
            got=", ".join(given) or Text("none", "无"),
            allowed=Text("exactly one of --for, --steps, --tokens", "--for、--steps、--tokens 三者之一"),
            fix=Text("write for example --for 30m", "例如写 --for 30m"),
        )


def check_names(settings: PretrainSettings) -> None:
    """Raises UsageError for every name that is in no table, all at once and before any work."""
    wanted = {
        "tokenizer.kind": (TOKENIZERS, settings.tokenizer.kind),
        "training.optimizer.name": (OPTIMIZERS, settings.training.optimizer.name),
        "training.schedule.name": (SCHEDULES, settings.training.schedule.name),
    }
    problems = problems_of(settings.objective.name) if settings.objective.name else []
    for where, (table, name) in wanted.items():
        known = table.names()
        if name and name not in known:
            close = nearest(name, known)
            line = say(
                Text("unknown name '{name}' for {where}", "{where} 的名称 '{name}' 未知"), name=name, where=where
            )
            line += say(Text(". Did you mean '{close}'?", "。是否指 '{close}'?"), close=close) if close else "."
            problems.append(line + say(Text(" Known: {known}", " 可用：{known}"), known=", ".join(known)))
    if problems:
        raise settings_error(problems)
