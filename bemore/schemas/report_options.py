"""The language and the time zone of reports and transcript files."""

from marshmallow import ValidationError

from bemore.clock import time_zone
from bemore.schemas.base import Body
from bemore.schemas.fields import OneOf, Text
from bemore.settings import LANGUAGES


class TimeZone(Text):
    """The name of a time zone in the IANA database; comes out as a ``zoneinfo.ZoneInfo``."""

    least, most = 1, 64

    def finish(self, value):
        try:
            return time_zone(value)
        except ValueError as error:
            raise ValidationError(str(error)) from None


class ChooseLanguage(Body):
    """The language of a report's sentences."""

    lang = OneOf(*LANGUAGES, description="Language of sentences and labels; the default is the setting `REPORT_LANGUAGE`")


class ReportOptions(ChooseLanguage):
    """How a report is written. Names, codes and numbers of JSON do not depend on it, and its times are always UTC."""

    tz = TimeZone(description="Time zone of the times that people read, an IANA name; the default is the setting `REPORT_TIME_ZONE`")


class PdfOptions(ReportOptions):
    """How a report is written as a PDF."""

    transcript = OneOf("true", "false", load_default="false", description="`true` adds the transcript as an appendix")
