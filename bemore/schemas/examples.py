"""The ids, times and files in the examples of the OpenAPI document."""

SESSION_ID = "sess_1737250800_k3v9q2m7x1c8b5n4z6r0"
USER_ID = "user_minji"
COUNSELOR_ID = "counselor_kim"
TIME_MS = 1737250800000
TIMESTAMP = "2025-01-19T01:42:00.000Z"

FILES = {
    "text/vtt": "WEBVTT\n\n00:00:01.000 --> 00:00:04.200\n<v 김상담>오늘은 어떠셨어요?</v>\n",
    "application/x-subrip": "1\n00:00:01,000 --> 00:00:04,200\n오늘은 마음이 한결 편안해요.\n",
}
