"""Every command with its first-class options. They are few and frozen by a test; the rest is `a.b=value`."""

from pathlib import Path

from danlu.cli.declaration import Command, Option, Positional
from danlu.core.language import Text
from danlu.core.quantities import parse_count

SOURCES = Positional(
    metavar=Text("SOURCE", "来源"),
    key="sources",
    many=True,
    read=Path,
    help=Text(
        "raw text (files, folders, archives), or a corpus that `danlu corpus build` made",
        "原始文本（文件、目录、压缩包），或 `danlu corpus build` 生成的语料",
    ),
)
MODEL = Positional(
    metavar=Text("RUN", "训练目录"),
    key="model_path",
    read=Path,
    help=Text("a run, or a finished model", "训练目录，或已完成的模型"),
)
CORPUS = Positional(
    metavar=Text("DIR", "语料目录"),
    key="path",
    read=Path,
    help=Text("a folder that `danlu corpus build` made", "`danlu corpus build` 生成的目录"),
)
JSON = Option(
    name="--json",
    key="json",
    help=Text("make the last line of standard output one JSON object", "标准输出的最后一行为一个 JSON 对象"),
)
SETTINGS = Option(
    name="--settings",
    key="settings_file",
    metavar=Text("FILE", "文件"),
    read=Path,
    help=Text(
        "settings in TOML; they win over the defaults, and `a.b=value` wins over them",
        "TOML 设置文件；优先于默认值，而 `a.b=value` 又优先于它",
    ),
)
SETTINGS_AS_FILE = Option(**{**SETTINGS.__dict__, "key": "file"})  # the name that stage recipes give it
DURATION = Option(
    name="--for",
    key="duration",
    metavar=Text("TIME", "时长"),
    help=Text("the time it may take, all in all: 90s, 30m, 1h30m", "总用时上限：90s、30m、1h30m"),
)
OUT = Option(
    name="--out",
    short="-o",
    key="out",
    metavar=Text("DIR", "目录"),
    read=Path,
    help=Text("where the result goes", "结果存放的目录"),
)


def _required(option: Option) -> Option:
    return Option(**{**option.__dict__, "required": True})


def _size(text: str) -> str:
    """The text itself, once it is known to be a count (or `auto`)."""
    if text != "auto":
        parse_count(text)
    return text


def _vocabulary(text: str) -> int | str:
    return text if text == "auto" else parse_count(text)


# What a model is and how long it trains: the same dials for `pretrain` and for `plan`, which foretells it.
DIALS = (
    DURATION,
    Option(
        name="--steps",
        key="steps",
        metavar=Text("N", "数量"),
        read=parse_count,
        help=Text("optimizer steps, instead of a time", "优化步数，代替时长"),
    ),
    Option(
        name="--tokens",
        key="tokens",
        metavar=Text("N", "数量"),
        read=parse_count,
        help=Text("tokens to train on (2m, 1b), instead of a time", "训练的词元数（2m、1b），代替时长"),
    ),
    Option(
        name="--valid",
        key="valid",
        metavar=Text("FILE", "文件"),
        read=Path,
        help=Text(
            "text to measure on, taken whole and unchanged; else 5 % of SOURCE is held out",
            "用于衡量的文本，原样整体使用；不给则从来源中留出 5 %",
        ),
    ),
    Option(
        name="--arch",
        key="arch",
        metavar=Text("NAME", "名称"),
        help=Text("architecture: gpt (default), lstm, gru, rnn", "模型结构：gpt（默认）、lstm、gru、rnn"),
    ),
    Option(
        name="--objective",
        key="objective",
        metavar=Text("NAME", "名称"),
        help=Text(
            "what is learnt from the text; each architecture has its default", "从文本中学什么；每种结构有各自的默认值"
        ),
    ),
    Option(
        name="--tokenizer",
        key="tokenizer",
        metavar=Text("KIND|DIR", "类型|目录"),
        help=Text(
            "bpe (default), byte, char, or a folder with a trained tokenizer",
            "bpe（默认）、byte、char，或已训练的分词器目录",
        ),
    ),
    Option(
        name="--size",
        key="size",
        metavar=Text("N", "数量"),
        read=_size,
        help=Text("parameters (2m, 500k); else chosen for the time", "参数量（2m、500k）；不给则按时长选定"),
    ),
    Option(
        name="--seed",
        key="seed",
        metavar=Text("N", "数字"),
        read=parse_count,
        help=Text("another number, another run", "换一个数字，便是另一次训练"),
    ),
)

