"""Settings of learning what good text is."""

from danlu.core.settings import Settings, setting
from danlu.corpus.settings import ReadingSettings


class QualityTrainSettings(Settings):
    """Settings of `danlu corpus quality train`."""

    seed: int = setting(0, "seed of the order of training and of what is held out", "训练顺序与留出的随机种子", ge=0)
    bits: int = setting(
        18,
        "the table of n-grams has 2 ** bits entries of 4 bytes",
        "n-gram 表有 2 的 bits 次方项，每项 4 字节",
        ge=8,
        le=24,
    )
    epochs: int = setting(8, "passes over the training text", "训练文本的遍数", ge=1, le=1000)
    # Of nine pairs of rate and decay, these let unseen kinds of good text keep the best places (docs/log, learned quality).
    rate: float = setting(1.0, "step size of AdaGrad", "AdaGrad 的步长", gt=0)
    decay: float = setting(
        0.2,
        "weight decay of each pass: rare n-grams are believed less",
        "每遍的权重衰减：少见的 n-gram 影响更小",
        ge=0,
        lt=1,
    )
    held_out: float = setting(
        0.2,
        "share held out, by document, to measure and to calibrate the score",
        "按文档留出、用于度量与校准的比例",
        gt=0,
        lt=1,
    )
    piece_bytes: int = setting(
        4096,
        "bytes of the pieces that longer documents are cut into, so that length tells nothing",
        "较长文档切成的小段的字节数，使长度不成为线索",
        ge=256,
        le=1_000_000,
    )
    most_bytes: int = setting(
        32_000_000,
        "bytes of text taken from each side; of more, pieces are taken by their hash",
        "每一侧最多使用的文本字节数；超出则按哈希抽取",
        ge=10_000,
    )
    reading: ReadingSettings = setting(ReadingSettings, "how files become texts", "如何把文件读成文本")
