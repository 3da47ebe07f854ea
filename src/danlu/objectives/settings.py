"""Settings of what is learnt from raw text: its name or a mixture of names, and the numbers of each objective."""

from danlu.core.settings import Settings, setting


class ObjectiveSettings(Settings):
    """Which objective, and how much it hides, turns around or reads both ways."""

    name: str = setting(
        "",
        "objective, or several by weight (causal:0.7,fill_in_the_middle:0.3); empty: the architecture's own",
        "训练目标，或按权重混合（causal:0.7,fill_in_the_middle:0.3）；空则用该架构的默认目标",
    )
    share: float = setting(
        0.3,
        "share of the positions that masked objectives hide; 0.15 to 0.4",
        "遮蔽类目标遮蔽的位置比例；0.15 到 0.4",
        ge=0.01,
        le=0.9,
    )
    whole_words: bool = setting(
        False,
        "whether masked objectives hide whole words (Chinese: words of the jieba dictionary)",
        "遮蔽类目标是否整词遮蔽（中文按结巴词典分词）",
    )
    span_share: float = setting(
        0.0,
        "share of the tokens that denoising and infilling take out, up to 0.45; 0: their own, 0.15 and 0.3",
        "denoising 与 infilling 取出的词元比例，最多 0.45；0 表示各自的默认值 0.15 与 0.3",
        ge=0.0,
        le=0.45,
    )
    span_length: float = setting(
        3.0,
        "tokens of one span that they take out, on average; 1 to 20",
        "所取出片段的平均词元数；1 到 20",
        ge=1.0,
        le=20.0,
    )
    middle_rate: float = setting(
        0.5,
        "share of the documents whose middle is moved to the end, for fill_in_the_middle; 0 to 1",
        "fill_in_the_middle 中把中间部分移到末尾的文档比例；0 到 1",
        ge=0.0,
        le=1.0,
    )
    suffix_first: float = setting(
        0.5,
        "share of those in which the suffix comes before the prefix; 0 to 1",
        "其中后缀排在前缀之前的比例；0 到 1",
        ge=0.0,
        le=1.0,
    )
    masked_share: float = setting(
        0.5,
        "share of the steps in which hybrid reads both ways and learns hidden tokens; 0 to 1",
        "hybrid 双向阅读并学习被遮蔽词元的步数比例；0 到 1",
        gt=0.0,
        lt=1.0,
    )
