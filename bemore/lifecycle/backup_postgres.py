"""Backups of a PostgreSQL database, with the programs that come with it: pg_dump, pg_restore, psql."""

import os
import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bemore.errors import BackupFailed
from bemore.models.partitions import SCHEMA
from bemore.models.tables import TABLES

#: Where Debian keeps the programs of each version.
_DEBIAN = Path("/usr/lib/postgresql")

_MAGIC = b"PGDMP"
_CHUNK = 1 << 20


def save(settings, path, progress):
    """Dump the database to ``path``, compressed, as of the moment it begins; writers go on."""
    with _connection_of(settings) as connection:
        _run(settings, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--file", path, "--dbname", connection)
    progress(os.path.getsize(path), None)


def inspect(settings, path):
    """The names of the migrations in a backup, which is read through for damage."""
    with open(path, "rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise BackupFailed(f"{path} is no dump of PostgreSQL, and DATABASE_URL names one")
    _run(settings, "pg_restore", "--file", os.devnull, path)
    rows = _run(settings, "pg_restore", "--data-only", "--table", "migration", "--file", "-", path).splitlines()
    begin = next((number for number, line in enumerate(rows, 1) if line.startswith("COPY ")), len(rows))
    return {line.split("\t")[0] for line in rows[begin : rows.index("\\.", begin)]} if begin < len(rows) else set()


def others(settings):
    """A hint where another BeMore is connected to the database, else an empty text."""
    _, ((count,),) = _ask(
        settings,
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'bemore'",
    )
    return f" by {count} connections of BeMore" if count else ""


def _ask(settings, sql, *parameters):
    """The server's major version, and the rows of a statement."""
    try:
        with psycopg.connect(settings.database_url, autocommit=True, connect_timeout=5) as connection:
            return connection.info.server_version // 10_000, connection.execute(sql, parameters).fetchall()
    except psycopg.Error as error:
        raise BackupFailed(f"PostgreSQL: {_first_line(str(error))}") from error


def load(settings, path, progress):
    """Drop our tables and restore the dump's in one transaction: whatever stops it, the database stays as it was."""
    psql, pg_restore = (_program(settings, name) for name in ("psql", "pg_restore"))
    with _connection_of(settings) as connection, tempfile.TemporaryFile() as errors:
        reader = subprocess.Popen(
            [pg_restore, "--no-owner", "--no-privileges", "--file", "-", path], stdout=subprocess.PIPE, stderr=errors
        )
        command = [
            psql,
            "--no-psqlrc",
            "--quiet",
            "--single-transaction",
            "--set=ON_ERROR_STOP=1",
            f"--dbname={connection}",
            "--file=-",
        ]
        writer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors)
        try:
            writer.stdin.write(_drop_ours(settings).encode())
            done = 0
            while chunk := reader.stdout.read(_CHUNK):
                writer.stdin.write(chunk)
                progress(done := done + len(chunk), None)
            if reader.wait() == 0:
                writer.stdin.close()  # which makes psql commit
        except BrokenPipeError:  # psql has met an error and printed it
            pass
        finally:
            for process in (writer, reader):
                _end(process)
        if reader.returncode or writer.returncode:
            errors.seek(0)
            raise BackupFailed(
                f"the backup could not be restored, the database is as it was: {_first_line(errors.read().decode('utf-8', 'replace'))}"
            )


def _end(process):
    """Wait for a process whose input is complete; kill one whose input is not, so that PostgreSQL undoes its transaction."""
    if process.stdin is not None and not process.stdin.closed:
        process.kill()
    if process.stdout is not None:
        process.stdout.close()
    process.wait()
    if process.stdin is not None:
        with suppress(BrokenPipeError):
            process.stdin.close()


def _drop_ours(settings):
    """SQL that drops our tables and the functions of their triggers."""
    tables = [*(model._meta.table_name for model in reversed(TABLES)), "migration"]
    _, functions = _ask(
        settings,
        "SELECT DISTINCT tgfoid::regprocedure::text FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
        " WHERE NOT tgisinternal AND relname = ANY(%s) AND relnamespace = 'public'::regnamespace",
        tables,
    )
    drops = [f"DROP TABLE IF EXISTS public.{table} CASCADE;" for table in tables]
    drops = ["SET client_min_messages = warning;", *drops, f"DROP SCHEMA IF EXISTS {SCHEMA};"]
    return "\n".join((*drops, *(f"DROP FUNCTION {name};" for (name,) in functions), ""))


@contextmanager
def _connection_of(settings):
    """How the programs connect; the password goes by a file, as everybody can see the arguments of a program."""
    parts = conninfo_to_dict(settings.database_url)
    password = parts.pop("password", None)
    with tempfile.NamedTemporaryFile("w", prefix="bemore-", encoding="utf-8") as file:
        if password is not None:
            escaped = password.replace("\\", "\\\\").replace(":", "\\:")
            file.write(f"*:*:*:*:{escaped}\n")
            file.flush()
            parts["passfile"] = file.name
        yield make_conninfo(**parts)


def _program(settings, name):
    """The path of a program, of a version that knows the server's: from the PATH, or where Debian keeps them."""
    wanted, _ = _ask(settings, "SELECT 1")
    places = [shutil.which(name), *(each / "bin" / name for each in sorted(_DEBIAN.glob("*"), reverse=True))]
    versions = {str(place): _version(place) for place in places if place and os.access(place, os.X_OK)}
    for place, version in versions.items():
        if version >= wanted:
            return place
    if versions:
        raise BackupFailed(
            f"{name} is of version {max(versions.values())}, the server of {wanted}: install postgresql-client-{wanted}"
        )
    raise BackupFailed(f"{name} is not installed: it comes with the package postgresql-client-{wanted}, or PostgreSQL itself")


def _version(program):
    output = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    # Debian and Ubuntu add the version of their package: "pg_dump (PostgreSQL) 18.1 (Debian 18.1-1.pgdg12+1)".
    number = re.search(r"\(PostgreSQL\) ([0-9]+)", output)
    return int(number[1]) if number else 0


def _run(settings, name, *arguments):
    ended = subprocess.run([_program(settings, name), *arguments], capture_output=True, text=True, check=False)
    if ended.returncode:
        raise BackupFailed(f"{name} failed: {_first_line(ended.stderr)}")
    return ended.stdout


def _first_line(errors):
    # Later lines may quote rows.
    return (errors.strip().splitlines() or ["it does not say why"])[0][:300]
