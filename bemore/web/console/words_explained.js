/** What the scores mean: [English, Korean]. */
export const EXPLAINED = {
  aboutScoreOf: ["What is this score? {name}", "이 점수는? {name}"],
  aboutAll: ["What all scores mean", "모든 점수 설명 보기"],
  aboutCombined: [
    "Combined score of a minute = 50% face + 30% voice + 20% text.",
    "1분의 종합 점수 = 얼굴 50% + 음성 30% + 텍스트 20%.",
  ],
  aboutCombinedOwn: [
    "Combined score of a minute = weighted mean of face, voice and text. This service uses its own weights ({version}).",
    "1분의 종합 점수 = 얼굴, 음성, 텍스트의 가중 평균. 이 서비스는 자체 가중치를 사용합니다({version}).",
  ],
  aboutFacial: [
    "How well the camera saw the face: the mean quality of the frames of a minute. It says nothing about mood. Without frames it is 50.",
    "카메라에 얼굴이 얼마나 잘 보였는지를 나타냅니다. 1분 동안의 프레임 품질 평균이며 기분과는 관계가 없습니다. 프레임이 없으면 50입니다.",
  ],
  aboutVoice: [
    "How much and how loudly people spoke: 70% share of the audio with a voice + 30% mean loudness. Without audio it is 30.",
    "얼마나 많이, 크게 말했는지를 나타냅니다. 목소리가 있는 비율 70% + 평균 음량 30%이며, 음성이 없으면 30입니다.",
  ],
  aboutText: [
    "The wording of what was said: positive 70, neutral 50, negative 30, as a mean. Without words it is 50.",
    "말한 내용의 표현을 나타냅니다. 긍정적 표현 70, 중립 50, 부정적 표현 30의 평균이며, 말이 없으면 50입니다.",
  ],
  aboutRange: [
    "From 0 to 100. It describes what was measured in that minute; it is no judgment of a person and no diagnosis.",
    "범위는 0~100입니다. 그 1분 동안 측정된 값을 나타낼 뿐, 사람에 대한 평가나 진단이 아닙니다.",
  ],
  aboutBrowser: [
    "Some of these minutes were scored by the browser, by its own rules.",
    "일부 구간의 점수는 브라우저가 자체 규칙으로 계산했습니다.",
  ],
  aboutEmotions: [
    "Estimated from the scores of each minute, its voice and its wording; the share of minutes in which each label was the nearest. An estimate, not an observation of a person.",
    "분별 점수, 음성, 표현에서 추정한 값으로, 각 감정이 가장 가까웠던 구간의 비율입니다. 추정일 뿐 직접 관찰한 감정이 아닙니다.",
  ],
  aboutAffect: [
    "Estimated from the scores, the share of speech and the loudness. Each value lies between −1 and +1; 0 is the middle.",
    "점수와 말한 시간의 비율, 음량에서 추정한 값입니다. 각 값의 범위는 −1~+1이며 0이 중간입니다.",
  ],
  aboutAffectAxes: [
    "Valence: unpleasant to pleasant. Arousal: calm to excited. Dominance: being controlled to being in control.",
    "정서가: 불쾌~유쾌. 각성: 차분함~흥분. 통제감: 통제받는 느낌~스스로 통제하는 느낌.",
  ],
};
