"""A report as a PDF: A4, one to three pages whatever the session held, under 300 KB.

What could run on without end is cut with an ellipsis or a count of what is left out: names, keywords, notes, sentences.
The report's JSON has it whole.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bemore.reports.pdf import chart as pdf_chart
from bemore.reports import wording
from bemore.reports.observations import observations
from bemore.reports.pdf.page import (
    ACCENT,
    ACCENT_SOFT,
    BOTTOM,
    CENTER,
    FACIAL,
    GAP,
    MARGIN,
    PADDING,
    RIGHT,
    SOFT,
    TEXT,
    VOICE,
    WIDTH,
    WORDS,
    Pages,
    line_height,
)
from bemore.scoring.narrative import EMOTION_NAMES
from bemore.scoring.wording import duration, percent

MOST_CHIP_ROWS = 8
MOST_LINES = 16
MOST_NOTES = 4
TITLE = 8.0
"""Height of a card's title, mm."""

CLOSING = GAP + 2 * line_height(8)
"""Height of the closing lines and the gap above them, mm."""


@dataclass(frozen=True, slots=True)
class Card:
    """A part of the report in a box: its title, the height of its inside, and how that is drawn at ``(x, y, width)``."""

    title: str
    inside: float
    draw: Callable[[float, float, float], None]

    @property
    def height(self) -> float:
        return self.inside + TITLE + 2 * PADDING - 2


def pdf(report: Mapping) -> bytes:
    """A report's dict as a PDF file; the same dict gives the same bytes."""
    started = wording.korean_time(report["startedAt"])
    foot = f"BeMore 상담 세션 리포트, {wording.clipped(report['sessionId'], 60)}"
    pages = Pages(f"상담 세션 리포트 {started}", foot, report["generatedAt"])
    y = _head(pages, report)
    y = _facts(pages, report, y)
    y = _tiles(pages, report, y)
    half = (WIDTH - GAP) / 2
    rows = [
        [_scores(pages, report)],
        [_voice(pages, report["vadSummary"], half), _affect(pages, report["vadVector"])],
        [_emotions(pages, report["emotionDistribution"]), _keywords(pages, report["keywords"], half)],
        [_sentences(pages, "관찰", observations(report))],
        [_sentences(pages, "제안", report["recommendations"])],
        [_feedback(pages, report["feedback"])] if report["feedback"] else [],
    ]
    rows = [cards for cards in rows if cards]
    for number, cards in enumerate(rows, 1):
        # The closing lines go with the last cards, never alone onto a page.
        y = _place(pages, cards, y, below=CLOSING if number == len(rows) else 0.0)
    _closing(pages, report, y)
    return pages.finish()


def _place(pages, cards, y, below):
    """Draw cards beside each other, on the next page where they and the room ``below`` do not fit; answer where the next ones go."""
    height = max(card.height for card in cards)
    if y + height + below > BOTTOM:
        pages.add_page()
        y = MARGIN
    width = (WIDTH - GAP * (len(cards) - 1)) / len(cards)
    for number, card in enumerate(cards):
        x = MARGIN + number * (width + GAP)
        pages.box(x, y, width, height)
        pages.write_at(x + PADDING, y + PADDING - 1, card.title, size=11, bold=True)
        card.draw(x + PADDING, y + PADDING + TITLE - 1, width - 2 * PADDING)
    return y + height + GAP


def _head(pages, report):
    pages.write_at(MARGIN, MARGIN - 2, "상담 세션 리포트", size=20, bold=True)
    line = f"{wording.korean_time(report['startedAt'])} 시작 (한국 시각), {report['durationFormatted']}"
    pages.write_at(MARGIN, MARGIN + 8.5, line, size=10, color=SOFT)
    state = wording.STATES.get(report["status"], report["status"])
    width = pages.width_of(pages.printable(state), 9) + 8
    pages.box(MARGIN + WIDTH - width, MARGIN, width, 6.6, fill=ACCENT_SOFT, radius=3.3)
    pages.write_at(MARGIN + WIDTH - width, MARGIN + 1.1, state, size=9, color=ACCENT, bold=True, width=width, align=CENTER)
    return MARGIN + 18


