/** Texts of the frame of the page, of what can go wrong, of signing in, and lengths: [English, Korean]. */
export const FRAME = {
  skip: ["Skip to content", "본문으로 건너뛰기"],
  foot: ["Scores describe what was measured. They are no diagnosis.", "점수는 측정된 값을 나타낼 뿐이며, 진단이 아닙니다."],
  apiDocs: ["API documentation", "API 문서"],
  otherLanguage: ["한국어", "English"],
  toDark: ["Dark colors", "어두운 화면"],
  toLight: ["Light colors", "밝은 화면"],
  zone: ["Time zone", "시간대"],
  zoneIs: ["Time zone: {zone}", "시간대: {zone}"],
  zoneTitle: ["Time zone", "시간대"],
  zoneWhat: ["All times are shown in this zone, in reports as well.", "화면과 리포트의 모든 시각을 이 시간대로 표시합니다."],
  choose: ["Choose", "선택"],
  quota: ["Requests left", "남은 요청"],
  quotaSaid: ["{left} of {limit} requests left; more from {seconds} s on", "요청 {limit}건 중 {left}건 남음, {seconds}초 뒤부터 늘어남"],
  loading: ["Loading…", "불러오는 중…"],
  cancel: ["Cancel", "취소"],
  delete: ["Delete", "삭제"],
  edit: ["Edit", "수정"],

  // What can go wrong
  offline: ["The service does not answer. Trying again…", "서비스가 응답하지 않습니다. 다시 시도하고 있습니다…"],
  tooMany: ["The quota of requests is used up. Going on in {length}.", "요청 한도를 모두 사용했습니다. {length} 뒤에 이어집니다."],
  trouble: ["The service reports a problem ({code}). Trying again…", "서비스에 문제가 있습니다({code}). 다시 시도하고 있습니다…"],
  failed: ["That did not work: {message}", "처리하지 못했습니다: {message}"],
  forbidden: ["Your role may not see this.", "현재 역할로는 볼 수 없습니다."],
  noSession: ["There is no such session, or it is not yours.", "세션이 없거나 볼 수 있는 세션이 아닙니다."],
  notFound: ["Session not found", "세션을 찾을 수 없음"],
  notFoundWhat: ["Nothing is shown of", "표시할 수 없는 세션:"],
  noSuchPage: ["There is nothing at this address.", "이 주소에는 아무것도 없습니다."],

  // Signing in
  signIn: ["Sign in", "로그인"],
  signOut: ["Sign out", "로그아웃"],
  signedOut: ["Signed out.", "로그아웃했습니다."],
  needToken: ["This service asks for a token.", "이 서비스는 토큰이 필요합니다."],
  tokenTitle: ["Access token", "접근 토큰"],
  tokenWhy: ["The service asks for a token to show sessions.", "세션을 보려면 토큰이 필요합니다."],
  tokenBad: ["The token is not accepted, or it has expired.", "토큰이 올바르지 않거나 만료되었습니다."],
  tokenLabel: ["JSON Web Token", "JSON Web Token"],
  tokenHint: [
    "It stays in this tab and is forgotten when the tab is closed. An operator makes one with:",
    "토큰은 이 탭에만 보관되고 탭을 닫으면 사라집니다. 운영자는 다음 명령으로 토큰을 만듭니다.",
  ],

  // Lengths
  seconds: ["{seconds} s", "{seconds}초"],
  minutes: ["{minutes} min", "{minutes}분"],
  hours: ["{hours} h", "{hours}시간"],
  minutesSeconds: ["{minutes} min {seconds} s", "{minutes}분 {seconds}초"],
  hoursMinutes: ["{hours} h {minutes} min", "{hours}시간 {minutes}분"],
};
