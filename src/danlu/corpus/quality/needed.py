"""What a build with a learned quality score asks for before any work."""

from collections.abc import Mapping

from danlu.core.errors import UsageError
from danlu.core.language import Text
from danlu.corpus.quality.model import open_quality
from danlu.corpus.rules.rule import Limits
from danlu.corpus.settings import CorpusSettings

RULE = "quality"


def check_quality(settings: CorpusSettings, limits: Mapping[str, Limits]) -> None:
    """Raises UsageError for a limit on quality without a score, ArtifactError for a score that cannot be opened."""
    if settings.quality_model:
        open_quality(settings.quality_model)
        return
    refuse_unscored(settings, limits)


def refuse_unscored(settings: CorpusSettings, limits: Mapping[str, Limits]) -> None:
    """Raises UsageError for a limit on quality where no document has a score."""
    if RULE in limits and not settings.quality_model:
        raise UsageError(
            Text("a limit on quality needs a learned score", "质量界限需要先学得评分"),
            got=Text("limits.quality, and no corpus.quality_model", "有 limits.quality，而无 corpus.quality_model"),
            allowed=Text("a folder that `danlu corpus quality train` made", "`danlu corpus quality train` 生成的目录"),
            fix=Text(
                "train a score, then build with corpus.quality_model=FOLDER",
                "先训练评分，再以 corpus.quality_model=目录 构建",
            ),
        )