PREPARING = ("corpus", "calibrate", "tokenizer", "tokens", "references")
TRAINING = ("train", "evaluate", "report")

_TRAINING = (
    Command(
        name="demo",
        summary=Text(
            "the whole way in a few minutes, on text that every Python ships",
            "用 Python 自带的文本，几分钟走完全程",
        ),
        options=(DURATION,),
        watched=True,
        timed=True,
        stages=(*PREPARING, *TRAINING),
        examples=("danlu demo",),
    ),
    Command(
        name="doctor",
        summary=Text(
            "what this machine can do: dtype, threads, compile, memory; measured",
            "这台机器能做什么：数值类型、线程、编译、内存；均为实测",
        ),
        options=(
            Option(
                name="--fresh",
                key="fresh",
                help=Text("measure anew what was measured before", "重新测量先前测过的项目"),
            ),
            Option(
                name="--full",
                key="full",
                help=Text("also try torch.compile, which takes a minute", "同时试用 torch.compile，约需一分钟"),
            ),
        ),
        watched=True,
        examples=("danlu doctor", "danlu doctor --json"),
    ),
    Command(
        name="plan",
        summary=Text(
            "the quote: size, tokens, time, memory, disk, energy, expected bits per byte",
            "报价：模型大小、词元、时间、内存、磁盘、能耗、预期的每字节比特数",
        ),
        positionals=(SOURCES,),
        options=(*DIALS, SETTINGS),
        overrides=True,
        watched=True,
        examples=("danlu plan texts/ --for 1h",),
    ),
    Command(
        name="pretrain",
        summary=Text("your text in, a language model out, in the time you name", "给它文本与时间，得到一个语言模型"),
        positionals=(SOURCES,),
        options=(OUT, *DIALS, SETTINGS),
        overrides=True,
        watched=True,
        timed=True,
        stages=(*PREPARING, *TRAINING),
        examples=("danlu pretrain texts/ --for 30m", "danlu pretrain texts/ -o runs/poems --arch lstm --steps 500"),
    ),
    Command(
        name="extend",
        summary=Text(
            "trains a finished run for longer, from before its cool-down", "从降温之前接着训练一个已完成的模型"
        ),
        positionals=(
            Positional(metavar=MODEL.metavar, key="run", read=Path, help=Text("a finished run", "已完成的训练目录")),
        ),
        options=(_required(DURATION),),
        watched=True,
        timed=True,
        stages=TRAINING,
        examples=("danlu extend runs/poems --for 30m",),
    ),
)