def _facts(pages, report, y):
    stats = report["stats"]
    facts = (
        ("세션", report["sessionId"], 0, 0),
        ("내담자", report["userId"], 2, 0),
        ("상담자", report["counselorId"], 3, 0),
        ("종료", wording.korean_time(report["endedAt"]), 0, 1),
        ("얼굴 프레임", f"{stats['totalFrames']:,}개", 1, 1),
        ("음성 조각", f"{stats['totalAudioChunks']:,}개", 2, 1),
        ("자막", f"{stats['totalSttSnippets']:,}개", 3, 1),
    )
    pages.box(MARGIN, y, WIDTH, 29)
    step = (WIDTH - 2 * PADDING) / 4
    for name, value, column, row in facts:
        x, top = MARGIN + PADDING + column * step, y + 4 + row * 12
        width = (2 * step if name == "세션" else step) - 4
        pages.write_at(x, top, name, size=8, color=SOFT)
        pages.write_at(x, top + 4.2, value, size=9.5, width=width)
    return y + 29 + GAP


def _tiles(pages, report, y):
    stats, summary = report["stats"], report["summary"]
    tiles = (
        ("평균 종합 점수", summary["averageScore"], ACCENT),
        ("최고", summary["maxScore"], None),
        ("최저", summary["minScore"], None),
        ("얼굴 평균", stats["avgFacialScore"], FACIAL),
        ("음성 평균", stats["avgVadScore"], VOICE),
        ("텍스트 평균", stats["avgTextScore"], WORDS),
    )
    width = (WIDTH - 5 * 3) / 6
    for number, (name, value, color) in enumerate(tiles):
        x = MARGIN + number * (width + 3)
        pages.box(x, y, width, 18, fill=ACCENT_SOFT if number == 0 else None)
        if color:
            pages.box(x + 3.5, y, width - 7, 0.9, fill=color, radius=0)
        pages.write_at(x + 3.5, y + 3.2, name, size=8, color=SOFT)
        shown = wording.score(value if stats["totalMinutes"] else None)
        pages.write_at(x + 3.5, y + 8, shown, size=15, bold=True, color=TEXT if number else ACCENT)
    return y + 18 + GAP


def _scores(pages, report):
    if not report["minutes"]:
        return _note(pages, "분별 점수", "채점된 시간이 없습니다.")
    height = 82.0
    return Card("분별 점수", height, lambda x, y, width: pdf_chart.draw(pages, report["minutes"], x, y, width, height))


def _voice(pages, voice, card_width):
    if not voice["speechBurstCount"] and not voice["pauseCount"]:
        return _note(pages, "음성", voice["summary"], card_width)
    said = pages.wrapped(voice["summary"], card_width - 2 * PADDING, 8.5, most=3)
    facts = (
        ("평균 멈춤", duration(voice["averagePauseDuration"])),
        ("가장 긴 멈춤", duration(voice["longestPause"])),
        ("멈춘 횟수", f"{voice['pauseCount']:,}회"),
        ("평균 발화", duration(voice["averageSpeechBurst"])),
        ("발화 횟수", f"{voice['speechBurstCount']:,}회"),
    )

    def draw(x, y, width):
        _bar_row(pages, x, y, width, "말한 시간", percent(voice["speechRatio"]))
        pages.bar(x, y + 5.4, width, voice["speechRatio"], VOICE)
        _bar_row(pages, x, y + 10.5, width, "멈춘 시간", percent(voice["pauseRatio"]))
        pages.bar(x, y + 15.9, width, voice["pauseRatio"], SOFT)
        for number, (name, value) in enumerate(facts):
            left, top = x + number % 3 * width / 3, y + 22 + number // 3 * 10.5
            pages.write_at(left, top, name, size=8, color=SOFT)
            pages.write_at(left, top + 4, value, size=9.5, width=width / 3 - 1)
        pages.write_lines(x, y + 43.5, said, size=8.5, color=SOFT)

    return Card("음성", 43.5 + len(said) * line_height(8.5), draw)


def _affect(pages, vector):
    if vector is None:
        return _note(pages, "정서 값", "계산할 자료가 없습니다.")

    def draw(x, y, width):
        for number, (key, name, low, high) in enumerate(wording.AXES):
            top, value = y + number * 17.5, vector[key]
            _bar_row(pages, x, top, width, name, wording.score(value))
            pages.bar(x, top + 5.4, width, abs(value) / 2, ACCENT, start=0.5 + min(value, 0) / 2)
            pages.polyline([(x + width / 2, top + 4.8), (x + width / 2, top + 8.4)], SOFT, 0.3)
            pages.write_at(x, top + 8.6, f"{low} -1", size=7.5, color=SOFT)
            pages.write_at(x, top + 8.6, f"{high} 1", size=7.5, color=SOFT, width=width, align=RIGHT)

    return Card("정서 값 (-1~1)", 3 * 17.5 - 4, draw)


