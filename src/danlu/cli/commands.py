"""Every command with its first-class options. They are few and frozen by a test; the rest is `a.b=value`."""

from pathlib import Path

from danlu.cli.corpus_commands import CORPUS_COMMANDS
from danlu.cli.declaration import Command, Option, Positional
from danlu.cli.options import CORPUS, DURATION, MODEL, OUT, SETTINGS, SETTINGS_AS_FILE, SOURCES, required
from danlu.core.language import Text
from danlu.core.quantities import parse_count


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
        help=Text(
            "architecture: gpt (default), gpt2, llama, bert, t5, lstm and others; an unknown name lists all",
            "模型结构：gpt（默认）、gpt2、llama、bert、t5、lstm 等；名称有误时会列出全部",
        ),
    ),
    Option(
        name="--objective",
        key="objective",
        metavar=Text("NAME", "名称"),
        help=Text(
            "what is learnt from the text, or a mixture such as causal:0.7,fill_in_the_middle:0.3; architectures have defaults",
            "从文本中学什么，或按权重混合，如 causal:0.7,fill_in_the_middle:0.3；每种结构有各自的默认值",
        ),
    ),
    Option(
        name="--tokenizer",
        key="tokenizer",
        metavar=Text("KIND|DIR", "类型|目录"),
        help=Text(
            "bpe (default), byte, char, unigram, word, wordpiece, or a folder with a trained tokenizer",
            "bpe（默认）、byte、char、unigram、word、wordpiece，或已训练的分词器目录",
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
        options=(required(DURATION),),
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
            required(OUT),
        ),
        overrides=True,
        examples=("danlu export runs/poems --to huggingface -o poems-hf",),
    ),
    Command(
        name="import",
        summary=Text("a Hugging Face folder becomes a model of danlu", "把 Hugging Face 目录变为 danlu 的模型"),
        positionals=(
            Positional(
                metavar=Text("FOLDER", "目录"),
                key="folder",
                read=Path,
                help=Text(
                    "config.json, safetensors and a tokenizer, as transformers writes them",
                    "transformers 写出的 config.json、safetensors 与分词器",
                ),
            ),
        ),
        options=(required(OUT),),
        overrides=True,
        watched=True,
        examples=("danlu import downloads/minilm -o models/minilm",),
    ),
    Command(
        name="convert",
        summary=Text(
            ".bin or .pt to safetensors, in a process of its own", "在独立进程中把 .bin 或 .pt 转为 safetensors"
        ),
        positionals=(
            Positional(
                metavar=Text("FILE", "文件"),
                key="file",
                read=Path,
                help=Text("weights in a file that can hold code", "权重文件，其中可能含有代码"),
            ),
        ),
        options=(
            Option(
                name="--i-trust-this-file",
                key="trusted",
                help=Text("you know where it came from", "你确认其来源可信"),
            ),
            required(OUT),
        ),
        watched=True,
        examples=("danlu convert old/pytorch_model.bin --i-trust-this-file -o new",),
    ),
)

_STAGES = (
    *CORPUS_COMMANDS,
    Command(
        name="tokenizer train",
        summary=Text("documents -> a tokenizer of their own", "文档 -> 专属的分词器"),
        positionals=(Positional(metavar=Text("CORPUS", "语料"), key="corpus", read=Path, help=CORPUS.help),),
        options=(
            required(OUT),
            Option(
                name="--kind",
                key="kind",
                setting=True,
                metavar=Text("KIND", "类型"),
                help=Text(
                    "bpe (default), byte, char, unigram, word or wordpiece",
                    "bpe（默认）、byte、char、unigram、word 或 wordpiece",
                ),
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
