"""The report as text for an e-mail."""

from collections.abc import Mapping
from typing import Any

from bemore.reports.display_text import clip, display_text
from bemore.reports.style import STATUS_LABELS
from bemore.scoring.wording import EMOTION_NAMES, korean_time, score


def summary_text(report: Mapping[str, Any]) -> str:
    """A report as Korean text: lines of any length, no markup, ``\\n`` between lines."""
    stats, totals, dominant = report["stats"], report["summary"], report["summary"]["dominantEmotion"]
    status = STATUS_LABELS.get(report["status"], report["status"])
    lines = [
        "BeMore 상담 세션 리포트 요약",
        "",
        f"세션: {display_text(report['sessionId'])}",
        f"시작: {korean_time(report['startedAt'])} (한국 시각)",
        f"길이: {report['durationFormatted']} ({status})",
        "",
    ]
    if stats["totalMinutes"]:
        lines += [
            f"채점된 시간: {stats['totalMinutes']}분",
            f"평균 종합 점수: {score(totals['averageScore'])} (최고 {score(totals['maxScore'])}, 최저 {score(totals['minScore'])})",
            f"얼굴 {score(stats['avgFacialScore'])}, 음성 {score(stats['avgVadScore'])}, 텍스트 {score(stats['avgTextScore'])}",
        ]
    else:
        lines.append("채점된 시간이 없습니다.")
    if dominant:
        lines.append(f"주요 감정: {EMOTION_NAMES[dominant['emotion']]} {dominant['percentage']:.1f}%")
    lines.append(f"음성: {report['vadSummary']['summary']}")
    if report["keywords"]:
        lines.append("주요 단어: " + ", ".join(clip(each["keyword"], 40) for each in report["keywords"][:10]))
    for title, sentences in (("주요 내용", report["highlights"]), ("제안", report["recommendations"])):
        if sentences:
            lines += ["", title, *(f"- {sentence}" for sentence in sentences)]
    return "\n".join(lines)
