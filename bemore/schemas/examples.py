"""The ids and times that the examples of the OpenAPI document share."""

SESSION_ID = "sess_1737250800_k3v9q2m7x1c8b5n4z6r0"
USER_ID = "user_minji"
COUNSELOR_ID = "counselor_kim"
TIME_MS = 1737250800000
TIMESTAMP = "2025-01-19T01:42:00.000Z"
