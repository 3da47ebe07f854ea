"""The commands around a corpus: building it, and every question that it answers."""

from pathlib import Path

from danlu.cli.declaration import Command, Option, Positional
from danlu.cli.options import CORPUS, OUT, SETTINGS_AS_FILE, SOURCES, required
from danlu.core.language import Text

FILE = Option(
    name="--out",
    short="-o",
    key="out",
    metavar=Text("FILE", "文件"),
    read=Path,
    help=Text("where the page goes; else report.html in the corpus", "网页存放处；不给则为语料中的 report.html"),
)
TOKENIZER = Option(
    name="--tokenizer",
    key="tokenizer",
    metavar=Text("DIR", "目录"),
    read=Path,
    help=Text("a trained tokenizer, to count tokens with; else an estimate", "用来数词元的分词器；不给则估计"),
)
CARD = Option(
    name="--card",
    key="card",
    help=Text(
        "also write a data card (README.md in Hugging Face form) into the corpus",
        "同时在语料中写入数据卡（Hugging Face 格式的 README.md）",
    ),
)
RUN = Option(
    name="--run",
    key="run",
    metavar=Text("RUN", "训练目录"),
    read=Path,
    help=Text(
        "the run whose tokens are looked at; else tokens/ beside the corpus",
        "查看其词元的训练目录；不给则看语料旁的 tokens/",
    ),
)
PRESET = Option(
    name="--preset",
    key="preset",
    metavar=Text("NAME", "名称"),
    help=Text("the limits of another preset", "换用另一预设的界限"),
)
DOCUMENT = Positional(
    metavar=Text("DOC", "文档"),
    key="document",
    help=Text(
        "an id or its beginning, a file, FILE:OFFSET, FILE:OFFSET:PIECE or FILE#N (its Nth document)",
        "编号或其开头、文件、文件:位置、文件:位置:段 或 文件#N（第 N 篇）",
    ),
)

_ASKING = (
    Command(
        name="corpus report",
        summary=Text(
            "funnel, languages, domains, duplicates, privacy, samples; also as a page",
            "漏斗、语言、领域、重复、隐私与样例；并写成网页",
        ),
        positionals=(CORPUS,),
        options=(FILE, TOKENIZER, CARD),
        examples=("danlu corpus report corpora/mine", "danlu corpus report corpora/mine --card -o mine.html"),
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
        positionals=(CORPUS, DOCUMENT),
        options=(RUN,),
        examples=("danlu corpus explain corpora/mine chapter1.txt", "danlu corpus explain corpora/mine web.jsonl#12"),
    ),
    Command(
        name="corpus check",
        summary=Text(
            "the gate before pretraining: volume, quality, diversity; exit code 3 when it fails",
            "预训练前的关口：数量、质量、多样性；不通过时退出码为 3",
        ),
        positionals=(CORPUS,),
        overrides=True,
        examples=("danlu corpus check corpora/mine", "danlu corpus check corpora/mine volume.least_bytes=10000000"),
    ),
    Command(
        name="corpus what-if",
        summary=Text(
            "which documents other limits would keep or drop, without building again",
            "换用其他界限会保留或丢弃哪些文档，无需重新构建",
        ),
        positionals=(CORPUS,),
        options=(PRESET,),
        overrides=True,
        examples=(
            "danlu corpus what-if corpora/mine num_units=20:",
            "danlu corpus what-if corpora/mine --preset standard digits=:0.5",
        ),
    ),
    Command(
        name="corpus plan",
        summary=Text(
            "time, yield of each rule, disk and memory of a build, from a 1 % sample",
            "由 1 % 抽样预估构建的用时、各规则的去留、磁盘与内存",
        ),
        positionals=(SOURCES,),
        options=(SETTINGS_AS_FILE,),
        overrides=True,
        examples=("danlu corpus plan texts/", "danlu corpus plan texts/ corpus.preset=minimal"),
    ),
)

QUALITY_TRAIN = Command(
    name="corpus quality train",
    summary=Text(
        "learns from your own good and bad text what good text is", "由您自己的好文本与坏文本学会判断文本的质量"
    ),
    options=(
        required(
            Option(
                name="--good",
                key="good",
                metavar=Text("DIR", "目录"),
                read=Path,
                help=Text("good text: a file, a folder or a corpus", "好文本：文件、目录或语料"),
            )
        ),
        Option(
            name="--bad",
            key="bad",
            metavar=Text("DIR", "目录"),
            read=Path,
            help=Text(
                "bad text, likewise; without it the score tells how much a text is like the good text",
                "坏文本，同上；不给则评分只表示与好文本有多像",
            ),
        ),
        required(OUT),
    ),
    overrides=True,
    watched=True,
    examples=(
        "danlu corpus quality train --good books/ --bad web/ -o quality/mine",
        "danlu corpus build web/ -o corpora/mine corpus.quality_model=quality/mine corpus.limits.quality=[0.05,1]",
    ),
)

CORPUS_COMMANDS = (
    Command(
        name="corpus build",
        summary=Text("files, folders, archives -> clean corpus", "文件、目录、压缩包 -> 干净的语料"),
        positionals=(SOURCES,),
        options=(required(OUT), SETTINGS_AS_FILE),
        overrides=True,
        watched=True,
        examples=(
            "danlu corpus build texts/ -o corpora/mine",
            "danlu corpus build dump.jsonl.zst -o corpora/mine corpus.preset=minimal",
        ),
    ),
    *_ASKING,
    QUALITY_TRAIN,
)
