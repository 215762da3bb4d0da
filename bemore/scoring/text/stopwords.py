"""Words that are never keywords, and what tells Korean nouns and verbs apart. Data only."""

KOREAN_STOPWORDS = frozenset("""
    그것 이것 저것 그거 이거 저거 여기 거기 저기 우리 저희 당신 자기 본인 누구 무엇 뭔가 어디 언제 어떤 무슨 이런 그런 저런 이렇게 그렇게 저렇게 어떻게 왜냐 때문 정도 그냥 정말 진짜 너무 매우
    아주 많이 조금 약간 별로 전혀 거의 아마 혹시 역시 다시 계속 자꾸 항상 가끔 자주 매일 이제 지금 아까 먼저 나중 요즘 요새 오늘 어제 내일 그때 그날 예전 옛날 처음 마지막 다음 지난 이번 저번
    하루 그동안 동안 이후 이전 사이 그리고 그래서 그러면 그러나 그런데 근데 하지만 그래도 그러니까 왜냐하면 또는 혹은 있는 없는 있고 없고 같은 같이 하는 되는 많은 좋은 나쁜 싫은 새로 모든 모두
    다른 여러 몇몇 전부 일단 사실 솔직히 물론 대해 대한 위해 위한 통해 따라 관해 의해 것들 경우 생각 느낌 마음 기분 이야기 얘기 말씀 사람 하나 둘째 셋째 첫째 번째 가지 부분 상태 제가 내가 네가
    자서 나서 나니 보니 나는 저는 너는 나도 저도 나를 저를 나의 저의 그게 이게 저게 그건 이건 저건 뭐가 뭐를 무언가 아니 아뇨 그쵸 그죠 음음 글쎄 안녕 감사 죄송 힘든 힘들 어려운 슬픈 기쁜 아픈 무서운 외로운 괜찮은
    싶은 싶다 만나 가는 오는 보는 먹는 자는 사는 말하 느끼 생기 지내 보내 모르 어려 커다란 작은 오랜 오래 빨리 천천히 열심히 갑자기 점점 훨씬 더욱 가장 제일 특히 어쩌면 스스로 서로 함께 혼자
    그대로 이미 아직 벌써 방금 잠깐 잠시 언젠가 한번 한테 에게 으로 에서 부터 까지 처럼 보다 만큼 이나 든지 라도 조차 마저 밖에 대로 일부러 의외 아무 아무것 아무도 그분 이분 저분 그녀 않은 않는
    못한 못하는 않고 없이 있던 하던 했던 되던 그랬던 그러는 이러는 이라는 라는 된다 한다 있다 없다 이다 아니다 싫어 좋아 되고 되어 돼서 하고 하며 하면 되면 돼도 해도 해서 보고 가고 오고 가서
    와서 먹고 자고 주고 싫고 좋고 싶고 많고 아무리 부쩍 바로 일찍 한결 뒤로 따로 주로 홀로 절대 절대로 완전 굳이 차라리 오히려 겨우 드디어 결국
    마침내 어느새 그만 그저 단지 무척 미리 얼른 금방 문득 내내 아예 언제나 이젠 이제야 비교적 누가 누군가 어디론가 무언가 뭐라고 달라 몰라 올라
    놀러 만난 그런가 정말로 진짜로 실제로 새로이 그대 아니라 아니라서 그거로 이거로 그걸 이걸 저걸 뭘로 왜냐면 제대로 조금씩 그러던 하루하루 더욱더 뭐랄까
""".split())

KOREAN_NOUNS = frozenset("""
    고양이 어린이 젊은이 늙은이 원숭이 떡볶이 호랑이 달팽이 손잡이 마을 가을 노을 그을 놀이 종이 길이 높이 넓이 먹이 풀이 벌이 맏이 휴가 요가 추가 대가
    여가 허가 자가 초가 시가 성가 가면 내면 외면 대면 서면 비대면 상대면 라면 컵라면 봉지라면 소면 해면 노면 독서 유서 사서 대서 배서 부서 용서 민서 준서 현서 윤서
    은서 연서 지서 예서 시기 우기 사기 크기 세기 표기 연기 감기 신기 말기 열기 물기 수기 여기 조기 중기 장기 정기 굵기 밝기
    글쓰기 달리기 줄넘기 홀로서기 새내기 풋내기 또래기 문지기 등대지기 사고 참고 피고 기고 재고 서고 신고 잔고 중고 최고 시카고 가지 나뭇가지 싸가지 사지 기지 차지
    대지 배지 단지 편지 먼지 반지 인지 진지 산지 한지 본지 현지 간지 전지 바지 의지 잡지 입지 착지 처지 북한 남한 기한 제한 권한 원한 무한 시한 상한 한한 방한
    내한 연한 통한 역할 분할 관할 지하실 수도 여야 분야 시야 런던 가운데 한가운데 군데 여운 그네 영아 여아 남아 소아 태아 육아 자아 치아 참고 태도 온도 속도 정도 제도 지도 각도 효도 파도 포도 복도
    농도 시도 기도 의도 강도 밀도 나이 깊이 물가 비만 바나나 주거 필요 수요 가요 동요 민요 담요 강요 중요 주요 소요 고요 개요 거울 서울 저울
""".split())
"""Nouns that end like a noun with a particle, or like a verb; the word as a whole."""

