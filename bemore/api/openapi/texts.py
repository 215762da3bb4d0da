"""The words of the OpenAPI document: its introduction, what each field of a body is, an example of each body."""

INTRODUCTION = """\
Counseling sessions, their telemetry (face frames, audio chunks, transcript snippets), and a score for every minute.

**Answers** are JSON in UTF-8: `{{"success": true, "data": …}}` or `{{"success": false, "error": {{"code", "message", …}}}}`,
both with `requestId`, `serverTs` and `modelVersion`. The request's `X-Request-Id` comes back in the header and the body;
without one it is made here.

**Bodies** are JSON with the type `application/json`, `text/plain` or none, at most {max_body_bytes} bytes. They may be packed:
`Content-Encoding: gzip`; the limit counts after unpacking, too. Unknown fields are ignored.

**Times** are whole milliseconds since the Unix epoch. In telemetry, those below 10¹¹ count from the session's start.
**Scores** are 0..1 with three decimals.

**Quotas**: {quotas} The headers `RateLimit-*` (and `X-RateLimit-*`, the same) tell where a client stands;
beyond the quota the answer is 429 with `Retry-After`.

What is not even an HTTP request that can be read is refused with 400, a path that is too long with 414, headers that are
too large with 431, all in the shape of a failure.
"""

_TS = "milliseconds: below 10¹¹ since the session's start, from there on since the Unix epoch"
_START = f"When it began, {_TS}"
_END = "When it ended, counted as tsStart is, and not before it"

_PARTS = {
    "minuteIndex": "Minute of the session, counted from 0; the same minute again overwrites",
    "facialScore": "Score of the face, 0..1",
    "vadScore": "Score of the voice activity, 0..1",
    "textScore": "Score of the words, 0..1",
    "combinedScore": "The three scores in one, 0..1",
}

#: What each field is, by schema and name.
FIELDS = {
    "StartSession": {"userId": "Whose session it is", "counselorId": "Who counsels"},
    "GiveFeedback": {"rating": "From 1 (bad) to 5 (good)", "note": "What else there is to say; may be empty"},
    "ChooseCsv": {"kind": "Which table: `vad` has valence, arousal, dominance and scores, `emotion` has emotions and keywords"},
    "FindSessions": {
        "limit": "Most sessions on a page",
        "cursor": "The `nextCursor` of the page before",
        "status": "Only those in this state",
        "userId": "Only those of this user",
        "counselorId": "Only those of this counselor",
    },
    "ReadTranscript": {"limit": "Most snippets on a page", "cursor": "The `nextCursor` of the page before"},
    "ListSessions": {"limit": "Most sessions on a page", "cursor": "The `nextCursor` of the page before"},
    "Tick": {"minuteIndex": "Minute of the session, counted from 0; left out, the last complete one (0 before there is one)"},
    "MinuteItem": {
        **_PARTS,
        "keywords": "Words of the minute",
        "sentiment": "Sentiment of the minute's words",
        "confidence": "How sure the browser is, 0..1",
        "timestamp": "The browser's time of the minute, ISO 8601 with an offset or Z",
        "durationMs": "Length of the minute in milliseconds",
    },
    "BatchTick": {"sessionId": "The session", "items": "The minutes"},
    "FrameItem": {
        "ts": f"When the frame was taken, {_TS}; the same time again overwrites",
        "qualityScore": "How well the face was seen, 0..1",
        "faceLandmarksCompressed": "The face's points as the browser packed them; kept as it is",
        "landmarks": "The face's points, normalised or in pixels",
    },
    "AudioItem": {
        "tsStart": _START,
        "tsEnd": _END,
        "vad": "Whether somebody spoke, or how likely that is (0..1)",
        "rms": "Loudness, 0..1",
        "pitch": "Pitch of the voice in Hz; null without one",
    },
    "SttItem": {"tsStart": _START, "tsEnd": _END, "text": "What was said", "lang": "Language of the text (BCP 47)"},
    "UploadFrames": {"items": "The frames, stored all or none"},
    "UploadAudio": {"items": "The chunks, stored all or none"},
    "UploadStt": {"items": "The snippets, stored all or none"},
    "ChosenPreferences": {
        "fontScale": "Size of the letters",
        "layoutDensity": "How close things stand",
        "language": "Language of the page",
        "notificationsOptIn": "Whether notifications are wanted",
    },
    "SavePreferences": {"preferences": "What was chosen; what is left out stays as it is, settings of other names are passed over"},
    "FeelText": {"text": "The text; it is not stored", "lang": "Language of the text (BCP 47)"},
}

#: What the examples speak of.
SESSION_ID = "sess_1737250800_k3v9q2m7x1c8b5n4z6r0"
USER_ID = "user_minji"
COUNSELOR_ID = "counselor_kim"
TIME_MS = 1737250800000
TIMESTAMP = "2025-01-19T01:42:00.000Z"

_FIRST = {"minuteIndex": 0, "facialScore": 0.812, "vadScore": 0.64, "textScore": 0.7, "combinedScore": 0.738}
_SECOND = {"minuteIndex": 1, "facialScore": 0.774, "vadScore": 0.585, "textScore": 0.3, "combinedScore": 0.623}

#: Bodies that work, by schema: a value per summary.
EXAMPLES = {
    "StartSession": {"A user and a counselor": {"userId": USER_ID, "counselorId": COUNSELOR_ID}},
    "GiveFeedback": {
        "With a note": {"rating": 5, "note": "편하게 이야기할 수 있어서 좋았습니다."},
        "A rating alone": {"rating": 4},
    },
    "EmptyBody": {"Nothing to say": {}},
    "Tick": {"The first minute": {"minuteIndex": 0}, "The last complete minute": {}},
    "BatchTick": {
        "Two minutes": {
            "sessionId": SESSION_ID,
            "items": [
                {**_FIRST, "keywords": ["가족", "휴식"], "sentiment": "positive", "confidence": 0.91},
                {**_SECOND, "sentiment": "negative", "timestamp": TIMESTAMP, "durationMs": 60000},
            ],
        }
    },
    "UploadFrames": {
        "Points as they are": {
            "items": [
                {"ts": 0, "qualityScore": 0.86, "landmarks": [[0.512, 0.431, -0.02], [0.498, 0.447, -0.018]]},
                {"ts": 100, "qualityScore": 0.84, "landmarks": [{"x": 0.511, "y": 0.433, "z": -0.021}]},
            ]
        },
        "Points as the browser packed them": {"items": [{"ts": 1737250800200, "faceLandmarksCompressed": "eJyLjgUAARUAuQ=="}]},
    },
    "UploadAudio": {
        "Speech and a pause": {
            "items": [
                {"tsStart": 0, "tsEnd": 1000, "vad": True, "rms": 0.42, "pitch": 182.5},
                {"tsStart": 1000, "tsEnd": 2000, "vad": 0.08, "rms": 0.03, "pitch": None},
            ]
        }
    },
    "UploadStt": {
        "Two sentences": {
            "items": [
                {"tsStart": 0, "tsEnd": 3200, "text": "오늘은 마음이 한결 편안해요.", "lang": "ko"},
                {"tsStart": 3500, "tsEnd": 6800, "text": "지난주에는 잠을 거의 못 잤어요."},
            ]
        }
    },
    "SavePreferences": {
        "All of them": {
            "preferences": {"fontScale": "lg", "layoutDensity": "compact", "language": "en", "notificationsOptIn": False}
        },
        "One of them": {"preferences": {"fontScale": "xl"}},
    },
    "FeelText": {"A sentence": {"text": "오늘 너무 불안해요"}},
}
