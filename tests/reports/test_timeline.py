"""The transcript by turns, as pages show it."""

from bemore.reports.timeline import MAX_TURNS, Turn, turns


def test_what_a_speaker_says_without_a_break_is_one_turn_per_minute():
    transcript = [(-5, 900, "user", "가"), (1000, 2000, "user", "나"), (2000, 3000, "counselor", "다"), (3000, 61_000, "user", "라")]
    assert turns([*transcript, (61_000, 62_000, "user", "마")]) == [
        Turn(0, [("user", "가 나")]),
        Turn(2000, [("counselor", "다")]),
        Turn(3000, [("user", "라")]),
        Turn(61_000, [("user", "마")]),
    ]


def test_snippets_of_unknown_speakers_stand_alone():
    assert turns([(0, 1, None, "가"), (1, 2, None, "나")]) == [Turn(0, [(None, "가")]), Turn(1, [(None, "나")])]


def test_very_many_turns_are_shown_by_the_minute():
    transcript = [(second * 1000, second * 1000 + 900, ("user", "counselor")[second % 2], str(second)) for second in range(MAX_TURNS + 1)]
    shown = turns(transcript)
    assert [turn.start_ms for turn in shown] == [minute * 60_000 for minute in range(11)]
    assert [text for turn in shown for _, text in turn.said] == [str(second) for second in range(MAX_TURNS + 1)]
    assert shown[0].said[:2] == [("user", "0"), ("counselor", "1")]
