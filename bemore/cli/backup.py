"""``bemore export``, ``bemore backup``, ``bemore restore``."""

import sys
import time
from contextlib import closing, contextmanager

import click
import msgspec

from bemore import clock
from bemore.cli.common import actor, database, load_settings, plural, errors_as_sentences

_FILE = click.Path(dir_okay=False)


@click.command(epilog="Example: bemore export sess_1737250800_4k2j9x8m1q7w5z3c6v0b -o session.jsonl")
@click.argument("session_id")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, allow_dash=True), required=True, help="File to write; - is standard output."
)
def export(session_id, output):
    """Export everything stored of a session as JSON lines."""
    settings = load_settings()
    with database(settings):
        from bemore.models import audit
        from bemore.lifecycle import export as model
        from bemore.db.connections import write
        from bemore.lifecycle.files import replacing
        from bemore.models.scope import SessionScope
        from bemore.models.session import find

        now, scope = clock.now_ms(), SessionScope.unrestricted(session_id)
        # Before the first line is out: what cannot be recorded is not shown.
        write(lambda: audit.record(find(scope).public_id, audit.EXPORT, actor(), None, None, now))
        with closing(model.lines(scope, now)) as lines:
            if output == "-":
                _write(lines, sys.stdout.buffer)
                return
            with replacing(output) as part, open(part, "wb") as file:
                count = _write(lines, file)
    click.echo(f"wrote {plural(count, 'line')} to {output}", err=True)


def _write(lines, file):
    encode, count = msgspec.json.Encoder().encode_into, 0
    line = bytearray()
    first = next(lines)
    total = sum(first["stats"].values())
    with click.progressbar(length=max(1, total), label="Exporting", file=sys.stderr, update_min_steps=5000) as bar:
        for each in _again(first, lines):
            encode(each, line)
            file.write(line + b"\n")
            count += 1
            bar.update(1)
    file.flush()
    return count


def _again(first, rest):
    yield first
    yield from rest


@click.command(epilog="Example: bemore backup /var/backups/bemore-2026-05-01.backup")
@click.argument("file", type=_FILE)
def backup(file):
    """Back up the database to FILE while the service runs."""
    settings = load_settings()
    with database(settings):
        from bemore.lifecycle import backup as model

        with _progress("Writing") as progress:
            model.save(settings, file, actor(), progress)
    click.echo(f"wrote {file}")


@click.command(epilog="Example: bemore restore /var/backups/bemore-2026-05-01.backup --yes")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--yes", is_flag=True, help="Replace the existing data without asking.")
def restore(file, yes):
    """Replace the database with a backup (stop the service first).

    The replaced audit log is kept in a file next to FILE. Sessions that were erased since the backup are erased again, and missing
    migrations are applied.
    """
    settings = load_settings()
    with errors_as_sentences():
        from bemore.models import audit
        from bemore.lifecycle import backup as model
        from bemore.db import connections

        model.check(settings, file)
        model.check_unused(settings)
        connections.connect(settings)
        try:
            erased = set()
            if not model.is_empty():
                if not yes:
                    raise click.ClickException("The database is not empty: add --yes to replace its data.")
                erased = _keep_audit(audit, f"{file}.audit-{clock.now_ms()}.jsonl")
            with _progress("Restoring") as progress:
                model.load(settings, file, actor(), progress)
            click.echo(f"restored {file}")
            again = model.erase_again(erased, actor())
            if again:
                click.echo(f"erased {plural(again, 'session')} again that had been erased since the backup")
        finally:
            connections.close()


def _keep_audit(audit, path):
    """Write the audit log to a file; return the ids of the sessions that were erased according to it."""
    from bemore.lifecycle.files import replacing
    from bemore.db.version import applied

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
