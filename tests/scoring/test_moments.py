"""Moments of a session: which there are, their values, and the words that belong to them."""

from bemore.scoring.moments import moments
from bemore.scoring.talk import Snippet


def test_lowest_highest_and_change_with_their_values():
    result = moments([(0, 0.5), (1, 0.8), (2, 0.3), (4, 0.9)], [], [], [])
    assert [(each["kind"], each["startMs"], each["endMs"], each["value"]) for each in result] == [
        ("change", 60_000, 180_000, -0.5), ("lowest", 120_000, 180_000, 0.3), ("highest", 240_000, 300_000, 0.9),
    ]  # fmt: skip


def test_minutes_that_do_not_differ_have_no_lowest_and_no_change():
    assert moments([(0, 0.5), (1, 0.5)], [], [], []) == []
    assert moments([(0, 0.2), (2, 0.9)], [], [], [])[0]["kind"] == "lowest", "and minutes that are no neighbors no change"


def test_of_equals_the_earliest_counts_and_each_speaker_has_a_longest_turn():
    result = moments([], [(0, 4000, "user"), (9000, 13_000, "user")], [("user", 0, 10), ("counselor", 20, 50), ("user", 60, 70)], [])
    assert [(each["kind"], each["startMs"], each["value"], each.get("speaker")) for each in result] == [
        ("silence", 0, 4000, None), ("longest-turn", 0, 10, "user"), ("longest-turn", 20, 30, "counselor"),
    ]  # fmt: skip


def test_quotes_are_the_two_nearest_to_the_middle_and_at_most_200_characters():
    said = [(0, "user", "처음"), (1900, None, "가" * 201), (2100, "counselor", "둘"), (4000, "user", "밖")]
    snippets = [Snippet(start, start + 9, speaker, 1, text) for start, speaker, text in said]
    (result,) = moments([], [(0, 4000, "user")], [], snippets)
    assert [(quote["tsStart"], quote["speaker"]) for quote in result["quotes"]] == [(1900, None), (2100, "counselor")]
    assert len(result["quotes"][0]["text"]) == 200 and result["quotes"][0]["text"].endswith("…")


def test_what_was_said_before_the_start_was_said_at_the_start_and_200_characters_are_whole():
    (result,) = moments([], [(0, 4000, "user")], [], [Snippet(-500, 9, "user", 1, "가" * 200)])
    assert result["quotes"] == [{"tsStart": 0, "speaker": "user", "text": "가" * 200}]


def test_of_equal_minutes_and_changes_the_earliest_counts_and_differences_are_decimal():
    result = moments([(0, 0.1), (1, 0.3), (2, 0.1), (3, 0.3)], [], [], [])
    assert [(each["kind"], each["startMs"], each["value"]) for each in result] == [
        ("lowest", 0, 0.1), ("change", 0, 0.2), ("highest", 60_000, 0.3),
    ]  # fmt: skip
