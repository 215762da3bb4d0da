"""``bemore export``, ``bemore backup``, ``bemore restore``."""

import sys
import time
from contextlib import closing, contextmanager
from itertools import chain

import click
import msgspec

from bemore import clock
from bemore.cli.common import actor, database, errors_as_sentences, load_server_settings, load_settings, plural
from bemore.db import connections
from bemore.db.version import applied
from bemore.lifecycle import backup as backups, export as exports
from bemore.lifecycle.files import replacing
from bemore.models import audit, session
from bemore.models.scope import SessionScope


@click.command(epilog="Example: bemore export sess_1737250800_4k2j9x8m1q7w5z3c6v0b -o session.jsonl")
@click.argument("session_id")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, allow_dash=True), required=True, help="File to write; - is standard output."
)
def export(session_id, output):
    """Export everything stored of a session as JSON lines."""
    with database(load_settings()):
        now, scope = clock.now_ms(), SessionScope.unrestricted(session_id)
        # Before the first line is out: what cannot be recorded is not shown.
        connections.write(lambda: audit.record(session.find(scope).public_id, audit.EXPORT, actor(), None, None, now))
        with closing(exports.lines(scope, now)) as lines:
            if output == "-":
                _write(lines, sys.stdout.buffer)
                return
            with replacing(output) as part, open(part, "wb") as file:
                count = _write(lines, file)
    click.echo(f"wrote {plural(count, 'line')} to {output}", err=True)


def _write(lines, file):
    count, first = 0, next(lines)
    total = sum(first["stats"].values())
    with click.progressbar(length=max(1, total), label="Exporting", file=sys.stderr, update_min_steps=5000) as bar:
        for each in chain([first], lines):
            file.write(msgspec.json.encode(each) + b"\n")
            count += 1
            bar.update(1)
    file.flush()
    return count


@click.command(epilog="Example: bemore backup /var/backups/bemore-2026-05-01.backup")
@click.argument("file", type=click.Path(dir_okay=False))
def backup(file):
    """Back up the database to FILE while the service runs."""
    settings = load_server_settings()
    with database(settings), _progress("Writing") as progress:
        backups.save(settings, file, actor(), progress)
    click.echo(f"wrote {file}")


@click.command(epilog="Example: bemore restore /var/backups/bemore-2026-05-01.backup --yes")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--yes", is_flag=True, help="Replace the existing data without asking.")
def restore(file, yes):
    """Replace the database with a backup (stop the service first).

    The replaced audit log is kept in a file next to FILE. Sessions that were erased since the backup are erased again, and missing
    migrations are applied.
    """
    settings = load_server_settings()
    with errors_as_sentences():
        backups.check(settings, file)
        connections.connect(settings)
        try:
            erased = set()
            if not backups.is_empty():
                if not yes:
                    raise click.ClickException("The database is not empty: add --yes to replace its data.")
                erased = _keep_audit(f"{file}.audit-{clock.now_ms()}.jsonl")
            with _progress("Restoring") as progress:
                backups.load(settings, file, actor(), progress)
            click.echo(f"restored {file}")
            again = backups.erase_again(erased, actor())
            if again:
                click.echo(f"erased {plural(again, 'session')} again that had been erased since the backup")
        finally:
            connections.close()


def _keep_audit(path):
    """Write the audit log to a file; return the ids of the sessions that were erased according to it."""
    if audit.SINCE not in applied():
        return set()
    erased = set()
    with replacing(path) as part, open(part, "wb") as file:
        for entry in audit.entries():
            file.write(msgspec.json.encode(entry.as_json()) + b"\n")
            if entry.action in audit.ERASING:
                erased.add(entry.session_id)
    click.echo(f"kept the replaced audit log in {path}")
    return erased


@contextmanager
def _progress(label):
    """A function ``progress(done, total)`` that shows the progress on a terminal, a few times a second."""
    shown = 0.0

    def progress(done, total):
        nonlocal shown
        if sys.stderr.isatty() and (time.monotonic() - shown > 0.2 or done == total):
            shown = time.monotonic()
            click.echo(f"\r{label} {done * 100 // total} %" if total else f"\r{label} {done:,} bytes", nl=False, err=True)

    yield progress
    if shown:
        click.echo(err=True)
