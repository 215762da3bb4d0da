"""The languages of reports: every sentence and label in one place per language, and how it writes numbers and times."""

from collections.abc import Mapping

from bemore.reports.language.base import DASH
from bemore.reports.language.english import English
from bemore.reports.language.korean import Korean

__all__ = ["DASH", "LANGUAGES", "Language"]

Language = Korean | English

LANGUAGES: Mapping[str, Language] = {"ko": Korean(), "en": English()}
"""By code, as in ``?lang=``."""
