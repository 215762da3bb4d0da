"""What the file formats say in sentences, told from a report's dict alone."""

from collections.abc import Mapping

from bemore.reports.facts import Minute
from bemore.scoring import narrative
from bemore.scoring.affect import Affect


def observations(report: Mapping) -> list[str]:
    """The report's highlights and the observations of ``GET /:id/summary``.

    Without the sentence on the voice, which the formats show beside the voice metrics.
    """
    minutes = [
        Minute(
            minute["minuteIndex"], minute["facialScore"], minute["vadScore"], minute["textScore"], minute["combinedScore"],
            minute["modelVersion"], minute["source"],
        )
        for minute in report["minutes"]
    ]  # fmt: skip
    voice, vector = report["vadSummary"], report["vadVector"]
    told = narrative.observations(minutes, voice, vector and Affect(**vector), report["summary"]["dominantEmotion"])
    return [*report["highlights"], *(sentence for sentence in told if sentence != voice["summary"])]
