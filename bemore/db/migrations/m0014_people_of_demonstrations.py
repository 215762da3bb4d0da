"""The tally knows everybody who has a session, also those who only have demonstrations: the search looks for people there."""

_STATEMENT = (
    "INSERT INTO tally (scope, status, sessions, duration_ms)"
    " SELECT scope, 'demo', count(*), 0 FROM (SELECT 'user:' || user_id AS scope FROM session WHERE demo = 1 AND erasing = 0"
    " UNION ALL SELECT 'counselor:' || counselor_id FROM session WHERE demo = 1 AND erasing = 0) AS people GROUP BY scope"
)


def up(dialect):
    return (_STATEMENT,)
