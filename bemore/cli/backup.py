"""``bemore export``, ``bemore backup``, ``bemore restore``: data into files and back."""

import sys
import time
from contextlib import closing, contextmanager

import click
import msgspec

from bemore import clock
from bemore.cli.common import actor, database, load_settings, plural, told_errors

_FILE = click.Path(dir_okay=False)


@click.command()
@click.argument("session_id")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, allow_dash=True), required=True, help="The file to write; - is the terminal."
)
def export(session_id, output):
    """Write all that is stored of a session as JSON lines."""
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


@click.command()
@click.argument("file", type=_FILE)
def backup(file):
    """Write the whole database to FILE, as of one moment, while the service goes on."""
    settings = load_settings()
    with database(settings):
        from bemore.lifecycle import backup as model

        with _progress("Writing") as progress:
            model.save(settings, file, actor(), progress)
    click.echo(f"wrote {file}")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--yes", is_flag=True, help="Replace what is in the database.")
def restore(file, yes):
    """Put a backup in the place of the database, with the service stopped, and bring it to the newest version.

    The audit log that is replaced is kept in a file beside FILE, and sessions that it says were erased are erased again.
    """
    settings = load_settings()
    with told_errors():
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
                    raise click.ClickException("the database is not empty: say --yes to replace what is in it.")
                erased = _keep_audit(audit, f"{file}.audit-{clock.now_ms()}.jsonl")
            with _progress("Restoring") as progress:
                model.load(settings, file, actor(), progress)
            click.echo(f"restored {file}")
            again = model.erase_again(erased, actor())
            if again:
                click.echo(f"erased again {plural(again, 'session')} that had been erased since the backup")
        finally:
            connections.close()


def _keep_audit(audit, path):
    """Write the audit log to a file; answer the ids of the sessions that it says were erased."""
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
    click.echo(f"kept the audit log that is replaced in {path}")
    return erased


@contextmanager
def _progress(label):
    """A function ``progress(done, total)`` that tells on a terminal, a few times a second, how far it is."""
    told = 0.0

    def progress(done, total):
        nonlocal told
        if sys.stderr.isatty() and (time.monotonic() - told > 0.2 or done == total):
            told = time.monotonic()
            click.echo(f"\r{label} {done * 100 // total} %" if total else f"\r{label} {done:,} bytes", nl=False, err=True)

    yield progress
    if told:
        click.echo(err=True)
