"""The transcript as WebVTT and as plain text."""

from bemore.reports.language import LANGUAGES
from bemore.reports.transcript_files import plain_text, webvtt

KOREAN, ENGLISH = LANGUAGES["ko"], LANGUAGES["en"]

SNIPPETS = [
    (-200, 1500, "counselor", "안녕하세요?\n오늘은 어떠세요?"),
    (2000, 2000, "user", "A --> B & <i>그래요</i>"),
    (3000, 4000, "user", "좋아요."),
    (9000, 9500, "user", "그런데…"),
    (3_723_004, 3_724_000, None, "누구?"),
]


def test_webvtt_has_a_cue_with_a_voice_per_snippet_and_nothing_that_ends_one_early():
    assert webvtt(SNIPPETS, [(2500, "메모 --> 하나\n둘")], KOREAN) == (
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:00:01.500\n<v 상담사>안녕하세요? 오늘은 어떠세요?\n\n"
        "00:00:02.000 --> 00:00:02.001\n<v 내담자>A -&gt; B &amp; &lt;i&gt;그래요&lt;/i&gt;\n\n"
        "NOTE 00:00:02.500 메모 -> 하나 둘\n\n"
        "00:00:03.000 --> 00:00:04.000\n<v 내담자>좋아요.\n\n"
        "00:00:09.000 --> 00:00:09.500\n<v 내담자>그런데…\n\n"
        "01:02:03.004 --> 01:02:04.000\n누구?\n"
    )
    assert "<v Client>" in webvtt(SNIPPETS, [], ENGLISH) and "<v Counselor>" in webvtt(SNIPPETS, [], ENGLISH)


def test_plain_text_joins_runs_and_is_split_by_silences():
    silences = [(4000, 9000, "user")]
    assert plain_text(SNIPPETS, silences, KOREAN) == (
        "상1: 안녕하세요? 오늘은 어떠세요?\n내1: A --> B & <i>그래요</i> 좋아요.\n(침묵 5초)\n내2: 그런데…\n-: 누구?\n"
    )
    assert plain_text(SNIPPETS[2:4], silences, ENGLISH) == "U1: 좋아요.\n(silence, 5 s)\nU2: 그런데…\n"
