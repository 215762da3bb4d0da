"""``bemore rescore``."""

import click

from bemore import clock
from bemore.cli.common import actor, database, load_settings, plural
from bemore.cli.erasing import confirmed
from bemore.lifecycle import rescoring
from bemore.models import session
from bemore.models.minute_scoring import Rules
from bemore.models.scope import SessionScope


@click.command(epilog="Examples: bemore rescore --all --dry-run; bemore rescore sess_1737250800_4k2j9x8m1q7w5z3c6v0b --yes")
@click.argument("session_id", required=False)
@click.option("--all", "all_sessions", is_flag=True, help="All sessions.")
@confirmed("change")
def rescore(session_id, all_sessions, confirmation):
    """Score stored sessions again under today's rules.

    That is for a new version of the service, or other weights. Sentiment and keywords of the snippets change, and the minutes that
    the server scored. Scores that the browser sent stay. The service can run meanwhile. If the command is interrupted, run it again.
    """
    if (session_id is None) != all_sessions:
        raise click.UsageError("Give a SESSION_ID or --all.")
    settings = load_settings()
    rules = Rules.of(settings)
    with database(settings):
        if all_sessions:
            sessions, rows = rescoring.all_sessions, rescoring.row_count()
        else:
            row = session.get(SessionScope.unrestricted(session_id))
            sessions, rows = (lambda: [SessionScope.unrestricted(row.public_id)]), row.stt_count + row.minute_count
        # What --yes changes is told afterwards.
        amount = None if confirmation.yes else rescoring.survey(sessions(), rules)
        confirmation.carry_out(
            amount, "", rows, _text,
            lambda after_batch: rescoring.rescore(sessions(), rules, actor(), clock.now_ms(), after_batch),
        )  # fmt: skip


def _text(amount):
    return (
        f"the sentiment of {plural(amount.sentiments, 'snippet')}, the keywords of {plural(amount.keywords, 'snippet')} and"
        f" {plural(amount.minutes, 'minute score')} in {plural(amount.sessions, 'session')}"
    )
