"""Emotion words, Korean and English, written for this project. Data only; no rules.

Each group is ``(emotion, polarity, entries)``. Polarity is 1 (pleasant), -1 (unpleasant) or 0 (neither, or a word that
only looks like one: it is listed so that a longer match hides the shorter one, as 남편하고 hides 편하).

A Korean entry that ends with 다 is the dictionary form of a verb or an adjective and stands for all its forms
(:mod:`bemore.scoring.text.conjugation`). Any other entry is the beginning of written forms: 행복 of 행복하다, 행복한, 행복을.
``{a,b}`` is one of several, ``_`` a space that may be left out, ``^`` at the front "only at the beginning of a word",
each ``~`` at the front halves the value. Of a form that is listed twice the first entry counts.
English entries are words (endings such as -s, -ed, -ing, -ly are found without being listed); ``_`` joins a phrase.
"""

KOREAN = (
    ("happy", 1, """
        기쁘다 행복 즐겁다 즐기다 ^신{,이_}나다 반갑다 재미 재밌 재밋 ^웃{었,음,게,으,을,고,어} {활짝,많이,실컷,같이,함께,다시,마음껏}_웃 ~웃기다 설레다 뿌듯 흐뭇 만족 보람 성취 자랑스 감격 감동 ^환하다 유쾌 흥겹다
        벅차오르다 가슴{,이}_벅차다 좋 {마음,맘}에_{,쏙_,꼭_}들다 최고 훌륭 멋지다 멋있 예쁘다 이쁘다 귀엽다 아름답다 ^사랑{받,스,을_받,을_느,이_넘} ~^사랑 사랑하는_사람이_생기다 소중 뜻깊다 ^축하 합격 성공 해내다 이겨내다
        극복 칭찬 인정{,을}_받 ^인정해_주다 존중 배려 자신감 자신{_,이_}있 자신이_생기다 자존감이_{오르,생기}다 자존감이_높 ^용기 희망 의욕 ^활기 활력 기운이_나다 힘이_{나,생기,되}다 힘을_{얻,내}다 힘내다 힘내세요 파이팅
        화이팅 기대{,가_}되다 살맛 살_것_같 의미{,가}_있 ~수_있을_것_같 ~수_있게_되다 뻥_뚫 ~잘_맞 마음이_정리 ~신경_안_쓰다 효과{,가}_있 {참을,견딜,버틸}_수_있 하고_싶은_{일,게}{,이}_생기다 짐을_내려
        더_좋을_수_없 더할_나위 놀랍게_좋 잘_하다 뭉클 자유로 해방감 당당하다 떳떳 알차다 기특 대견 {흥미,관심}{,가,이}_생기다 흥미로 맛있 순조 수월 쾌적 잔잔 ^고요하다 발전했 성장하다 ~좋을_것_같 잼{있,나,남,났} 꿀잼 매력
        인상{_깊,적} 흥미진진 감탄 감명 신선하다 훈훈 ~순수하다 돋보이다 풋풋 통쾌 전율 압권 일품 뛰어나다 위대하다 ^존경 ~대단하다 대박 ^짱{이,짱,입,임,재} 강추 ~추천{합,해요,드} 굿{굿,입,이} ^명작 ^수작 ^걸작 여운
        잘_{만들,생기,어울리}다 잘_봤 ~잘_먹 볼_만하다 축복 행운 영광 유익 ~깔끔 ~튼튼 ~만점 ~우와 ~와우 맛나{요,게,네,고} 완벽했 날아갈_것_같 잘_{버티,견디,참}다 ~탄탄 ~섬세 벅찬_{감동,기쁨} 경이롭다 이뿌 ~재치
        ~낭만 들뜨다 ^씩씩 ~활발 ~적극적 낙천 시험에_붙었 승진 ~성과 ~통과 취{업,직}{했,이_됐,에_성공} ^상을_{받,타} ~덕분 천만다행 ~넉넉 ~강해지다 성숙해 가까워지다 ~이해하게_되다 ~이해가_되다 ~있는_그대로_받아들
        {면접,시험,대학,회사}에_붙 꿈에_그리던 ~목표를_{달성,이루,이뤘} ~원하던 ~{술,담배}{를,을}_끊 ~조절{이_되,할_수_있}다 ~규칙적 ~꾸준
        """),
    ("happy", 1, """
        괜찮 다행 편안 ^편하다 {맘,마음,속}이_편하다 {맘,마음,속}편하다 ^편히 차분 안정 안심 ^안도{감,했,의} 평온 평화 평안 ~여유 느긋 홀가분 후련 속{,이}_시원 시원하다 가볍다 가뿐 개운 상쾌 산뜻 {맑,밝}아 따뜻 따듯
        ^다정 친절 포근 든든 믿음 믿어_주다 믿을_수_있 신뢰 위로{가,를,받,해,도} 위안 건강{해,하,한} 나아지다 ^나{아요,았} 호전 회복 해결{되,하}다 잘_풀리다 풀렸 풀려서 기분이_풀 마음{이,을}_놓 한시름 잘_자다
        푹_{자,쉬}다 잘_{쉬,지내,되}다 힐링 ~휴식 ^친하다 ^화해 용서 ~공감 이해받 이해해_주다 걱정해_주다 응원 격려 도움{,이}_{,많이_,정말_,큰_}되다 도움{,을}_받 의지가_되다 ~적응 ~익숙해
        {,아무_,아무런_,별_,별다른_,큰_}문제{,가,는,도}_없 긍정 감사{드,하게,한,해,했} ~감사합 고맙다 ~고맙습 숨{통,}이_트이다 살_만하다 ~{견딜,지낼,버틸,할}_만하다 {마음,감정,흥분}이_{,많이_,좀_}가라앉 숙면 꿀잠
        잠{이,도}_잘_오다 입맛{이,도}_{돌,생기}다 기운을_차리다 완치 {훨씬,더}_나은 안아_주다 보듬 토닥 다독이다 ~아무렇지_않 도망가지_않 ~{마음,머리}{이,가}_조용해 ~^떨지_{않,말} ~마음을_추스르다 ~사과를_받
        ~사과해_주다 ~{얘기,이야기,말}{를,을}_{,잘_}들어_주다 ~알아_주다 ~도와_주다 ~편을_들어_주다 ~돌봐_주다 ~기다려_주다 지지해_주다 {옆,곁}에_있어_주다 ~^밝은 화목 돈독 아늑 챙겨_주다 오해{,가,를}_풀 ~안_아프
        마음이_열
        """),
    ("neutral", 1, """
        ^화{,가,는,도}_안_{나,내}다 ^화{,가}_{,좀_,많이_,다_}{풀,가라앉,누그러} ^화{,가,를}_{나,내}지{,는}_않 긴장이_풀 ^울지{,는}_않 ^안_울 진정되다 누그러
        """),
    ("sad", -1, """
        슬프다 우울 ^울{었,고,어,기,면,게,다가,지_못} 엉엉 ~펑펑 울컥 울음 울먹 울적 ~눈물 서럽다 서글 외롭다 외톨이 쓸쓸 고독 ^허전 공허 허무 허탈 그립다 ^상실 ~이별 헤어지다 비참 절망 좌절 낙담 실망 암담 무기력
        {의미,쓸모,가치,소용}{,가,이,도}_없 죽고_싶 죽고만 죽으면 죽어버 죽을_것_같 죽었 죽은 살기_싫 살고_싶지_않 사라지고_싶 ^자살 ^자해 돌아가{셨,신} 세상을_떠 상처 속{,이}_상하다 속이_상 {마음,맘,가슴}{,이}_아프다
        마음이_무겁다 무겁다 가라앉 침울 암울 후회 ^미안 죄책 ~죄송 자책 자괴 초라 열등 한심 창피 부끄럽다 부끄러 수치스 수치심 버림받 버려지다 소외 따돌리다 왕따 아무도_{없,안} 곁에_없 서운 섭섭 ~아쉽다 안타깝다 불행 불쌍 가엾
        처량 이혼 실직 ^해고 파산 {시험,면접,입시,서류,오디션,심사,대학,공모전}{,에,에서}_떨어 {또,자꾸,뚝}_떨어지다 {성적,점수,체력,집중력,기억력,자존감,기분,식욕,입맛,컨디션,능률,매출,실적}{,이,가,도}_떨어 ^차였 거절당
        실연 축_처 기분이_다운 ~다운{돼,됐} 자존감{,이}_{낮,바닥} ~먹먹 씁쓸 모욕 모멸 굴욕 치욕 민폐 쪽팔리다 망신 멍청 바보{_,같,처럼,예,야,가,네,라} ~미련이_남 {캄캄,깜깜}하다 {머릿속,머리}{,가,이}_하얗다
        {성적,점수,체력,집중력,자존감,컨디션}이_많이_떨어 자신{,이}_없 희망이_안_보 혼자{인_것_같,일_것_같,라는,였,예} 잃{었,어버,은}
        """),
    ("sad", -1, """
        힘들다 힘겹다 지치다 피곤 ^피로 ^버겁다 벅차다 번아웃 탈진 기진맥진 녹초 괴롭다 고통 ^고생 아프다 두통 통증 힘{,이}_없 힘이_안_나다 힘{,이}_빠지다 힘빠 기운{,이,도}_{,하나도_}없 기운이_안_나다 귀찮 ~심심하다 지루
        나쁘다 엉망 최악 별로{예,에,였,네,야,인,입,라,고} {기분,컨디션}이_별로 기분_별로 ^실패 ^망하다 망{쳤,친} 포기 ~어렵다 못_하겠 못_살 못_{견디,버티,참}다 참을_수{,가}_없 참기_힘 견디기 버티다 한계 심각 ~^실수
        손해 ^무너지다 무너뜨 부족 불친절 부적응 무의미 무가치 의욕_상실 불신 모자라다 {그만두고,그만하고,포기하고}_싶 ~쉬고_싶 다_놓고_싶 아무것도_못 아무것도_하기_싫 {입맛,식욕,밥맛}{,이,도}_없 엄두가_{안,나지}
        집중이_{,잘_}안 집중{,을}_못 집중이_되지 집중하기_{어,힘} 잘_안_{되,풀리,자}다 잘_못 뜻대로_안 {마음,맘}에_안_들 인정{,을,도}_못 도움{,이}_안 이해{가_안,를_못,받지_못} ^답이_없 희망이_없 못되다 악화
        심해지다 더_심해 편치_{않,못} ~죽겠 부정적 손에_{안_잡,잡히지} 일이_꼬 꼬였 막혔 ~막혀 ^망가 싶지{,가,도}_않 ~그렇지_못 {달라지는,달라진,변한,변하는}_게_없 들어_주지_않 알아_주지_않 ^혼{나,내}다 꾸중
        {대화가,말이}_안_통 말을_{,해도_,잘_}안_들 {저,나}_같은_{건,게}_{없어,사라} 오락가락 왜_사는지 {저,나}만_빼고 구박 갑질 시달리다 위축 주눅 움츠{러,리} 기죽 민망 자포자기 체념 놀림 무관심 아무_느낌이_없
        털어놓을_{사람,데,곳}이_없 {의지할,기댈,도와줄}_{사람,데}이_없 {의지할,기댈}_데가_없 뒤처지다 뒤쳐 아깝다 ^유치하다 억지 막장 허접 진부 엉성 ^졸작 노잼 잼없 식상 망작 삼류 발연기 조잡 밋밋 어설프다 어처구니 낚였 개판
        거지같 ~한숨{이,을,만} 낭비 형편없 따분 쓸데없 허세 ~정신{,이}_없 ~미친 ~이상하다 ~^심하다 노답 ~말{도,이}_안_되다 ~도대체 ~에휴 ~어휴 ~쯧 ~ㅉ 쓰레기{같,네,였,라,야,임,예,영,인} 서먹 ~서툴다 ~소심 지옥
        소진 ~멍하다 ~멍때리 피폐 애먹 골치 속앓이 끙끙 어지럽다 짓눌리다 ~오글 벌벌 벌렁거 마음에_걸리다 ~맛{이,}_없 ~꼬이다 겉돌다 ^떨었 숨{이,}_가쁘다 천근만근 잠들지_{못,않} ~{새벽,밤중}{에,마다}_{,자꾸_}깨 ~방에만
        ~밖에_안_나 밖에_못_나 ~연락{을,이}_끊 손목을 죽는_게_낫 살아서_뭐 살_이유가_없 짐{이_되,만_되}다 폐를_끼 ~참고_살 억누르다 터질_것_같 ~{제,내}_탓 ^못나다 불이익 비호감 불합격 ~아무도_모르다
        {제,내}_편{을,이}_{안_들,없} 쿵쾅 철렁 가슴이_{조이,미어지,찢어지}다 목이_메 토{할_것,나} 얼어붙 죽을_맛 지경이 허우적 ~헤매다 방황 어긋나다 ~멀어지다 냉랭 ~차갑다 쌀쌀맞 퉁명 ~까칠 ~날카롭다 패배 무력 허망 덧없
        부질없 아득하다 앞이_안_보 벼랑 나락 수렁 끝장 ~도피 ~회피 ~중독 폭식 구토 폭음 죽음 그만_살 태어나지_말 사별 파혼 불화 가출 ^잘렸 낙방 탈락 ~가난 생활고 ~^다치다 몸살 ^앓다 쓰러지다 기절 메슥 울렁 가위{,에}_눌리다
        쓰라리다 응어리 한이_맺 속{,이,은}_{터지,썩,타}다 시들하다 애{,가}_타다 안달 갈팡질팡 우왕좌왕 착잡 착찹 {정리가,조절이,컨트롤이}_안 ~쉽지{,가}_않 너덜너덜 바닥을_{찍,쳤} ~발목을_잡 ~흔들리다 벗어나고_싶 싱숭생숭
        언짢 떨떠름 시큰둥 ~무덤덤 권태 자격지심 피해의식 ~위험 ~피해 비정상 별루 별로{임,지,죠,던} 비추{천,입,임,네} 무능 무식 무책임 ~핑계 ~변명 지저분 ~부실 ~우려 ~산만 ~억지로 효과{,가}_없 ~수{,가,도}_없
        밥{도,을}_안_먹 밥도_못 누워만 끼니를 못_쉬다 안_풀리다 의욕이_안
        """),
    ("angry", -1, """
        ^화{,가}_{나,치밀}다 ^화가_많이 ^화{,를}_내다 ^화를_참{았,기} ^화를_참을_수{,가}_없 ^화병 ^홧김 너무화가 짜증 열{,이}_받 분노 ^분하다 분통 격분 억울 빡치다 ^성질 ^성나 욱하다 괘씸 얄밉다 밉다 증오 원망
        배신 싸우다 다투다 갈등 소리{,를}_지르다 소리{,를}_질 ^욕{,을}_{하,먹}다 ^욕을 열불 울화 약올 신경질 답답 어이{,가}_없 기{,가}_막히다 ^무시{당하,하}다 개무시 불공평 부당 비웃 비난 질투 못마땅 불만 화풀이 복수
        미치겠 미칠_{것,거} 미쳐버 바람{,을}_피우다 다른_{여자,남자}{를,랑}_만나 트집 없어지고_싶 손찌검 술주정 도박 ^빚{이,을,만,에,쟁} ~반항 ~대들다 ~말대꾸 바람나다 외면 모른_척 방치 {물건,그릇,문}을_{던지,부수}다
        맞{은_기억,고_자라,고_자랐,고_살} 버럭 고함 ^때리다 모독 차별 편애 ~간섭 ~참견 불륜 ^무시{를_,}받 거짓말 이기적 뒤통수 뒷담 험담 잔소리 욕설 씨발 지랄 개소리 헛소리 ~찌질 또라이 ~꼰대 양아치 싸가지 내로남불 ~위선
        ~범죄 사기{,를}_당하다 사기꾼 집착 외도 잔인 돌아버 폭발할 폭언 따졌 부글 빈정 치사 뻔뻔
        """),
    ("anxious", -1, """
        불안 걱정 초조 ^긴장 조마조마 안절부절 ~두근 떨리다 염려 근심 스트레스 압박 부담 신경{,이}_쓰이다 예민 조급 혼란 ~복잡 막막 ~고민 망설 쫓기다 심란 심난 뒤숭숭 어떡{하,해} 어쩌지 큰일 공황 강박 잠{,이,도}_안
        잠{,을,도}_못 잠을_설치다 잠을_잘_못 잠이_잘_안 잠이_오지_않 못_자다 못_주무 뒤척 불면 식은땀 숨{,이}_막 가슴이_답답 눈치 낯설 어색 불편 감당이_안 감당하기 감당할_수_없 감당_못 마음이_안_놓 불확실 의심 의존하게
        조바심 전전긍긍 노심초사 압도{되,당하}다 갑갑 위태 믿을_수{,가}_없 못_믿
        """),
    ("fearful", -1, """
        무섭다 겁{이,먹,도,나요,나서,나는,나네,나고,난,났,날} 두렵다 공포 끔찍 악몽 위협 협박 폭력 폭행 학대 트라우마 도망가고_싶 도망치다 섬뜩 오싹 겁에 덜덜
        """),
    ("disgusted", -1, """
        싫 역겹다 혐오 징그 구역질 더럽다 지긋지긋 지겹다 꼴{,도}_보기 진절머리 질리다 넌더리 메스껍다 불쾌 거슬리다 비위 추악 ^정{,이}_떨 찝찝 찜찜 꺼림칙 껄끄럽다 거북하다 신물 환멸 소름{,이}_끼
        """),
    ("surprised", 0, """
        놀라다 놀랍다 깜짝 뜻밖 의외 {예상,생각,상상}{,도,치,지도}_못 믿기지{,가}_않 어머나 세상에나 헉 ^신기
        """),
    ("surprised", -1, "충격 당황 황당 경악 기겁 어안이"),
    ("happy", 1, "~ㅎㅎ ~~ㅋㅋ ~^^ 😀 😃 😄 😁 😆 😊 ☺ 🙂 😍 🥰 😘 🤗 😌 😂 🤣 ❤ ♥ ♡ 💕 💖 👍 🎉 😇"),
    ("sad", -1, "~~ㅠ ~~ㅜ 😢 😭 😞 😔 ☹ 🙁 😥 😿 💔 😩 😫 😪 🥺"),
    ("angry", -1, "😠 😡 🤬 😤 👿"),
    ("anxious", -1, "😰 😟 😬 😖 😣"),
    ("fearful", -1, "😨 😱"),
    ("disgusted", -1, "🤢 🤮"),
    ("surprised", 0, "😮 😲 😯 😳"),
    ("neutral", 0, """
        ^화{,가}_나도 좋겠 남편 아파트 아프리카 사랑니 완벽주의 ^피로연 고생{,_많이}_하{셨,신,시느라} 고생_많으 억지로라도 큰일_없 괜찮을까 예뻐하 신경_써 성공회 만족도 행복주택 미안하지만 죄송하지만 죄송한데 미안한데
        걱정_{마,말} 걱정하지_{마,말} 즐겨찾 감사{팀,원} {슬픈,무서운,무서}_영화 무섭게 한계령 위로_{올,가} 좋은_{아침,하루} 반갑습 서울 겨울 거울 무거운_{물건,짐을} 수_없이 웃어른 웃돈 지침{서,을,에,이} 헛웃음 코웃음
        쓴웃음 억지웃음 복수_전공 복수의 {사랑,이별}{의,이란,은,이라는} {차,길}{가,이,도}_막{혀,혔,히} 도와_{주세요,달라} {수다,애교}{를,}_떨 ^빚에서_벗어 미안하다고 거짓말처럼 미친_듯 이상형
        """),
)

