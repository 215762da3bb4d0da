"""``bemore import``: a transcript that another program has made."""

import sys
from pathlib import Path

import click

from bemore.cli.common import database, load_settings, plural
from bemore.errors import InvalidInput
from bemore.lifecycle import transcripts
from bemore.models import session
from bemore.models.minute_scoring import Rules
from bemore.models.scope import SessionScope

_KINDS = {".vtt": "vtt", ".srt": "srt", ".json": "json"}
_SPEAKER = click.Choice(("user", "counselor"))


class Voice(click.ParamType):
    """``name=user`` or ``name=counselor``, as (name, speaker)."""

    name = "name=speaker"

    def convert(self, value, param, ctx):
        name, _, speaker = value.rpartition("=")
        if not name or speaker not in _SPEAKER.choices:
            self.fail(f"{value!r} is not a name with its speaker, such as 김상담=counselor.", param, ctx)
        return name, speaker


@click.command("import", epilog="Example: bemore import sess_1737250800_4k2j9x8m1q7w5z3c6v0b talk.vtt --voice 김상담=counselor")
@click.argument("session_id")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--speaker", type=_SPEAKER, help="Who speaks where the file does not say it. Default: unknown.")
@click.option("--offset", type=int, default=0, metavar="MS", help="Milliseconds from the session's start to the file's; may be negative.")
@click.option("--voice", "voices", type=Voice(), multiple=True, help="Who a voice of the file is; may be repeated.")
def import_transcript(session_id, file, speaker, offset, voices):
    """Add a transcript of another program to a session.

    The file is WebVTT (.vtt), SubRip (.srt) or Whisper's JSON (.json). Imported again, it changes nothing. What cannot be
    taken is listed with its line, and the status is then 1; it is 2 for a file that cannot be read.
    """
    from bemore.schemas import captions  # its parser takes time that no other command needs

    kind = _KINDS.get(file.suffix.lower())
    if kind is None:
        raise click.UsageError(f"{file.name} must end in {', '.join(_KINDS)}.")
    settings = load_settings()
    with database(settings):
        scope = SessionScope.unrestricted(session_id)
        session.get(scope)
        try:
            found = captions.read(file.read_bytes(), kind, captions.Mapping(speaker, dict(voices), offset))
        except InvalidInput as error:
            click.echo(f"Error: {file.name}: {error}", err=True)
            raise click.exceptions.Exit(2) from None
        with click.progressbar(length=max(1, len(found.rows)), label="Importing", file=sys.stderr) as bar:
            count = transcripts.add(scope, found, Rules.of(settings), settings.max_session_bytes, bar.update)
    for place, refusal in found.refusals():
        click.echo(f"{place}: {refusal['message']}")
    click.echo(f"imported {plural(count, 'snippet')}" + (f", {len(found.refused):,} not taken" if found.refused else ""))
    if found.refused:
        raise click.exceptions.Exit(1)
