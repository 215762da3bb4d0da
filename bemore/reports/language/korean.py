"""Reports in Korean."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bemore.reports.language.base import BaseLanguage, Sentence


class Korean(BaseLanguage):
    """Polite written Korean, as counselors use it among each other."""

    code = "ko"

    # -- Values --------------------------------------------------------------------------------------------------------------

    _lengths = {"hour": "{}시간", "minute": "{}분", "second": "{}초"}
    _minute_span = "{}~{}분 구간"

    def date_and_time(self, moment: datetime) -> str:
        return moment.strftime("%Y-%m-%d %H:%M")

    def zone_name(self, zone: ZoneInfo) -> str:
        return "한국 시각" if zone.key == "Asia/Seoul" else f"{zone.key} 시각"

    # -- Labels --------------------------------------------------------------------------------------------------------------

    emotions = {
        "happy": "기쁨", "sad": "슬픔", "angry": "화", "anxious": "긴장", "neutral": "중립", "surprised": "놀람", "disgusted": "거부감",
        "fearful": "두려움",
    }  # fmt: skip
    statuses = {"active": "진행 중", "paused": "일시정지", "ended": "종료"}
    sources = {"client": "브라우저", "server": "서버"}
    speakers = {"user": "내담자", "counselor": "상담사"}
    speaker_marks = {"user": "내", "counselor": "상"}
    roles = {"user": "내담자", "counselor": "상담사", "admin": "관리자"}
    note_kinds = {"bookmark": "북마크", "note": "메모"}
    moments = {
        "lowest": "가장 낮은 점수", "highest": "가장 높은 점수", "change": "가장 큰 변화", "silence": "가장 긴 침묵", "longest-turn": "가장 긴 발언",
    }  # fmt: skip
    scores = {"combinedScore": "종합", "facialScore": "얼굴", "vadScore": "음성", "textScore": "텍스트"}
    averages = {
        "avgCombinedScore": "평균 종합 점수", "maxCombinedScore": "최고", "minCombinedScore": "최저", "avgFacialScore": "얼굴 평균",
        "avgVadScore": "음성 평균", "avgTextScore": "텍스트 평균",
    }  # fmt: skip
    axes = {"valence": ("정서가", "불쾌", "유쾌"), "arousal": ("각성", "차분", "활발"), "dominance": ("통제감", "낮음", "높음")}
    measured_kinds = {"frames": "얼굴", "audio": "음성"}
    titles = {
        "moments": "주요 장면", "talk": "말하기와 침묵", "voice": "말하기와 침묵", "comparison": "다른 세션과 비교",
        "scores": "점수", "timeline": "시간 흐름",
        "observations": "관찰", "recommendations": "제안", "affect": "추정 정서", "emotions": "추정 감정", "keywords": "주요 단어",
        "notes": "공유 메모", "feedback": "피드백", "minutes": "분별 점수", "transcript": "대화 내용", "gaps": "측정되지 않은 구간",
        "technical": "기술 정보", "session": "세션",
    }  # fmt: skip
    talk_rows = {
        "speechMs": "말한 시간", "share": "말한 비율", "turns": "발언 횟수", "longestTurnMs": "가장 긴 발언", "averageTurnMs": "평균 발언",
        "words": "단어 수", "wordsPerMinute": "1분당 단어", "responseTime": "응답까지 걸린 시간(중앙값)",
    }  # fmt: skip
    voice_rows = {
        "speechRatio": "말한 시간", "pauseRatio": "침묵한 시간", "longestPause": "가장 긴 침묵", "averageSpeechBurst": "평균 발화",
        "speechBurstCount": "발화 횟수",
    }  # fmt: skip
    facts = {
        "sessionId": "세션", "reportId": "리포트", "userId": "내담자 ID", "counselorId": "상담사 ID", "startedAt": "시작", "endedAt": "종료",
        "zone": "시간대", "totalFrames": "얼굴 프레임", "totalAudioChunks": "음성 조각", "totalSttSnippets": "대화 문장",
        "totalMinutes": "점수가 있는 구간", "modelVersion": "점수 규칙", "textRules": "텍스트 규칙", "version": "리포트 형식",
    }  # fmt: skip
    columns = {
        "minute": "구간(분)", "hours": "구간(시:분)", "emotion": "추정 감정", "source": "점수 계산", "keywords": "단어", "kind": "자료",
        "span": "구간", "length": "길이",
    }  # fmt: skip

    heading = "상담 세션 리포트"
    what_is_it = "이 점수는?"
    all_explained = "모든 점수 설명 보기"
    no_rows = "없습니다."
    no_data = "계산할 자료가 없습니다."
    no_words = "모인 단어가 없습니다."
    no_moments = "표시할 장면이 없습니다."
    disclaimer = "점수와 추정값은 측정된 자료를 설명할 뿐, 상담의 좋고 나쁨이나 의학적 판단을 담지 않습니다."
    time_axis_minutes = "세션 시작 후 시간 (분)"
    time_axis_hours = "세션 시작 후 시간 (시:분)"
    little_measured = "절반 넘게 측정되지 않음"
    both_speak = "함께 말함"
    silence = "침묵"
    no_talk = "누가 말했는지 구분된 자료가 없어 두 사람의 음성을 함께 측정했습니다."
    talk_of_transcript = "화자별 음성이 없어 대화 내용의 시각으로 계산했습니다. 침묵은 알 수 없습니다."
    affect_explained = (
        "얼굴·음성·텍스트 점수와 목소리 크기에서 계산한 추정값이며, 사람의 실제 감정을 잰 것이 아닙니다. 정서가는 불쾌(-1)에서 유쾌(+1),"
        " 각성은 차분함(-1)에서 활발함(+1), 통제감은 낮음(-1)에서 높음(+1)을 뜻합니다."
    )
    emotions_explained = "구간마다 추정 정서와 가장 가까운 감정 낱말을 고른 것입니다. 비율은 그 낱말로 추정된 구간의 비율입니다."

    no_scores = "측정된 구간이 없어 요약할 내용이 없습니다."
    no_measurements = "저장된 측정값이 없어 관찰한 내용이 없습니다."
    nothing_to_advise_on = "저장된 측정값이 없습니다. 시작하기 전에 카메라와 마이크가 켜져 있는지 확인해 주시기 바랍니다."
    not_scored_yet = "점수가 계산된 구간이 없습니다. 잠시 뒤에 다시 확인해 주시기 바랍니다."
    even_measurement = "측정이 고르게 이루어졌습니다. 같은 환경에서 측정하시면 다음 기록과 비교하기 쉽습니다."
    comparable = "같은 환경에서 측정하시면 다음 기록과 비교하기 쉽습니다."
    no_audio = "저장된 음성이 없어 말하기를 측정하지 않았습니다."

    # -- Sentences -----------------------------------------------------------------------------------------------------------

    silence_line = Sentence("(침묵 {}초)")
    mean_score = Sentence("측정된 {}분의 평균 점수는 {:score}점입니다.")
    unscored = Sentence("세션 {}분 가운데 {}분에는 점수가 없습니다.")
    highest = Sentence("점수가 가장 높은 곳은 {:minute_span}({:score}점)입니다.")
    lowest = Sentence("점수가 가장 낮은 곳은 {:minute_span}({:score}점)입니다.")
    affect = Sentence(
        "추정한 정서는 정서가 {0.valence:signed}, 각성 {0.arousal:signed}, 통제감 {0.dominance:signed}입니다(-1에서 +1 사이의 참고값)."
    )
    dominant = Sentence("가장 자주 나타난 추정 감정은 '{:emotions}'이며, 전체 구간의 {:percent}입니다.")
    few_minutes = "측정된 시간이 짧아 값이 크게 흔들릴 수 있습니다. 조금 더 길게 측정해 보시기 바랍니다."
    face_hidden = Sentence("카메라에 얼굴이 잘 보이지 않은 구간이 {}분 있습니다. 조명과 카메라의 위치를 확인해 주시기 바랍니다.")
    no_face = Sentence("얼굴이 측정되지 않은 구간이 {}분 있습니다. 카메라가 켜져 있는지 확인해 주시기 바랍니다.")
    no_voice = Sentence("음성이 측정되지 않은 구간이 {}분 있습니다. 마이크가 켜져 있는지 확인해 주시기 바랍니다.")
    no_transcript = "말의 내용이 글로 기록되지 않았습니다. 음성 인식이 켜져 있는지 확인해 주시기 바랍니다."
    little_speech = Sentence(
        "말한 시간 비율이 {:percent}입니다. 마이크와의 거리를 확인하고, 이야기할 시간을 넉넉히 두어 보시기 바랍니다."
    )
    much_speech = Sentence("말한 시간 비율이 {:percent}입니다. 말 사이에 잠시 쉬며 정리하는 시간을 두어 보시기 바랍니다.")
    long_silence = Sentence("가장 긴 침묵은 {:duration}입니다. 침묵 앞뒤의 대화를 함께 돌아보시면 좋겠습니다.")
    look_back = Sentence("점수가 크게 달라진 {:minute_span}의 대화를 함께 돌아보시면 좋겠습니다.")

    def voice(self, metrics: Mapping[str, Any]) -> str:
        bursts, longest = metrics["speechBurstCount"], metrics["longestPause"]
        if not bursts:
            length = metrics["averagePauseDuration"] * metrics["pauseCount"]
            return f"음성이 기록된 {self.duration(length)} 동안 말소리가 감지되지 않았습니다."
        spoken = (
            f"말한 시간 비율은 {self.percent(metrics['speechRatio'])}이고,"
            f" 한 번에 평균 {self.duration(metrics['averageSpeechBurst'])}씩 {bursts}번 말했으며"
        )
        return f"{spoken}, 가장 긴 침묵은 {self.duration(longest)}입니다." if longest else f"{spoken}, 침묵은 없었습니다."

    def largest_change(self, minute: int, change: float) -> str:
        direction = "올랐습니다" if change > 0 else "내렸습니다"
        return f"점수가 가장 크게 달라진 곳은 {self.minute_span(minute)}이며, 바로 앞보다 {self.score(abs(change))}점 {direction}."

    def drift(self, change: float) -> str:
        direction = "올라가는" if change > 0 else "내려가는"
        return f"점수는 전체적으로 {direction} 흐름이며, 처음부터 끝까지의 변화는 약 {self.score(abs(change))}점입니다."

    def tone(self, mean: float) -> str:
        words = (
            "긍정적 표현이 더 많은 편" if mean > 0.55 else "부정적 표현이 더 많은 편" if mean < 0.45 else "긍정적 표현과 부정적 표현이 비슷한 편"
        )
        return f"말의 내용에서 계산한 텍스트 점수는 평균 {self.score(mean)}점으로, {words}입니다."

    # -- Parts of the pages --------------------------------------------------------------------------------------------------

    started = Sentence("{} 시작 ({:zone_name}), {}")
    generated = Sentence("{} 작성 ({:zone_name})")
    points = Sentence("{:score}점")
    points_change = Sentence("{:change}점")
    times = Sentence("{:,}회")
    pieces = Sentence("{:,}개")
    rating = Sentence("{} / 5점")
    longest_turn_of = Sentence("{:speakers}의 가장 긴 발언")
    no_silences = "3초 이상의 침묵은 없었습니다."
    overlap = Sentence("두 사람이 함께 말한 시간은 {:duration}입니다.")
    compared_with = Sentence(
        "같은 내담자와 상담사의 최근 세션 중 비교할 수 있는 {}회와 견준 것입니다. 점수 규칙이 같고, 점수가 3분 이상 있으며, 음성이 절반 이상"
        " 측정된 세션만 비교합니다. 길거나 높다고 해서 더 좋다는 뜻은 아닙니다."
    )
    chart_described = Sentence(
        "종합, 얼굴, 음성, 텍스트 점수의 선 그래프. 종합 점수는 {:points}에서 시작해 {:points}으로 끝나며, 최저 {:points}, 최고"
        " {:points}입니다. 값은 분별 점수 표에 있습니다."
    )
    lanes_described = Sentence(
        "두 사람이 말한 때를 나타낸 띠 그래프. 말한 비율은 내담자 {0[user]}, 상담사 {0[counselor]}입니다. 자세한 값은 말하기와 침묵에 있습니다."
    )
    point_is_mean = Sentence("점 하나는 {}분의 평균입니다.")
    row_is_mean = Sentence("한 줄은 {}분의 평균입니다. 1분마다의 값은 CSV 파일에 있습니다.")
    _left_out = {
        "feedback": "이전 피드백 {:,}건은 줄였습니다.",
        "gaps": "그 밖에 {:,}곳이 더 있습니다.", "notes": "메모 {:,}건은 줄였습니다.", "sentences": "그 밖에 {:,}문장이 더 있습니다.",
    }  # fmt: skip

    def silences(self, silences: Mapping[str, Any]) -> str:
        count, broken = silences["count"], silences["brokenBy"]
        return (
            f"3초 이상의 침묵이 {count}번, 모두 {self.duration(silences['totalMs'])} 있었습니다. 가장 긴 침묵은"
            f" {self.offset(silences['longestAt'])}부터 {self.duration(silences['longestMs'])}이며,"
            f" 침묵 뒤에 내담자가 {broken['user']}번, 상담사가 {broken['counselor']}번 먼저 말했습니다."
        )

    def compared(self, measure: str, own: str, ends: Sequence[str], lower: int, higher: int, sessions: int) -> str:
        name, more, less = {
            "longestSilence": ("가장 긴 침묵은", "길었습니다", "짧았습니다"),
            "talkShare": ("내담자가 말한 비율은", "높았습니다", "낮았습니다"),
            "score": ("종합 점수 평균은", "높았습니다", "낮았습니다"),
        }[measure]
        others = f"최근 {sessions}회({'~'.join(ends)})"
        if not lower and not higher:
            return f"{name} {own}{'으로' if measure == 'score' else '로'}, 최근 {sessions}회와 모두 같았습니다."
        count, verb = (lower, more) if lower else (higher, less)
        than = "의 어느 세션보다" if count == sessions else f" 중 {count}회보다"
        return f"{name} {own}{'으로' if measure == 'score' else '로'}, {others}{than} {verb}."

    def missing(self, seconds: int, missing: Mapping[str, int]) -> str:
        audio, frames = missing["audio"], missing["frames"]
        if not audio and not frames:
            return "세션의 음성과 얼굴이 빠짐없이 측정되었습니다."
        if audio >= seconds and frames >= seconds:
            return "이 세션의 음성과 얼굴 자료는 서버에 저장되지 않았습니다."
        parts = [
            f"{name} {self.percent(part / seconds)}({self.duration(part * 1000)})" for name, part in (("음성", audio), ("얼굴", frames)) if part
        ]
        return f"측정되지 않은 부분은 {', '.join(parts)}입니다."

    def explained(self, weights: tuple[float, float, float]) -> Mapping[str, str]:
        facial, voice, text = (f"{weight:g}" for weight in weights)
        return {
            "combinedScore": f"{facial} × 얼굴 + {voice} × 음성 + {text} × 텍스트. 0에서 100 사이이며, 상담이 잘 되었는지를 뜻하지 않습니다."
            " 브라우저가 보낸 점수는 브라우저의 계산을 따릅니다.",
            "facialScore": "카메라에 얼굴이 얼마나 잘 보였는지의 평균입니다(0–100). 표정이나 기분을 뜻하지 않습니다. 자료가 없으면 50입니다.",
            "vadScore": "0.7 × 말소리 비율 + 0.3 × 소리 크기(0–100). 자료가 없으면 30입니다.",
            "textScore": "긍정적 표현은 70, 중립은 50, 부정적 표현은 30으로 본 문장들의 평균입니다(0–100). 자료가 없으면 50입니다.",
        }