ENGLISH = (
    ("happy", 1, """
        happy happier happiest happily happiness glad joy joyful enjoy enjoyable fun delight delighted cheerful
        excited exciting thrilled great good better best wonderful amazing awesome fantastic excellent lovely nice
        beautiful perfect proud love loving loved laugh smile satisfied satisfying pleased pleasant grateful
        thankful ~thank ~thanks appreciate hopeful optimistic confident confidence motivated inspired energetic
        success successful succeed achieve accomplished win won celebrate fulfilled blessed encouraged encouraging
        looking_forward cheer_up cheered_up feel_alive i_like really_like liked well_rested sleep_well slept_well
        doing_well going_well went_well never_been_happier never_been_better couldn't_be_happier couldn't_be_better
        """),
    ("happy", 1, """
        calm calmer calmed peace peaceful at_peace relax relaxing relaxed relief relieved comfort comfortable
        comforting safe secure supported supportive helpful helped ~helps kind warm trust understood heard_me ~fine
        ~ok ~okay alright all_right improve improved improving improvement recover recovered recovering progress
        overcome overcame refreshed rested stable balanced healthy no_problem no_worries
        """),
    ("sad", -1, """
        sad sadder sadness unhappy depressed depressing depression miserable misery cry cried cries crying tears
        heartbroken heartbreak lonely loneliness alone isolated empty emptiness hopeless hopelessness helpless
        worthless useless grief grieve grieving mourn lost loss regret guilty guilt ashamed shame embarrassed
        disappointed disappointing disappointment hurt hurts hurting painful pain broken broke_up break_up divorce
        died death suicide suicidal kill_myself hurt_myself want_to_die let_down miss_him miss_her miss_them
        abandoned rejected unloved gloomy despair discouraged upset blue_today give_up gave_up hate_myself no_hope
        no_energy no_motivation pointless meaningless
        """),
    ("sad", -1, """
        tired tiring exhausted exhausting exhaustion fatigue weary drained burnout burned_out burnt_out worn_out
        struggle struggling hard_time difficult tough ~hard bad badly worse worst awful terrible horrible poor sick
        ill suffer suffering fail failed failure failing weak bored boring unmotivated overworked sleepless
        can't_sleep couldn't_sleep cannot_sleep can't_focus can't_concentrate falling_apart fell_apart broke_down
        wrong problem ~mistake
        """),
    ("angry", -1, """
        angry anger mad furious rage annoyed annoying irritated irritating irritable frustrated frustrating
        frustration resent resentful resentment bitter hostile jealous fight fought fighting argue argued argument
        arguing yell yelled scream screamed shouted unfair betrayed insulted ignored fed_up pissed outraged
        can't_stand couldn't_stand
        """),
    ("anxious", -1, """
        anxious anxiety worry worried worries worrying nervous tense tension stress stressed stressful restless
        uneasy overwhelmed overwhelming pressure pressured panic panicked uncertain insecure confused confusing
        doubt troubled concerned on_edge unsettled uncomfortable overthinking racing_thoughts
        """),
    ("fearful", -1, """
        afraid fear fearful scared scary frightened frightening terrified terrifying threatened nightmare nightmares
        horror trauma traumatic dread abuse abused violence violent
        """),
    ("disgusted", -1, "disgust disgusted disgusting gross revolting repulsive hate hates hating loathe nasty sick_of dislike"),
    ("surprised", 0, "surprise surprised surprising unexpected unexpectedly astonished amazed suddenly wow"),
    ("surprised", -1, "shocked shocking stunned"),
    ("neutral", 0, """
        good_morning good_afternoon good_evening good_night good_bye best_regards kind_of problem_solving well_being
        would_be_nice would_be_better had_better hard_copy lost_and_found
        """),
)