def _emotions(pages, shares):
    if not shares:
        return _note(pages, "감정 분포", "계산할 자료가 없습니다.")

    def draw(x, y, width):
        for number, (emotion, share) in enumerate(shares.items()):
            top = y + number * 10
            _bar_row(pages, x, top, width, EMOTION_NAMES[emotion], wording.share(share))
            pages.bar(x, top + 5.4, width, share, ACCENT)

    return Card("감정 분포 (분 단위)", len(shares) * 10 - 2, draw)


def _keywords(pages, keywords, card_width):
    if not keywords:
        return _note(pages, "주요 단어", "모인 단어가 없습니다.")
    chips, rows = _chips(pages, keywords, card_width - 2 * PADDING)

    def draw(x, y, width):
        for row, left, chip_width, word, count in chips:
            top = y + row * 7.8
            pages.box(x + left, top, chip_width, 6.2, fill=ACCENT_SOFT, radius=3.1)
            pages.write_at(x + left + 3, top + 0.9, word, size=9)
            pages.write_at(x + left + 3, top + 1.2, count, size=7.5, color=SOFT, width=chip_width - 6, align=RIGHT)

    return Card("주요 단어", rows * 7.8 - 1.6, draw)


def _chips(pages, keywords, width):
    """Where each keyword goes, as ``(row, left, width, word, count)``, and the number of rows."""
    chips, row, left = [], 0, 0.0
    for each in keywords:
        count = f"{each['count']:,}회"
        beside = pages.width_of(count, 7.5) + 1.6 + 6
        word = pages.fitting(each["keyword"], min(width - beside, 34.0), 9)
        chip_width = pages.width_of(word, 9) + beside + 0.4
        if left and left + chip_width > width:
            row, left = row + 1, 0.0
        if row == MOST_CHIP_ROWS:
            return chips, row
        chips.append((row, left, chip_width, word, count))
        left += chip_width + 1.8
    return chips, row + 1


def _sentences(pages, title, sentences):
    items, room = [], MOST_LINES
    for sentence in sentences:
        items.append(pages.wrapped(sentence, WIDTH - 2 * PADDING - 4, 9.5, most=3))
        room -= len(items[-1])
        if room < 0:
            items.pop()
            break
    return _items(pages, title, items) if items else _note(pages, title, "없습니다.")


def _feedback(pages, feedback):
    newest = feedback[-MOST_NOTES:][::-1]
    items = []
    for each in newest:
        items.append([f"{each['rating']} / 5점, {wording.korean_time(each['submittedAt'])}"])
        items[-1] += pages.wrapped(each["note"] or "", WIDTH - 2 * PADDING - 4, 9.5, most=3)
    left_out = len(feedback) - len(newest)
    return _items(pages, f"피드백 (최근 {len(newest)}건, 모두 {len(feedback)}건)" if left_out else "피드백", items)


def _items(pages, title: str, items: Sequence[Sequence[str]]) -> Card:
    """A card with a list: each item is its lines."""

    def draw(x, y, width):
        for item in items:
            pages.dot(x + 1, y + 2.3, 0.7, ACCENT)
            pages.write_lines(x + 4, y, item)
            y += len(item) * line_height(9.5) + 1.4

    return Card(title, sum(len(item) * line_height(9.5) + 1.4 for item in items) - 1.4, draw)


def _note(pages, title: str, text: str, card_width: float = WIDTH) -> Card:
    lines = pages.wrapped(text, card_width - 2 * PADDING, 9.5, most=3)
    return Card(title, len(lines) * line_height(9.5), lambda x, y, width: pages.write_lines(x, y, lines, color=SOFT))


def _bar_row(pages, x, y, width, name, value):
    pages.write_at(x, y, name, size=9)
    pages.write_at(x, y, value, size=9, width=width, align=RIGHT)


def _closing(pages, report, y):
    lines = (
        "점수는 0에서 1, 정서 값은 -1에서 1 사이의 값입니다. 측정된 값을 설명할 뿐 의학적 판단을 담지 않습니다.",
        f"{wording.korean_time(report['generatedAt'])} 작성 (한국 시각), 규칙 {wording.clipped(report['modelVersion'], 40)}",
    )
    pages.write_lines(MARGIN, y, lines, size=8, color=SOFT)
