"""Settings of a corpus build. Those of the runtime never change a byte of the result."""

from typing import Literal

from pydantic import field_validator

from danlu.core.settings import Settings, setting
from danlu.corpus.cleaners.settings import CleaningSettings


class ReadingSettings(Settings):
    """How files become texts."""

    text_field: str = setting(
        "text",
        "field (JSON) or column (csv, parquet) that holds the text; in JSON a.b goes into objects and a+b joins two",
        "存放文本的字段（JSON）或列（csv、parquet）；JSON 中 a.b 进入嵌套对象，a+b 连接两个字段",
    )
    rows_field: str = setting(
        "",
        "field of a JSON file's object that holds the list of records, e.g. data.children; empty: the file is the list",
        "JSON 文件顶层对象中存放记录列表的字段，如 data.children；空则文件本身即为列表",
    )
    shape: str = setting(
        "auto",
        "row of SHAPES, how exports of social media and chats are read; auto: by their fields; lines: each line of "
        "a text file is a document",
        "社交媒体与聊天导出的形状（SHAPES 的行）；auto 按字段识别；lines 则文本文件每行为一篇文档",
    )
    domain_field: str = setting(
        "",
        "field or column that names the domain; empty: domain, then source",
        "表示领域的字段或列；空则依次取 domain、source",
    )
    encoding: str = setting(
        "auto",
        "encoding of text files, e.g. gb18030; auto: found for each file",
        "文本文件的编码，如 gb18030；auto 则逐文件判断",
    )
    wiki_variant: Literal["zh-hans", "zh-hant", "zh-cn", "zh-tw", "zh-hk"] = setting(
        "zh-hans",
        "which side of -{zh-hans:...;zh-hant:...}- is taken from Chinese wikis",
        "中文维基中 -{zh-hans:...;zh-hant:...}- 取哪一种",
    )
    on_damage: Literal["skip", "refuse"] = setting(
        "skip",
        "truncated, lying or bomb-like files: skip counts what is lost in `dropped`; refuse ends the build, exit code 3",
        "截断、造假或炸弹文件：skip 计入 dropped 并继续；refuse 终止构建，退出码 3",
    )
    html_seconds: float = setting(
        20.0,
        "processor seconds that one page (HTML or wiki) may take; then it is dropped as too_slow",
        "单个网页（HTML 或维基）可用的处理器秒数，超过则以 too_slow 丢弃",
        gt=0,
        le=3600,
    )
    pdf_seconds: float = setting(
        300.0,
        "processor seconds that one PDF may take; then it is dropped as too_slow",
        "单个 PDF 可用的处理器秒数，超过则以 too_slow 丢弃",
        gt=0,
        le=36000,
    )
    max_members: int = setting(
        1_000_000, "members of one archive that are read; the rest is dropped", "单个压缩包读取的成员数上限", ge=1
    )
    max_document_bytes: int = setting(
        256 * 2**20,
        "bytes of one line or record; a longer one is dropped as too_long",
        "单行或单条记录的最大字节数，超过则以 too_long 丢弃",
        ge=1024,
        le=2**31,
    )
    max_expansion: float = setting(
        200.0,
        "unpacked bytes per packed byte of a file or archive, after the first 64 MiB; more is taken for a bomb",
        "解压后与压缩前字节数之比的上限（前 64 MiB 不计），超过视为压缩炸弹",
        ge=1.0,
    )
    max_unpacked_bytes: int = setting(
        2**40, "bytes that one packed file or archive may unpack to", "单个压缩文件或压缩包解压后的最大字节数", ge=1024
    )
    cut_above: int = setting(
        256 * 1024,
        "bytes above which a document is cut at blank lines into segments",
        "超过该字节数的文档在空行处切成若干段",
        ge=1024,
    )
    segment_bytes: int = setting(
        32 * 1024, "bytes of a segment, about; many small ones make 5 % of them exact", "每段的大致字节数", ge=256
    )
    shard_bytes: int | None = setting(
        None,
        "bytes of input that one shard of work holds; unset: a 64th of the input, from 2 to 64 MiB",
        "每个工作分片的输入字节数；不设则取输入的 1/64，限 2 至 64 MiB",
        ge=1024,
    )


class DuplicateSettings(Settings):
    """Near duplicates: MinHash over word n-grams (Latin) and character n-grams (Han)."""

    near: bool | None = setting(
        None, "drop near duplicates too; unset: as the preset says", "是否同时去除近似重复；不设则由预设决定"
    )
    similarity: float = setting(
        0.7,
        "share of common n-grams (Jaccard) from which two documents are twins",
        "判为近似重复的 Jaccard 相似度",
        gt=0,
        le=1,
    )
    num_bands: int = setting(
        14,
        "bands of the signature; 14 x 8 meets a Jaccard of 0.72 half of the time (FineWeb)",
        "签名的带数",
        ge=1,
        le=64,
    )
    band_rows: int = setting(8, "hashes in a band", "每带的哈希数", ge=1, le=32)
    word_ngram: int = setting(5, "words in an n-gram of Latin text", "拉丁文字 n-gram 的词数", ge=1, le=20)
    han_ngram: int = setting(8, "characters in an n-gram of Han text", "汉字 n-gram 的字数", ge=1, le=40)
    pieces: Literal["none", "lines", "paragraphs", "substrings"] = setting(
        "none",
        "take out lines, paragraphs or strings of bytes that stood before in the corpus; the first stays",
        "去除语料中已出现过的行、段落或字节串，保留首次出现者",
    )
    piece_characters: int = setting(
        30, "characters from which a line or paragraph is looked for", "参与去重的行或段落的最少字符数", ge=1
    )
    substring_bytes: int = setting(
        200, "bytes from which a repeated string is taken out", "判为重复子串的最少字节数", ge=16, le=100_000
    )
    substring_memory: int = setting(
        2048, "MB of memory that the suffix array may take; more is refused", "后缀数组可用内存（MB），超出则拒绝", ge=1
    )