KOREAN_NOUN_ENDINGS = frozenset("""
    걸이 목걸이 볶이 놀이 먹이 풀이 벌이 교과서 소개서 안내서 명세서 허가서 평가서 인가서 조사서 검사서 결과서 보고서 이력서 계약서 지원서 질문서 경찰서 소방서 순서 질서 문서 정서
    도서 비서 화면 수면 숙면 체면 최면 표면 도면 초면 쫄면 불면 냉면 장면 측면 정면 전면 방면 국면 반면 단면 평면 양면 벽면 동면 비빔면 짜장면 라면사리 이야기 아기 위기 분위기 고기
    쓰레기 소나기 해바라기 지푸라기 부스러기 두드러기 기러기 갈매기 비둘기 뚝배기 찌꺼기 보자기 도자기 무더기 생리주기 월경주기 수면주기 배란주기 전자기기 의료기기 음향기기 가전기기
    주변기기 휴대기기 통신기기 전성시기 사춘기 갱년기 과도기 권태기 비행기 전화기 청소기 복사기 주사기 세차기 쓰레받기 광고 창고 경고 권고 해고 충고 원고 금고 냉장고 망고 예고 선고
    수고 아버지 할아버지 강아지 송아지 망아지 돼지 메시지 소시지 마사지 이미지 페이지 패키지 휴지 거지 복지 손가락지 목적지 여행지 관광지 주소지 근무지 출생지 도착지 시험지 문제지
    저수지 중지 정지 금지 유지 방지 감지 폐지 토지 묘지 군사기지 우주기지 캐리지 가게 무게 지게 집게 꽃게 대게 성게 동네 아낙네
    바다 수다 판다 캐나다 소다 사이다 베란다 어젠다 르완다 우간다 영어 단어 언어 용어 국어 일본어 문어 은어 연어 붕어 상어 잉어 장어 광어 고등어 오징어 불어 독어 외래어 육아
    신생아 미숙아 문제아 장애아 유아 샤워 파워 타워 플라워 기운 행운 불운 겨울 방울 사진 임신 정신 자신 귀신 확신 헌신 출신 통신 백신 최신 교실 병실 거실 사실 현실 진실 화장실
    사무실 연구실 상담실 회의실 응급실 독서실 지하실 욕실 침실 확실 만족도 선호도 집중도 이해도 참여도 난이도 제주도 강원도 경기도
    참여 기여 급여 배려 염려 우려 고려 격려 그림자 과자 카메라 오페라 나라
""".split())
"""The same, also at the end of a longer noun: 물고기, 첫화면."""

KOREAN_STEMS = frozenset("""
    기다리 그만두 내버려두 일어나 태어나 깨어나 벗어나 늘어나 드러나 나타나 만나 떠나 지나가 끝나 혼나 화나 신나 겁나 배우 싸우 외우 채우 키우 세우 비우 태우 피우 지우 치우 깨우 보내 지내 꺼내 끝내
    이겨내 드러내 마시 버티 견디 때리 말리 버리 드리 올리 내리 돌리 흘리 놀리 울리 알리 살리 걸리 풀리 들리 밀리 끌리 뚫리 졸리 열리 팔리 가리키 모르 부르 누르 고르 자르 흐르 오르 이르
    서두르 머무르 저지르 나누 바꾸 꿈꾸 가꾸 멈추 맞추 감추 갖추 낮추 늦추 지키 시키 삼키 일으키 느끼 아끼 지치 다치 미치 마치 고치 그치 넘치 해치 닥치 부딪치 놓치 외치 훔치 생기 남기 즐기 옮기
    숨기 맡기 웃기 챙기 넘기 당기 벗기 다니 아프 슬프 기쁘 나쁘 바쁘 예쁘 고프 막히 닫히 잡히 먹히 밝히 맞히 괴롭히 부딪히 잊히 보이 쓰이 속이 죽이 붙이 움직이 망설이 뒤척이
    움츠리 달라지 나아지 좋아지 떨어지 사라지 무너지 헤어지 뒤처지 빠지 쓰러지 밝아지 심해지 어두워지 커지 없어지 멀어지 익숙해지 쫓아오 돌아오 나오 들어오 다가오 찾아오 돌아가 들어가 나가 찾아가 다녀오 다녀가
    도망가 만들 힘들 잠들 떠들 흔들 시들 원하 척하 편하 잘하 못하 말하 일하 친하 착하 미워하 예뻐하 좋아하 싫어하 무서워하 힘들어하 힘내 찾아뵙 그리워하 고마워하 부러워하
""".split())
"""Stems of verbs and adjectives that end like nouns."""

ENGLISH_STOPWORDS = frozenset("""
    about above after again against all also although always am and any anybody anymore anyone anything anyway are
    aren't around as at away back be because been before being below between both but by came can can't cannot come
    could couldn't did didn't do does doesn't doing don't done down during each else even ever every everybody
    everyone everything feel feeling feels felt few for from further gave get gets getting give go goes going gone
    gonna good got gotten great had hadn't has hasn't have haven't having he he'd he'll he's hello her here here's
    hers herself hey hi him himself his how how's however i'd i'll i'm i've if in into is isn't it it'd it'll it's
    its itself just kind know knew later let let's like little lot lots made make many may maybe me mean might mine
    more most much must my myself need never next no nobody none nor not nothing now of off often oh ok okay on once
    one only or other others ought our ours ourselves out over own people perhaps please pretty put quite rather
    really right said same saw say says see seem seems seen she she'd she'll she's should shouldn't since so some
    somebody someone something sometimes soon sort still stuff such sure take tell than thank thanks that that's the
    their theirs them themselves then there there's these they they'd they'll they're they've thing things think
    thought this those though through time to today together told tomorrow too took tried try under until up upon us
    use used very wanna want wanted wants was wasn't way we we'd we'll we're we've well went were weren't what
    what's whatever when where whether which while who who's whole whom whose why will with within without won't
    would wouldn't yeah yes yesterday yet you you'd you'll you're you've your yours yourself yourselves
""".split())
