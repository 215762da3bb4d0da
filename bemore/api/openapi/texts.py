"""The introduction of the OpenAPI document. Fields, bodies and responses are described where they are declared: ``bemore.schemas``."""

INTRODUCTION = """\
Counseling sessions, their telemetry (face frames, audio chunks, transcript snippets), and a score for every minute.

**Responses** are JSON in UTF-8: `{{"success": true, "data": …}}` or `{{"success": false, "error": {{"code", "message", …}}}}`,
both with `requestId`, `serverTs` and `modelVersion`. A request's `X-Request-Id` comes back in the header and the body;
without one the service makes one.

**Bodies** are JSON with the type `application/json`, `text/plain` or none, at most {max_body_bytes} bytes. They may be compressed:
`Content-Encoding: gzip`; the limit also holds for the uncompressed body. Unknown fields are ignored.

**Times** are whole milliseconds since the Unix epoch. In telemetry, those below 10¹¹ count from the session's start.
**Scores** are 0..1 with three decimals.

**Quotas**: {quotas} The headers `RateLimit-*` (and `X-RateLimit-*`, the same) say how much is left;
beyond the quota the response is 429 with `Retry-After`.

Malformed HTTP is refused with 400, a path that is too long with 414, headers that are too large with 431, all in the shape of a failure.
"""
