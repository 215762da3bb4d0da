"""A database made ready for this version: at the start of the service, and after a backup was restored."""

import logging

from bemore import clock
from bemore.db.migrate import migrate
from bemore.lifecycle.purge import finish_erasing
from bemore.models import partitions

_log = logging.getLogger("bemore.server")


def upgrade(settings):
    """Migrate, make the partitions that will be needed, and finish erasing what a crash left half erased."""
    migrate(settings)
    partitions.make_ahead(clock.now_ms(), settings.retention_days)
    if erased := finish_erasing():
        _log.info("finished erasing sessions", extra={"sessions": erased})
