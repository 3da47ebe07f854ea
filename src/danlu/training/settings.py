"""Settings of the training loop. They decide the result, so they are frozen before the first step."""

from danlu.core.settings import Settings, setting


class OptimizerSettings(Settings):
    """How gradients become steps."""

    name: str = setting(
        "muon",
        "optimizer: muon, adamw, adam, lion, adafactor or sgd",
        "优化器：muon、adamw、adam、lion、adafactor 或 sgd",
    )
    matrix_rate: float = setting(
        0.02, "peak learning rate of Muon's matrices; 0.01 to 0.05", "Muon 矩阵的最高学习率；0.01 至 0.05", gt=0
    )
    rate: float = setting(
        0.004,
        "peak learning rate of everything else (of all parameters without Muon), as for AdamW: lion takes a fifth of it, "
        "adafactor 2.5 times as a share of each weight's size; 3e-4 to 1e-2",
        "其余参数（不用 Muon 时为全部参数）的最高学习率，按 AdamW 的尺度：lion 取其五分之一，"
        "adafactor 取其 2.5 倍并相对于权重大小；3e-4 至 1e-2",
        gt=0,
    )
    weight_decay: float = setting(
        0.1,
        "decoupled weight decay of matrices and embeddings, times the rate; 0 to 2",
        "矩阵与词嵌入的解耦权重衰减（乘以学习率）；0 至 2",
        ge=0,
    )
    l1: float = setting(
        0.0,
        "L1 penalty on matrices, added to the loss per token; 0 is off",
        "矩阵的 L1 惩罚，加入每词元损失；0 为关闭",
        ge=0,
    )
    l2: float = setting(
        0.0,
        "L2 penalty on matrices, added to the loss per token; 0 is off",
        "矩阵的 L2 惩罚，加入每词元损失；0 为关闭",
        ge=0,
    )
    momentum: float = setting(
        0.95, "momentum of Muon and SGD; 0.85 to 0.98", "Muon 与 SGD 的动量；0.85 至 0.98", ge=0, lt=1
    )
    beta1: float = setting(0.9, "Adam's first moment decay", "Adam 一阶矩衰减", ge=0, lt=1)
    beta2: float = setting(
        0.95, "Adam's second moment decay; 0.95 suits short runs", "Adam 二阶矩衰减；短训练宜 0.95", ge=0, lt=1
    )
    momentum_warmup_steps: int = setting(
        200,
        "steps in which Muon's momentum rises from 0.85; about 15 % of the run",
        "Muon 动量从 0.85 上升所用步数；约为总步数的 15%",
        ge=0,
    )
    newton_schulz_steps: int = setting(
        3, "Newton-Schulz iterations of Muon; 3 to 5", "Muon 的 Newton-Schulz 迭代次数；3 至 5", ge=1, le=10
    )


class ScheduleSettings(Settings):
    """Learning rate over the run, as a share of its peak."""

    name: str = setting("trapezoid", "trapezoid, cosine, linear or constant", "trapezoid、cosine、linear 或 constant")
    warmup_steps: int = setting(40, "optimizer steps of linear warm-up", "线性预热的优化步数", ge=0)
    cooldown: float = setting(
        0.6,
        "share of the run in which the trapezoid falls to its floor; 0.2 to 0.65",
        "梯形计划中下降阶段所占比例；0.2 至 0.65",
        ge=0,
        le=1,
    )
    floor: float = setting(
        0.02, "last learning rate as a share of the peak; 0 to 0.15", "最终学习率与峰值之比；0 至 0.15", ge=0, le=1
    )


class TrainingSettings(Settings):
    """The loop."""

    optimizer: OptimizerSettings = setting(OptimizerSettings, "optimizer", "优化器")
    schedule: ScheduleSettings = setting(ScheduleSettings, "learning-rate schedule", "学习率计划")
    batch_tokens: int = setting(
        8192,
        "tokens of one optimizer step, all micro-batches and processes together",
        "每个优化步的词元数（含所有微批与进程）",
        ge=1,
    )
    micro_batch_tokens: int = setting(
        8192, "tokens that pass through the network at once", "一次通过网络的词元数", ge=1
    )
    clip_norm: float = setting(
        1.0, "largest norm of the whole gradient (per token); 0 is off", "梯度（每词元）整体范数上限；0 为关闭", ge=0
    )
    ema: float = setting(
        0.0,
        "decay of the moving average of weights that becomes the model; 0 is off, 0.99 to 0.999",
        "最终模型所用权重滑动平均的衰减；0 为关闭，0.99 至 0.999",
        ge=0,
        lt=1,
    )
    quarter_context_until: float = setting(
        0.0,
        "progress (0 to 1) until which windows are cut into quarters: cheaper steps early on; 0 is off",
        "在此进度（0 至 1）之前把窗口切成四段，前期更快；0 为关闭",
        ge=0,
        le=1,
    )
    half_context_until: float = setting(
        0.0,
        "progress (0 to 1) until which windows are cut into halves; 0 is off",
        "在此进度（0 至 1）之前把窗口切成两段；0 为关闭",
        ge=0,
        le=1,
    )
    checkpoint_every: int = setting(
        0, "steps between checkpoints; 0 means once a minute", "检查点间隔步数；0 表示每分钟一次", ge=0
    )
    keep_checkpoints: int = setting(
        2,
        "newest checkpoints kept, beside the best and the one before the cool-down",
        "保留的最新检查点数（另保留最佳与降温前各一个）",
        ge=1,
    )
    validations: int = setting(
        8, "validations over the run, beside the last", "训练期间的验证次数（不含最后一次）", ge=0, le=1000
    )
    patience: int = setting(
        3,
        "validations without a better one before the cool-down begins early; 0 is off",
        "连续多少次验证没有改进便提前降温；0 为关闭",
        ge=0,
    )

    def context_parts(self, progress: float) -> int:
        """Pieces into which each window is cut at `progress`."""
        if progress < self.quarter_context_until:
            return 4
        return 2 if progress < self.half_context_until else 1
