"""Settings of a corpus build. Those of the runtime never change a byte of the result."""

from typing import Literal

from danlu.core.settings import Settings, setting


class ReadingSettings(Settings):
    """How files become texts."""

    text_field: str = setting(
        "text",
        "name of the field (jsonl) or column (csv, parquet) that holds the text",
        "存放文本的字段名(jsonl)或列名(csv、parquet)",
    )
    domain_field: str = setting(
        "",
        "field or column that names the domain; empty: domain, then source",
        "表示领域的字段或列;空则依次取 domain、source",
    )
    encoding: str = setting(
        "auto",
        "encoding of text files, e.g. gb18030; auto: found for each file",
        "文本文件的编码,如 gb18030;auto 则逐文件判断",
    )
    max_document_bytes: int = setting(
        256 * 2**20,
        "bytes of one line or record; a longer one is dropped as too_long",
        "单行或单条记录的最大字节数,超过则以 too_long 丢弃",
        ge=1024,
        le=2**31,
    )
    max_expansion: float = setting(
        200.0,
        "unpacked bytes per packed byte, after the first 64 MiB; more is taken for a bomb",
        "解压后与压缩前字节数之比的上限(前 64 MiB 不计),超过视为压缩炸弹",
        ge=1.0,
    )
    max_unpacked_bytes: int = setting(
        2**40, "bytes that one packed file may unpack to", "单个压缩文件解压后的最大字节数", ge=1024
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
    shard_bytes: int = setting(
        64 * 2**20, "bytes of input that one shard of work holds", "每个工作分片的输入字节数", ge=1024
    )


class DuplicateSettings(Settings):
    """Near duplicates: MinHash over word n-grams (Latin) and character n-grams (Han)."""

    near: bool | None = setting(
        None, "drop near duplicates too; unset: as the preset says", "是否同时去除近似重复;不设则由预设决定"
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


class CorpusSettings(Settings):
    """What a corpus build reads, drops, changes and holds out."""

    preset: str = setting("minimal", "row of PRESETS: cleaners, measures and rules", "预设名:清洗、度量与规则")
    seed: int = setting(0, "seed of the split", "划分验证集的随机种子", ge=0)
    valid_share: float = setting(
        0.05,
        "share of the documents held out for validation, by duplicate cluster",
        "按重复簇留作验证的文档比例",
        ge=0,
        lt=1,
    )
    limits: dict[str, tuple[float | None, float | None]] = setting(
        {}, "rule -> (least, most), over those of the preset", "规则 -> (下限, 上限),覆盖预设"
    )
    languages: tuple[str, ...] = setting(
        (), "languages to keep, e.g. zh, en; empty: all", "保留的语言,如 zh、en;空则全部保留"
    )
    reading: ReadingSettings = setting(ReadingSettings, "how files become texts", "如何把文件读成文本")
    duplicates: DuplicateSettings = setting(DuplicateSettings, "near duplicates", "近似重复")


class CorpusRuntime(Settings):
    """Where the work runs: never changes a byte of the result."""

    executor: Literal["auto"] | str = setting(
        "auto", "row of EXECUTORS; auto: in-process for little work, else processes", "执行器;auto 时小任务在进程内执行"
    )
    processes: int = setting(
        0, "worker processes; 0: one for each CPU", "工作进程数;0 表示每个 CPU 一个", ge=0, le=1024
    )