_USING = (
    Command(
        name="evaluate",
        summary=Text(
            "bits per byte, perplexity, next-token accuracy, calibration, per domain",
            "每字节比特数、困惑度、下一词元准确率、校准，并按领域列出",
        ),
        positionals=(MODEL,),
        options=(
            Option(
                name="--on",
                key="on",
                metavar=Text("FILE", "文件"),
                read=Path,
                help=Text(
                    "a text of your choice, scored whole; else the held-out text",
                    "指定的文本，整体评分；不给则用留出的文本",
                ),
            ),
        ),
        overrides=True,
        watched=True,
        examples=("danlu evaluate runs/poems", "danlu evaluate runs/poems --on other.txt"),
    ),
    Command(
        name="generate",
        summary=Text("continues a text", "续写一段文本"),
        positionals=(
            MODEL,
            Positional(
                metavar=Text("TEXT", "文本"),
                key="prompt",
                help=Text('the beginning; "" starts from nothing', '开头；"" 表示从零开始'),
            ),
        ),
        overrides=True,
        examples=('danlu generate runs/poems "Once upon a time"', 'danlu generate runs/poems "从前" temperature=0.7'),
    ),
    Command(
        name="chat",
        summary=Text("continues what you type, line after line", "逐行续写您的输入"),
        positionals=(MODEL,),
        overrides=True,
        examples=("danlu chat runs/poems",),
    ),
    Command(
        name="compare",
        summary=Text("runs side by side, on the same text only", "并排比较多次训练，仅限同一文本"),
        positionals=(
            Positional(
                metavar=MODEL.metavar,
                key="paths",
                many=True,
                read=Path,
                help=Text("two or more runs", "两个或更多训练目录"),
            ),
        ),
        examples=("danlu compare runs/poems runs/poems-lstm",),
    ),
    Command(
        name="export",
        summary=Text("a copy that other programs load", "导出为其他程序可加载的格式"),
        positionals=(MODEL,),
        options=(
            Option(
                name="--to",
                key="to",
                metavar=Text("FORMAT", "格式"),
                required=True,
                help=Text("huggingface, onnx or gguf", "huggingface、onnx 或 gguf"),
            ),
            _required(OUT),
        ),
        overrides=True,
        examples=("danlu export runs/poems --to huggingface -o poems-hf",),
    ),
)

_STAGES = (
    Command(
        name="corpus build",
        summary=Text("files, folders, archives -> clean corpus", "文件、目录、压缩包 -> 干净的语料"),
        positionals=(SOURCES,),
        options=(_required(OUT), SETTINGS_AS_FILE),
        overrides=True,
        watched=True,
        examples=(
            "danlu corpus build texts/ -o corpora/mine",
            "danlu corpus build dump.jsonl.zst -o corpora/mine corpus.preset=minimal",
        ),
    ),
    Command(
        name="corpus report",
        summary=Text("funnel, languages, duplicates, samples", "漏斗、语言、重复与样例"),
        positionals=(CORPUS,),
        examples=("danlu corpus report corpora/mine",),
    ),
    Command(
        name="corpus verify",
        summary=Text("checks every hash", "校验每个哈希"),
        positionals=(CORPUS,),
        examples=("danlu corpus verify corpora/mine",),
    ),
    Command(
        name="corpus explain",
        summary=Text(
            "why a document was kept, changed or dropped; its twin; where its tokens went",
            "某篇文档为何保留、修改或丢弃；它的孪生文档；词元去向",
        ),
        positionals=(
            CORPUS,
            Positional(
                metavar=Text("DOC", "文档"),
                key="document",
                help=Text("a document's id, or its file (FILE:OFFSET)", "文档编号，或其文件（文件:位置）"),
            ),
        ),
        examples=("danlu corpus explain corpora/mine chapter1.txt",),
    ),
    Command(
        name="tokenizer train",
        summary=Text("documents -> a tokenizer of their own", "文档 -> 专属的分词器"),
        positionals=(Positional(metavar=Text("CORPUS", "语料"), key="corpus", read=Path, help=CORPUS.help),),
        options=(
            _required(OUT),
            Option(
                name="--kind",
                key="kind",
                setting=True,
                metavar=Text("KIND", "类型"),
                help=Text("bpe (default), byte or char", "bpe（默认）、byte 或 char"),
            ),
            Option(
                name="--vocab-size",
                key="vocab_size",
                setting=True,
                read=_vocabulary,
                metavar=Text("N|auto", "数量|auto"),
                help=Text(
                    "entries of the vocabulary; auto chooses by the size of the text", "词表大小；auto 按文本量选定"
                ),
            ),
            SETTINGS_AS_FILE,
        ),
        overrides=True,
        watched=True,
        examples=("danlu tokenizer train corpora/mine -o tokenizers/mine --vocab-size 4k",),
    ),
)

GROUPS: tuple[tuple[Text, tuple[Command, ...]], ...] = (
    (Text("Train", "训练"), _TRAINING),
    (Text("Use and measure", "使用与衡量"), _USING),
    (Text("Stage by stage", "逐步进行"), _STAGES),
)
ALL: dict[str, Command] = {command.name: command for _, commands in GROUPS for command in commands}
