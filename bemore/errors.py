"""Domain errors. They know no HTTP; ``bemore.api.http.error_handlers`` gives each its status and code."""


class BeMoreError(Exception):
    """Base of everything the service says to a caller on purpose."""


class SessionNotFound(BeMoreError):
    """No such counseling session, or one the caller may not know of."""

    def __init__(self, session_id):
        super().__init__(f"세션을 찾을 수 없습니다: {session_id}")
        self.session_id = session_id


class NoteNotFound(BeMoreError):
    """No such note of the session, or a private one of somebody else."""

    def __init__(self, note_id):
        super().__init__(f"메모를 찾을 수 없습니다: {note_id}")


class SessionStateConflict(BeMoreError):
    """The session's state does not allow what was asked, e.g. pausing an ended one."""


class InvalidInput(BeMoreError):
    """A body, query or path is wrong.

    ``problems`` lists what is wrong, the first first: dicts with ``field``, ``message`` (which names the field) and,
    for an element of a batch, ``index``.
    """

    def __init__(self, problems):
        super().__init__(problems[0]["message"])
        self.problems = problems


class Unauthorized(BeMoreError):
    """Authentication is on, and the request brings no token."""

    def __init__(self):
        super().__init__("로그인이 필요합니다.")


class InvalidToken(BeMoreError):
    """The token is wrong, expired, not yet good, or for somebody else; which of these is not told."""

    def __init__(self):
        super().__init__("로그인 정보가 올바르지 않거나 만료되었습니다. 다시 로그인해 주세요.")


class Forbidden(BeMoreError):
    """The caller's role may not do this."""

    def __init__(self):
        super().__init__("이 작업을 할 권한이 없습니다.")


class KeysUnavailable(BeMoreError):
    """The keys that tokens are checked with cannot be had at the moment."""


class IdempotencyKeyReused(BeMoreError):
    """An Idempotency-Key came back with another body."""


class PayloadTooLarge(BeMoreError):
    """A body is larger than ``MAX_BODY_BYTES``, packed or unpacked."""


class SessionTooLarge(PayloadTooLarge):
    """A session has no room for more telemetry."""

    def __init__(self, max_bytes):
        super().__init__(f"세션에 저장할 수 있는 데이터의 한도({max_bytes:,}바이트)를 넘었습니다.")


class UnsupportedMediaType(BeMoreError):
    """A body's type or encoding is not one the service reads."""


class ServiceBusy(BeMoreError):
    """Too many requests of a costly kind are being answered."""


class DatabaseUnavailable(BeMoreError):
    """The database is away, full, read-only, damaged, or busy beyond its time-out."""


class ReplicaUnavailable(DatabaseUnavailable):
    """The replica failed while it was read: what was read has to be read again, from the primary."""


class BackupFailed(BeMoreError):
    """A backup cannot be made or restored; the text says why, in a sentence for whoever runs the command."""
