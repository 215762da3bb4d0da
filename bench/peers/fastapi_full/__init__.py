"""``fastapi-full``: what a good engineer would build instead of BeMore, from the usual parts.

FastAPI, pydantic, SQLAlchemy and ``limits`` do the duties of the mix: validation with the contract's bounds, partial success of batch-tick,
session check, upserts, totals, minute scores from stored data, a durable commit before the answer, quotas with their headers, request ids,
one envelope, an access log. It has no authentication, CORS, metrics, revisions (ETags) and no other endpoint; BeMore does more than it.
"""