class ContaminationSettings(Settings):
    """Evaluation text that must not be trained on: n-grams of words (Latin) and of characters (Han)."""

    against: tuple[str, ...] = setting(
        (),
        "evaluation files or folders, in any format that is read; each document of them is an item",
        "评测文件或目录，格式同语料；其中每篇文档为一道题",
    )
    text_field: str = setting(
        "",
        "field or column of an item's text, as in reading.text_field, e.g. question or question+answer; empty: as there",
        "题目文本的字段或列，写法同 reading.text_field，如 question 或 question+answer；空则与之相同",
    )
    action: Literal["drop", "count"] = setting(
        "drop",
        "drop: documents that hold an item's text go, reason contaminated; count: they stay, and the report tells of them",
        "drop 丢弃含有题目文字的文档（原因 contaminated）；count 保留文档，仅在报告中列出",
    )
    share: float = setting(
        0.0,
        "share of one item's n-grams that a document must hold; 0: one n-gram is enough (GPT-3, datatrove); 0.7: PaLM",
        "文档含某题 n-gram 的比例达到多少才算污染；0 表示一个即可（GPT-3、datatrove），0.7 同 PaLM",
        ge=0,
        le=1,
    )
    word_ngram: int = setting(
        13, "words in an n-gram of Latin text (GPT-3, appendix C)", "拉丁文字 n-gram 的词数", ge=2, le=50
    )
    han_ngram: int = setting(
        20, "characters in an n-gram of Han text: about 12 words", "汉字 n-gram 的字数，约合 12 个词", ge=2, le=100
    )
    least_units: int = setting(
        8,
        "words or Han characters that an item needs; between that and an n-gram it is looked for whole, 8 as in PaLM",
        "题目至少要有的词数或字数；不足一个 n-gram 的题目整体匹配",
        ge=2,
        le=50,
    )
    template_items: int = setting(
        10,
        "n-grams that more items than this share are a template and not looked for",
        "超过该题数共有的 n-gram 视为模板，不作匹配",
        ge=1,
    )

    @field_validator("against", mode="before")
    @classmethod
    def _one_name(cls, value: object) -> object:
        """On the command line one file is written as it is: `corpus.contamination.against=questions.jsonl`."""
        return (value,) if isinstance(value, str) and value else () if value == "" else value


class CorpusSettings(Settings):
    """What a corpus build reads, drops, changes and holds out."""

    preset: str = setting("minimal", "row of PRESETS: cleaners, measures and rules", "预设名：清洗、度量与规则")
    seed: int = setting(0, "seed of the split", "划分验证集的随机种子", ge=0)
    valid_share: float = setting(
        0.05,
        "share of the documents held out for validation, by duplicate cluster",
        "按重复簇留作验证的文档比例",
        ge=0,
        lt=1,
    )
    limits: dict[str, tuple[float | None, float | None]] = setting(
        {}, "rule -> (least, most), over those of the preset", "规则 -> （下限，上限），覆盖预设"
    )
    languages: tuple[str, ...] = setting(
        (), "languages to keep, e.g. zh, en; empty: all", "保留的语言，如 zh、en；空则全部保留"
    )
    quality_model: str = setting(
        "",
        "folder that `corpus quality train` made; then every document is scored, and limits.quality may drop",
        "`corpus quality train` 生成的目录；给出后为每篇文档评分，可用 limits.quality 丢弃",
    )
    reading: ReadingSettings = setting(ReadingSettings, "how files become texts", "如何把文件读成文本")
    cleaning: CleaningSettings = setting(CleaningSettings, "how texts are mended", "如何修整文本")
    duplicates: DuplicateSettings = setting(DuplicateSettings, "near duplicates", "近似重复")
    contamination: ContaminationSettings = setting(
        ContaminationSettings, "evaluation text that must not be trained on", "不得用于训练的评测文本"
    )


class CorpusRuntime(Settings):
    """Where the work runs: never changes a byte of the result."""

    executor: Literal["auto"] | str = setting(
        "auto",
        "row of EXECUTORS; auto: in-process for little work, else processes",
        "执行器；auto 时小任务在进程内执行",
    )
    processes: int = setting(
        0, "worker processes; 0: one for each CPU", "工作进程数；0 表示每个 CPU 一个", ge=0, le=1024
    )
    address: str = setting(
        "",
        "address of a running Ray cluster, e.g. 10.0.0.5:6379, whose machines see the same paths; empty: Ray is started "
        "here and stopped at the end",
        "正在运行的 Ray 集群地址，如 10.0.0.5:6379，其各机器须能访问相同路径；空则在本机启动 Ray 并在结束时关闭",
    )
