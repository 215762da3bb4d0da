"""``SCORE_SPEAKER``: whose telemetry is scored."""

import pytest

from tests.support.reported import data, send
from tests.support.samples import audio, frames, start_session, stt

from bemore.settings import Settings, SettingsError

USER_ALONE = pytest.mark.settings(SCORE_SPEAKER="user", INFERENCE_MODEL_VERSION="rules-v1.0-user")


def of_three(client):
    """The id of a session in which the user, the counselor and somebody unknown are all different."""
    session_id = start_session(client)
    for who, quality, vad, text in (("user", 0.2, 1, "정말 행복해요"), ("counselor", 0.9, 0, "너무 슬퍼요"), (None, 0.4, 1, "정말 행복해요")):
        send(client, session_id, "frames", {"items": frames(10, qualityScore=quality, speaker=who)})
        send(client, session_id, "audio", {"items": audio(10, vad=vad, rms=0.5, speaker=who)})
        send(client, session_id, "stt", {"items": stt(1, text=text, speaker=who)})
    return session_id


EVERYBODY = {
    "facialScore": 0.5, "vadScore": 0.617, "textScore": 0.567,
    "dataPoints": {"frameCount": 30, "audioChunkCount": 30, "sttSnippetCount": 3},
}  # fmt: skip
WITHOUT = {
    "facialScore": 0.3, "vadScore": 0.85, "textScore": 0.7,
    "dataPoints": {"frameCount": 20, "audioChunkCount": 20, "sttSnippetCount": 2},
}  # fmt: skip


def scored(client, session_id):
    reported = send(client, session_id, "tick", {"minuteIndex": 0})
    return {name: reported[name] for name in EVERYBODY}


def test_everybody_is_scored_by_default(client):
    assert scored(client, of_three(client)) == EVERYBODY


@USER_ALONE
def test_the_counselor_is_left_out_by_tick_and_by_the_end(client):
    session_id = of_three(client)
    assert scored(client, session_id) == WITHOUT
    ended = of_three(client)
    send(client, ended, "end")
    (minute,) = data(client, ended)["minutes"]
    assert {name: minute[name] for name in WITHOUT} == WITHOUT and minute["modelVersion"] == "rules-v1.0-user"


@pytest.mark.parametrize(("given", "said"), [
    ({"SCORE_SPEAKER": "user"}, "INFERENCE_MODEL_VERSION must not be rules-v1.0 with SCORE_SPEAKER=user"),
    ({"SCORE_SPEAKER": "counselor"}, "SCORE_SPEAKER"),
])  # fmt: skip
def test_scores_of_the_user_alone_need_a_version_of_their_own(given, said):
    with pytest.raises(SettingsError, match=said):
        Settings.from_env(given)
