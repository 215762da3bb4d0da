"""What the database holds, for tests that compare it before and after a request."""

from bemore.db.proxy import database
from bemore.db.connections import execute, read


#: The audit log outlives what it tells of; preferences are of callers.
NOT_OF_SESSIONS = ("migration", "audit", "preference")


def contents():
    """``{table: its rows as sorted texts}`` of every table in the database's own catalogue that holds what is of a session."""
    with read():
        return {table: _rows(table) for table in database.get_tables() if table not in NOT_OF_SESSIONS}


def counts():
    """``{table: number of rows}``, tables without a row left out."""
    return {table: len(rows) for table, rows in contents().items() if rows}


def _rows(table):
    columns = [each.name for each in database.get_columns(table) if each.name != "resent"]  # not what was sent
    return sorted(map(repr, execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()))


def inferences(client, session_id):
    """``data`` of ``GET /:id/inferences``."""
    return client.get(f"/api/session/{session_id}/inferences").json["data"]


def totals(client, session_id):
    """(frames, audio chunks, snippets) of a session as its totals tell."""
    stats = client.get(f"/api/session/{session_id}").json["data"]["stats"]
    return stats["totalFrames"], stats["totalAudioChunks"], stats["totalSttSnippets"]
