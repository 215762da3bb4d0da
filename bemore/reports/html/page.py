"""A report as one HTML page that needs nothing else: no script, no outside request, its chart inline.

Every text goes through ``_text``, which escapes it; text from users is set apart with ``<bdi>`` besides, so that its
direction cannot turn what stands around it.
"""

from collections.abc import Mapping, Sequence
from html import escape

from bemore.reports import chart, wording
from bemore.reports.html.style import CONTENT_SECURITY_POLICY, STYLE, STYLE_HASH
from bemore.reports.observations import observations
from bemore.scoring.narrative import EMOTION_NAMES
from bemore.scoring.wording import duration, percent

__all__ = ["CONTENT_SECURITY_POLICY", "STYLE_HASH", "html"]

OPEN_MINUTES = 30
"""A table of so many minutes stands open; a longer one is folded, and left out of print."""

MOST_NOTES = 50
MOST_MINUTES = 1_000
"""More rows than these make no page; the CSV has them all."""


def html(report: Mapping, *, nonce: str | None = None) -> str:
    """A report's dict as a page.

    Send it as ``text/html; charset=utf-8`` with :data:`CONTENT_SECURITY_POLICY`; where a policy of the caller names a nonce
    instead of the style's hash, give it as ``nonce``.
    """
    attribute = f' nonce="{escape(nonce)}"' if nonce else ""
    title = f"상담 세션 리포트 {wording.korean_time(report['startedAt'])}"
    return (
        '<!DOCTYPE html>\n<html lang="ko">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n<meta name="referrer" content="no-referrer">\n'
        f'<link rel="icon" href="data:,">\n<title>{_text(title)}</title>\n<style{attribute}>{STYLE}</style>\n</head>\n<body>\n<main>\n'
        + "\n".join(filter(None, _sections(report)))
        + "\n</main>\n</body>\n</html>\n"
    )


def _sections(report):
    yield _header(report)
    yield _facts(report)
    yield _tiles(report)
    yield _scores(report)
    yield _pair(_voice(report["vadSummary"]), _affect(report["vadVector"]))
    yield _pair(_emotions(report["emotionDistribution"]), _keywords(report["keywords"]))
    yield _sentences("관찰", observations(report))
    yield _sentences("제안", report["recommendations"])
    yield _feedback(report["feedback"])
    yield _minutes(report)
    yield _footer(report)


def _header(report):
    state = wording.STATES.get(report["status"], report["status"])
    started = wording.korean_time(report["startedAt"])
    return (
        f'<header><h1>상담 세션 리포트</h1><span class="state">{_text(state)}</span>'
        f"<p>{started} 시작 (한국 시각), {_text(report['durationFormatted'])}</p></header>"
    )


def _facts(report):
    stats = report["stats"]
    facts = [
        ("세션", _user(report["sessionId"]), "long"),
        ("내담자", _user(report["userId"]), ""),
        ("상담자", _user(report["counselorId"]), ""),
        ("종료", wording.korean_time(report["endedAt"]), ""),
        ("얼굴 프레임", f"{stats['totalFrames']:,}개", ""),
        ("음성 조각", f"{stats['totalAudioChunks']:,}개", ""),
        ("자막", f"{stats['totalSttSnippets']:,}개", ""),
    ]
    return f'<section class="card" aria-label="세션 정보">{_list_of_facts("facts", facts)}</section>'


def _list_of_facts(kind, facts):
    entries = (f'<div{_class(extra)}><dt>{name}</dt><dd>{value}</dd></div>' for name, value, extra in facts)
    return f'<dl class="{kind}">{"".join(entries)}</dl>'


def _tiles(report):
    stats, summary = report["stats"], report["summary"]
    with_scores = bool(stats["totalMinutes"])
    tiles = [
        ("평균 종합 점수", summary["averageScore"], "main"),
        ("최고", summary["maxScore"], ""),
        ("최저", summary["minScore"], ""),
        ("얼굴 평균", stats["avgFacialScore"], "facial"),
        ("음성 평균", stats["avgVadScore"], "voice"),
        ("텍스트 평균", stats["avgTextScore"], "text"),
    ]
    return (
        '<section class="tiles" aria-label="점수 요약">'
        + "".join(
            f'<div class="{f"tile {kind}".strip()}"><span>{name}</span><b>{wording.score(value if with_scores else None)}</b></div>'
            for name, value, kind in tiles
        )
        + "</section>"
    )


def _scores(report):
    drawn = chart.lines(report["minutes"])
    if drawn is None:
        return '<section class="card"><h2>분별 점수</h2><p class="note">채점된 시간이 없습니다.</p></section>'
    means = f'<p class="note">점 하나는 {drawn.step}분의 평균입니다.</p>' if drawn.step > 1 else ""
    return (
        f'<section class="card"><div class="head"><h2>분별 점수</h2>{chart.legend()}</div>'
        f'<div class="plot">{chart.svg(report["minutes"])}</div>{means}</section>'
    )


def _voice(voice):
    ratios = (("말한 시간", "speechRatio", "voice"), ("멈춘 시간", "pauseRatio", "pause"))
    rows = "".join(
        f'<li><div class="row"><span>{name}</span><span>{percent(voice[key])}</span></div>'
        f"{chart.bar(voice[key], kind, f'{name} {percent(voice[key])}')}</li>"
        for name, key, kind in ratios
    )
    facts = [
        ("평균 멈춤", duration(voice["averagePauseDuration"]), ""),
        ("가장 긴 멈춤", duration(voice["longestPause"]), ""),
        ("멈춘 횟수", f"{voice['pauseCount']:,}회", ""),
        ("평균 발화", duration(voice["averageSpeechBurst"]), ""),
        ("발화 횟수", f"{voice['speechBurstCount']:,}회", ""),
    ]
    if not voice["speechBurstCount"] and not voice["pauseCount"]:
        return f'<section class="card"><h2>음성</h2><p class="note">{_text(voice["summary"])}</p></section>'
    return (
        f'<section class="card"><h2>음성</h2><ul class="rows">{rows}</ul>{_list_of_facts("facts voice", facts)}'
        f'<p class="note">{_text(voice["summary"])}</p></section>'
    )


