"""Talk measures by the rules of their contract: intervals, turns, response times, overlaps, silences, words."""

import pytest

from bemore.scoring.talk import merged, talk_measures

U, C = "user", "counselor"


def chunks(*spans):
    """Voiced chunks ``(speaker, start, end)`` in the order of their starts."""
    return sorted(((who, start, end, 1.0) for who, start, end in spans), key=lambda each: each[1])


def quiet(start, end, who=U):
    return who, start, end, 0.0


def test_without_a_speaker_there_is_no_talk():
    assert talk_measures([(None, 0, 1000, 1.0)], [(None, 0, 1000, "말")]) is None
    assert talk_measures([], []) is None


def test_intervals_up_to_300_ms_apart_are_one_and_parts_before_the_start_are_cut():
    assert merged([(-500, 100), (400, 500), (801, 900), (900, 900)], 300) == [(0, 500), (801, 900)]


def test_turns_shares_and_response_times():
    talk = talk_measures(chunks((U, 0, 1000), (C, 1500, 2500), (U, 2000, 4000), (U, 4200, 5000), (C, 5000, 6000)), [])
    user, counselor = talk["speakers"][U], talk["speakers"][C]
    assert talk["basis"] == "audio" and talk["overlapMs"] == 500
    assert (user["speechMs"], counselor["speechMs"]) == (4000, 2000)
    assert (user["share"], counselor["share"]) == (0.667, 0.333)
    assert (user["turns"], user["longestTurnMs"], user["longestTurnAt"], user["averageTurnMs"]) == (2, 3000, 2000, 2000)
    # The user starts before the counselor has ended: that is no response time.
    assert user["responseTime"] == {"count": 0, "medianMs": None}
    assert counselor["responseTime"] == {"count": 2, "medianMs": 250}


def test_halves_are_rounded_up():
    talk = talk_measures(chunks((U, 0, 1001), (C, 1400, 1500), (U, 1600, 2600), (C, 2601, 2700)), [])
    assert talk["speakers"][C]["responseTime"] == {"count": 2, "medianMs": 200}
    assert talk["speakers"][U]["averageTurnMs"] == 1001  # of 1001 and 1000


@pytest.mark.parametrize(("joint", "count"), [(50, 1), (51, 0)])
def test_a_silence_is_known_throughout_and_lies_between_two_voiced_intervals(joint, count):
    heard = [
        quiet(0, 4000), (U, 4000, 5000, 1.0), quiet(5000, 7000, C), quiet(7000 + joint, 9000), (C, 9000, 9500, 1.0), quiet(9500, 20_000),
    ]  # fmt: skip
    silences = talk_measures(heard, [])["silences"]
    assert silences["count"] == count
    if count:
        assert silences == {"count": 1, "totalMs": 4000, "longestMs": 4000, "longestAt": 5000, "brokenBy": {U: 0, C: 1}}
    else:
        assert silences["longestAt"] is None and silences["longestMs"] == 0


def test_where_both_speak_first_the_user_has_broken_the_silence():
    heard = [(C, 0, 1000, 1.0), quiet(1000, 5000), (U, 5000, 6000, 1.0), (C, 5000, 6000, 1.0)]
    assert talk_measures(heard, [])["silences"]["brokenBy"] == {U: 1, C: 0}


def test_audio_of_an_unknown_speaker_makes_no_silence_known():
    heard = [(C, 0, 1000, 1.0), (None, 1000, 5000, 0.0), (U, 5000, 6000, 1.0)]
    assert talk_measures(heard, [])["silences"]["count"] == 0


def test_without_audio_the_snippets_are_the_intervals_and_there_are_no_silences():
    talk = talk_measures([(None, 0, 60_000, 1.0)], [(U, 0, 12_000, "하나 둘 셋"), (C, 20_000, 25_000, "넷")])
    assert talk["basis"] == "transcript" and talk["silences"]["count"] == 0 and talk["silences"]["longestAt"] is None
    assert (talk["speakers"][U]["words"], talk["speakers"][U]["wordsPerMinute"]) == (3, 15.0)
    assert talk["speakers"][C]["wordsPerMinute"] is None, "less than ten seconds of speech"
