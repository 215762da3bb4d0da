"""Talk measures by the rules of their contract: intervals, turns, response times, overlaps, silences, words."""

import pytest

from bemore.scoring.talk import Snippet, conversation, merged, talk_measures

U, C = "user", "counselor"


def measured(heard, said=()):
    """The measures of chunks ``(speaker, start, end, vad)`` in the order of their starts and snippets ``(speaker, start, end, text)``."""
    snippets = [Snippet(start, end, who, len(text.split()), text) for who, start, end, text in said]
    spoken = {name: [chunk for who, *chunk in heard if who == name] for name in (U, C)}
    talk = conversation(spoken, snippets)
    return talk and talk_measures(talk, snippets)


def chunks(*spans):
    """Voiced chunks ``(speaker, start, end)`` in the order of their starts."""
    return sorted(((who, start, end, 1.0) for who, start, end in spans), key=lambda each: each[1])


def quiet(start, end, who=U):
    return who, start, end, 0.0


def test_without_a_speaker_there_is_no_talk():
    assert measured([(None, 0, 1000, 1.0)], [(None, 0, 1000, "말")]) is None
    assert measured([]) is None


def test_audio_of_one_speaker_is_the_basis_even_if_nobody_spoke():
    talk = measured([quiet(0, 5000)], [(C, 0, 12_000, "하나 둘")])
    assert talk["basis"] == "audio" and talk["speakers"][U]["share"] is None
    assert talk["speakers"][C] == {
        "speechMs": 0, "share": None, "turns": 0, "longestTurnMs": 0, "longestTurnAt": None, "averageTurnMs": 0, "words": 2,
        "wordsPerMinute": None, "responseTime": {"count": 0, "medianMs": None},
    }  # fmt: skip
    assert talk["silences"] == {"count": 0, "totalMs": 0, "longestMs": 0, "longestAt": None, "brokenBy": {U: 0, C: 0}}


def test_intervals_up_to_300_ms_apart_are_one_and_parts_before_the_start_are_cut():
    assert merged([(-500, 100), (400, 500), (801, 900), (900, 900)], 300) == [(0, 500), (801, 900)]


def test_turns_shares_and_response_times():
    talk = measured(chunks((U, 0, 1000), (C, 1500, 2500), (U, 2000, 4000), (U, 4200, 5000), (C, 5000, 6000)))
    user, counselor = talk["speakers"][U], talk["speakers"][C]
    assert talk["basis"] == "audio" and talk["overlapMs"] == 500
    assert (user["speechMs"], counselor["speechMs"]) == (4000, 2000)
    assert (user["share"], counselor["share"]) == (0.667, 0.333)
    assert (user["turns"], user["longestTurnMs"], user["longestTurnAt"], user["averageTurnMs"]) == (2, 3000, 2000, 2000)
    # The user starts before the counselor has ended: that is no response time.
    assert user["responseTime"] == {"count": 0, "medianMs": None}
    assert counselor["responseTime"] == {"count": 2, "medianMs": 250}


def test_halves_are_rounded_up():
    talk = measured(chunks((U, 0, 1001), (C, 1400, 1500), (U, 1600, 2600), (C, 2601, 2700)))
    assert talk["speakers"][C]["responseTime"] == {"count": 2, "medianMs": 200}
    assert talk["speakers"][U]["averageTurnMs"] == 1001  # of 1001 and 1000
    share = measured(chunks((U, 0, 1000), (C, 1000, 16_000)))["speakers"]
    assert (share[U]["share"], share[C]["share"]) == (0.063, 0.938)  # of 0.0625 and 0.9375
    spoken = measured(chunks((U, 0, 40_000)), [(U, 0, 9, "하나 둘 셋"), (C, 0, 9, "넷")])["speakers"][U]
    assert (spoken["words"], spoken["wordsPerMinute"]) == (3, 4.5)
    assert measured(chunks((U, 0, 80_000)), [(U, 0, 9, "하나")])["speakers"][U]["wordsPerMinute"] == 0.8  # of 0.75


def test_with_equal_times_the_user_comes_first_and_equal_turns_are_told_by_the_earliest():
    talk = measured(chunks((C, 0, 1000), (U, 0, 1000), (U, 5000, 6000)))
    assert (talk["speakers"][U]["turns"], talk["speakers"][U]["longestTurnAt"]) == (2, 0)
    # The counselor's turn follows the user's and begins before that ends.
    assert talk["speakers"][C]["responseTime"]["count"] == 0 and talk["speakers"][U]["responseTime"] == {"count": 1, "medianMs": 4000}


def test_voice_activity_of_a_half_is_voiced():
    talk = measured([(U, 0, 1000, 0.5), (U, 2000, 3000, 0.499)])
    assert talk["speakers"][U]["speechMs"] == 1000


@pytest.mark.parametrize(("length", "count"), [(2999, 0), (3000, 1)])
def test_a_silence_lasts_three_seconds(length, count):
    heard = [(U, 0, 1000, 1.0), quiet(1000, 1000 + length), (U, 1000 + length, 5000, 1.0)]
    assert measured(heard)["silences"]["count"] == count


def test_the_longest_silence_is_the_earliest_of_equals_and_what_is_open_to_one_side_is_none():
    heard = [quiet(0, 4000), *((U, at, at + 1000, 1.0) if at % 5000 == 4000 else quiet(at, at + 1000) for at in range(4000, 19_000, 1000))]
    assert measured(heard)["silences"] == {
        "count": 2, "totalMs": 8000, "longestMs": 4000, "longestAt": 5000, "brokenBy": {U: 2, C: 0},
    }  # fmt: skip


@pytest.mark.parametrize(("joint", "count"), [(50, 1), (51, 0)])
def test_a_silence_is_known_throughout_and_lies_between_two_voiced_intervals(joint, count):
    heard = [
        quiet(0, 4000), (U, 4000, 5000, 1.0), quiet(5000, 7000, C), quiet(7000 + joint, 9000), (C, 9000, 9500, 1.0), quiet(9500, 20_000),
    ]  # fmt: skip
    silences = measured(heard)["silences"]
    assert silences["count"] == count
    if count:
        assert silences == {"count": 1, "totalMs": 4000, "longestMs": 4000, "longestAt": 5000, "brokenBy": {U: 0, C: 1}}
    else:
        assert silences["longestAt"] is None and silences["longestMs"] == 0


def test_where_both_speak_first_the_user_has_broken_the_silence():
    heard = [(C, 0, 1000, 1.0), quiet(1000, 5000), (U, 5000, 6000, 1.0), (C, 5000, 6000, 1.0)]
    assert measured(heard)["silences"]["brokenBy"] == {U: 1, C: 0}


def test_audio_of_an_unknown_speaker_makes_no_silence_known():
    heard = [(C, 0, 1000, 1.0), (None, 1000, 5000, 0.0), (U, 5000, 6000, 1.0)]
    assert measured(heard)["silences"]["count"] == 0


def test_without_audio_the_snippets_are_the_intervals_and_there_are_no_silences():
    talk = measured([(None, 0, 60_000, 1.0)], [(U, 0, 12_000, "하나 둘 셋"), (C, 20_000, 25_000, "넷")])
    assert talk["basis"] == "transcript" and talk["silences"]["count"] == 0 and talk["silences"]["longestAt"] is None
    assert (talk["speakers"][U]["words"], talk["speakers"][U]["wordsPerMinute"]) == (3, 15.0)
    assert talk["speakers"][C]["wordsPerMinute"] is None, "less than ten seconds of speech"
