"""How a report is written for people."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bemore.reports.language import Language


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """``zone`` is that of all times; ``weights`` are those of the facial, voice and text score in the combined score, now in force."""

    language: Language
    zone: ZoneInfo
    weights: tuple[float, float, float] = (0.5, 0.3, 0.2)

    def timestamp(self, ms: int | None) -> str:
        """A time in ms since the epoch, to the minute; a dash for None."""
        return self.language.timestamp(ms, self.zone)
