"""Indexes of sessions that are no demonstrations: totals and the dashboard step over any number of demonstrations."""

_OWNERS = ("", "user_id, ", "counselor_id, ")


def up(dialect):
    for owner in _OWNERS:
        yield f"CREATE INDEX session_{owner.replace(', ', '_')}not_demo ON session ({owner}started_ms, id) WHERE demo = 0"