def _affect(vector):
    if vector is None:
        return '<section class="card"><h2>정서 값</h2><p class="note">계산할 자료가 없습니다.</p></section>'
    rows = "".join(
        f'<li><div class="row"><span>{name}</span><span>{wording.score(vector[key])}</span></div>'
        f"{chart.balance(vector[key], f'{name} {wording.score(vector[key])}')}"
        f'<div class="ends"><span>{low} -1</span><span>{high} 1</span></div></li>'
        for key, name, low, high in wording.AXES
    )
    return f'<section class="card"><h2>정서 값 (-1~1)</h2><ul class="rows">{rows}</ul></section>'


def _emotions(shares):
    if not shares:
        return '<section class="card"><h2>감정 분포</h2><p class="note">계산할 자료가 없습니다.</p></section>'
    rows = "".join(
        f'<li><div class="row"><span>{_emotion(emotion)}</span><span>{wording.share(share)}</span></div>'
        f"{chart.bar(share, 'emotion', wording.share(share))}</li>"
        for emotion, share in shares.items()
    )
    return f'<section class="card"><h2>감정 분포 (분 단위)</h2><ul class="rows">{rows}</ul></section>'


def _keywords(keywords):
    if not keywords:
        return '<section class="card"><h2>주요 단어</h2><p class="note">모인 단어가 없습니다.</p></section>'
    words = "".join(
        f'<li>{_user(each["keyword"], 40)}<span class="count">{each["count"]:,}회</span></li>' for each in keywords
    )
    return f'<section class="card"><h2>주요 단어</h2><ul class="chips">{words}</ul></section>'


def _sentences(title: str, sentences: Sequence[str]) -> str:
    said = "".join(f"<li>{_text(sentence)}</li>" for sentence in sentences)
    said = f'<ul class="said">{said}</ul>' if said else '<p class="note">없습니다.</p>'
    return f'<section class="card"><h2>{title}</h2>{said}</section>'


def _feedback(feedback):
    if not feedback:
        return ""
    entries = "".join(
        f'<li><b>{each["rating"]} / 5점</b><span class="note">{wording.korean_time(each["submittedAt"])}</span>'
        + _note(each["note"])
        + "</li>"
        for each in feedback[: -MOST_NOTES - 1 : -1]
    )
    left_out = len(feedback) - MOST_NOTES
    older = f'<p class="note">이전 피드백 {left_out:,}건은 줄였습니다.</p>' if left_out > 0 else ""
    return f'<section class="card long"><h2>피드백</h2><ul class="feedback">{entries}</ul>{older}</section>'


def _note(note):
    lines = [_user(line, 2000) for line in (note or "").splitlines() if line.strip()]
    return f"<p>{'<br>'.join(lines)}</p>" if lines else ""


def _minutes(report):
    minutes = report["minutes"][:MOST_MINUTES]
    if not minutes:
        return ""
    with_words = any(minute["keywords"] for minute in minutes)
    names = ["분", *(label for _, label in wording.PARTS), "감정", "출처", *(["단어"] if with_words else [])]
    rows = "".join(_row(minute, emotion, with_words) for minute, emotion in zip(minutes, report["emotionTimeline"]))
    left_out = len(report["minutes"]) - len(minutes)
    more = f'<p class="note">나머지 {left_out:,}분은 CSV 파일에 있습니다.</p>' if left_out else ""
    head = "".join(f'<th scope="col"{_class("left" if name in names[5:] else "")}>{name}</th>' for name in names)
    opened = " open" if len(report["minutes"]) <= OPEN_MINUTES else ""
    return (
        f'<details class="card long"{opened}><summary>분별 점수 표</summary><div class="scroll"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{more}</details>"
    )


def _row(minute, emotion, with_words):
    scores = "".join(f"<td>{wording.score(minute[key])}</td>" for key, _ in wording.PARTS)
    source = "브라우저" if minute["source"] == "client" else "서버"
    words = f'<td class="left said-words">{", ".join(map(_user, minute["keywords"][:5]))}</td>' if with_words else ""
    return (
        f'<tr><td>{minute["minuteIndex"]}</td>{scores}<td class="left">{_emotion(emotion["emotion"])}</td>'
        f'<td class="left">{source}</td>{words}</tr>'
    )


def _footer(report):
    return (
        "<footer><p>점수는 0에서 1, 정서 값은 -1에서 1 사이의 값입니다. 측정된 값을 설명할 뿐 의학적 판단을 담지 않습니다.</p>"
        f"<p>{wording.korean_time(report['generatedAt'])} 작성 (한국 시각), 규칙 {_text(report['modelVersion'])},"
        f" 리포트 {_user(report['reportId'])}</p></footer>"
    )


def _pair(*cards: str) -> str:
    return f'<div class="pair">{"".join(cards)}</div>'


def _emotion(name: str) -> str:
    return _text(EMOTION_NAMES[name])


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""


def _text(text: str) -> str:
    return escape(wording.shown(text))


def _user(text: str, most: int = 128) -> str:
    """Text from a user: at most ``most`` characters, escaped, and kept from ordering the text around it."""
    return f"<bdi>{escape(wording.clipped(text, most))}</bdi>"
