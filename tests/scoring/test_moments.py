"""Moments of a session: which there are, their values, and the words that belong to them."""

from bemore.scoring.moments import moments


def test_lowest_highest_and_change_with_their_values():
    found = moments([(0, 0.5), (1, 0.8), (2, 0.3), (4, 0.9)], [], [], [])
    assert [(each["kind"], each["startMs"], each["endMs"], each["value"]) for each in found] == [
        ("change", 60_000, 180_000, -0.5), ("lowest", 120_000, 180_000, 0.3), ("highest", 240_000, 300_000, 0.9),
    ]  # fmt: skip


def test_minutes_that_do_not_differ_have_no_lowest_and_no_change():
    assert moments([(0, 0.5), (1, 0.5)], [], [], []) == []
    assert moments([(0, 0.2), (2, 0.9)], [], [], [])[0]["kind"] == "lowest", "and minutes that are no neighbors no change"


def test_of_equals_the_earliest_counts_and_each_speaker_has_a_longest_turn():
    found = moments([], [(0, 4000, "user"), (9000, 13_000, "user")], [("user", 0, 10), ("counselor", 20, 50), ("user", 60, 70)], [])
    assert [(each["kind"], each["startMs"], each["value"], each.get("speaker")) for each in found] == [
        ("silence", 0, 4000, None), ("longest-turn", 0, 10, "user"), ("longest-turn", 20, 30, "counselor"),
    ]  # fmt: skip


def test_quotes_are_the_two_nearest_to_the_middle_and_at_most_200_characters():
    snippets = [(0, "user", "처음"), (1900, None, "가" * 201), (2100, "counselor", "둘"), (4000, "user", "밖")]
    (found,) = moments([], [(0, 4000, "user")], [], snippets)
    assert [(quote["tsStart"], quote["speaker"]) for quote in found["quotes"]] == [(1900, None), (2100, "counselor")]
    assert len(found["quotes"][0]["text"]) == 200 and found["quotes"][0]["text"].endswith("…")
