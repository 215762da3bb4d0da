"""Words that are never keywords, and the nouns that the table of nouns misreads. Data only."""

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
    가면 내면 회의 온도 지도 시도 보고서 안내서 평가서 기한 컵라면 봉지라면 한가운데 만족도 선호도 집중도 이해도 참여도 난이도 제주도 강원도 경기도 코로나
""".split())
"""Nouns that the table of nouns misreads where they stand alone."""

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
