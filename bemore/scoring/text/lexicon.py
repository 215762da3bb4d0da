"""Emotion words, Korean and English, written for this project. Data only; no rules.

Each group is ``(emotion, polarity, entries)``. Polarity is 1 (pleasant), -1 (unpleasant) or 0 (neither, or a word that
only looks like one: it is listed so that a longer match hides the shorter one, as 남편하고 hides 편하).

Korean entries are the beginnings of written forms, since stems change when they are conjugated (슬프다: 슬픈, 슬퍼, 슬펐).
``_`` stands for a space that may be left out, ``^`` at the front for "only at the beginning of a word",
``~`` at the front for a word that counts half.
English entries are words (endings such as -s, -ed, -ing, -ly are found without being listed); ``_`` joins a phrase.
"""

KOREAN = (
    ("happy", 1, """
        기쁘 기쁜 기쁨 기뻐 기뻤 기쁩 행복 즐겁 즐거 즐기 즐겼 즐길 ^신나 ^신났 ^신난 ^신이_나 ^신이_났 반갑 반가 재미 재밌 재밋 웃었 웃음 웃게 웃으 웃을 웃고 웃긴 웃겨 웃겼 설레
        설렜 설렘 설렙 뿌듯 흐뭇 만족 보람 성취 자랑스 감격 감동 ^환하 ^환해 유쾌 흥겹 흥겨 벅차오 벅차올 가슴_벅 가슴이_벅 좋 좋아하 마음에_들 마음에_드 맘에_들 맘에_드 최고 훌륭
        멋지 멋진 멋져 멋있 예쁘 예쁜 예뻐 아름다 아름답 사랑 소중 뜻깊 축하 합격 성공 해냈 이겨냈 이겨내 극복 칭찬 인정받 인정을_받 인정해_주 인정해_줘 존중받 존중해 자신감 자신이_생
        자신_있 자신이_있 자존감이_높 자존감이_올 자존감이_생 ^용기 희망 의욕 ^활기 활력 기운이_나 기운이_났 힘이_나 힘이_났 힘이_생 힘이_되 힘이_돼 힘이_됐 힘이_된 힘이_됩
        힘을_얻 힘을_내 힘내 힘냈 파이팅 화이팅 기대돼 기대되 기대됩 기대가_돼 기대가_되 살맛 살_것_같 의미있 의미_있 의미가_있 ~수_있을_것_같 ~수_있게_됐 ~수_있게_되
        ~수_있게_돼 뻥_뚫 ~잘_맞 마음이_정리 ~신경_안_쓰 ~신경_안_써 효과가_있 효과_있 참을_수_있 견딜_수_있 버틸_수_있 이겨낼 하고_싶은_일이_생 하고_싶은_게_생 짐을_내려
        더_좋을_수_없 더할_나위 놀랍게_좋 잘하 잘했 잘_했 뭉클 자유로 해방감 당당하 당당해 떳떳 알차 알찬 기특 대견 흥미로 흥미가_생 관심이_생 맛있 순조 수월 쾌적 잔잔 ^고요하
        ^고요한 ^고요해 잘하고_있 잘_하고_있 발전했 성장했 성장한 성장하 ~좋을_것_같
        """),
    ("happy", 1, """
        괜찮 다행 편안 편하 편해 편했 편한 편합 편히 차분 안정 안심 ^안도감 ^안도했 ^안도의 평온 평화 평안 ~여유 느긋 홀가분 후련 속이_시원 속_시원 시원하 시원해 시원했 가벼워 가벼운
        가볍 가뿐 개운 상쾌 산뜻 맑아 밝아 따뜻 따듯 다정 친절 포근 든든 믿음 믿어_주 믿어_줘 믿을_수_있 신뢰 위로가 위로를 위로받 위로해 위로도 위안 건강해 건강하 건강한 나아지 나아졌
        나아질 나아진 나아져 나아요 나았 나아집 호전 회복 해결됐 해결되 해결돼 해결했 잘_풀 풀렸 풀려서 기분이_풀 마음이_놓 마음을_놓 한시름 잘_자 잘_잤 잘_잘 푹_잤 푹_자 푹_쉬
        푹_쉰 푹_쉴 잘_쉬 잘_쉰 잘_지내 잘_지냈 잘_지낼 잘_지냅 잘_됐 잘_되 잘_돼 잘_될 잘_된 잘_됩 힐링 ~휴식 친해졌 친해지 친해져 친하 친한 ^화해 용서 ~공감 이해받
        이해해_주 이해해_줘 이해해_줬 걱정해_주 걱정해_줘 응원 격려 도움이_되 도움이_돼 도움이_됐 도움이_된 도움이_됩 도움이_많이_됐 도움이_많이_돼 도움이_많이_되 도움되 도움돼 도움됐
        도움을_받 도움_받 의지가_되 의지가_돼 의지가_됐 ~적응 ~익숙해 문제없 문제_없 ~좋아졌 좋아지 긍정 감사드 ~감사합 감사하게 감사한 감사해 감사했 ~고맙습 고맙 고마운 고마워 고마웠
        고마움
        """),
    ("neutral", 1, """
        ^화_안_나 ^화가_안_나 ^화는_안_나 ^화도_안_나 ^화_안_내 ^화가_풀 ^화_풀 ^화가_좀_풀 ^화가_많이_풀 ^화가_다_풀 ^화가_가라 ^화가_누그러 ^화가_나지_않 ^화나지_않
        ^화내지_않 ^화를_내지_않 긴장이_풀 ^화가_나지는_않 ^울지_않 ^울지는_않 ^안_울 진정됐 진정되 진정돼 누그러
        """),
    ("sad", -1, """
        슬프 슬픈 슬픔 슬퍼 슬펐 슬픕 슬플 우울 ^울었 ^울고 ^울어 ^울기 ^울면 ^울다 ^울게 ^울지_못 엉엉 펑펑 울컥 울음 울먹 울적 ~눈물 서럽 서러 서글 외롭 외로워 외로운 외로웠
        외로움 외로울 외로우 외톨이 쓸쓸 고독 허전 공허 허무 허탈 그립 그리워 그리웠 그리운 그리움 상실 이별 헤어졌 헤어지자 헤어진 헤어져 비참 절망 좌절 낙담 실망 암담 무기력 무력감
        의미없 의미가_없 의미_없 의미도_없 쓸모없 쓸모_없 쓸모가_없 가치없 가치가_없 가치_없 소용없 소용이_없 소용_없 죽고_싶 죽고만 죽으면 죽어버 죽을_것_같 죽었 죽은 살기_싫
        살고_싶지_않 사라지고_싶 자살 자해 돌아가셨 돌아가신 세상을_떠 상처 속상 속이_상 마음이_아프 마음이_아파 마음이_아팠 마음_아프 마음_아파 가슴_아프 가슴이_아프 가슴이_아파
        마음이_무거 마음이_무겁 무거워 무겁 무거운 가라앉 침울 암울 후회 미안 죄책 ~죄송 자책 자괴 초라 열등 한심 창피 부끄 수치스 수치심 버림받 버려진 버려졌 소외 따돌림 왕따 아무도_없
        아무도_안 곁에_없 서운 섭섭 아쉽 아쉬 안타깝 안타까 불행 불쌍 가엾 처량 이혼 실직 ^해고 파산 떨어졌 ^차였 거절당 실연 축_처 기분이_다운 ~다운돼 ~다운됐 자존감이_낮
        자존감이_떨 자존감이_바닥 자존감_낮 자신이_없 자신_없 희망이_안_보 혼자인_것_같 혼자라는 버려질 잃었 잃어버 잃은
        """),
    ("sad", -1, """
        힘들 힘든 힘듭 힘듦 힘겨 힘겹 지쳐 지쳤 지친 지칩 지치 피곤 ^피로 버겁 버거 벅차 벅찬 번아웃 탈진 기진맥진 녹초 괴롭 괴로 고통 고생 아프 아파 아팠 아픈 아픔 아픕 두통 통증
        힘이_없 힘없 힘이_안_나 힘이_빠 힘_빠 기운이_없 기운_없 기운이_안_나 귀찮 ~심심 지루 나쁘 나쁜 나빠 나빴 나쁩 나쁠 엉망 최악 별로예 별로에 별로였 별로네 별로야 별로인 별로입
        별로라 별로고 기분이_별로 기분_별로 컨디션이_별로 실패 ^망했 망쳤 망친 ^망할 포기 ~어렵 ~어려 못하겠 못_하겠 못_살 못살 못_견디 못_견딜 못_버티 못_참 참을_수_없
        참을_수가_없 참기_힘 견디기 버티 한계 심각 ~실수 손해 무너 부족 불친절 부적응 무의미 무가치 의욕상실 의욕_상실 불신 모자라 그만두고_싶 그만하고_싶 포기하고_싶 ~쉬고_싶
        다_놓고_싶 아무것도_못 아무것도_하기_싫 입맛이_없 입맛_없 입맛도_없 식욕이_없 밥맛이_없 엄두가_안 엄두가_나지 집중이_안 집중이_잘_안 집중을_못 집중_못 집중이_되지 집중하기_어
        집중하기_힘 잘_안_되 잘_안_돼 잘_안_됐 잘_안_풀 잘_안_자 잘못 잘_못 뜻대로_안 마음에_안_들 맘에_안_들 인정을_못 인정도_못 인정_못 도움이_안 도움_안 이해가_안 이해를_못
        이해받지_못 답이_없 희망이_없 못됐 악화 심해졌 심해지 심해져 더_심해 나빠지 편치_않 편치_못 ~죽겠 부정적 손에_안_잡 손에_잡히지 일이_꼬 꼬였 막혔 ~막혀 망가 싶지_않
        싶지가_않 싶지도_않 ~그렇지_못 달라지는_게_없 달라진_게_없 변한_게_없 변하는_게_없 들어_주지_않 들어주지_않 알아주지_않 알아_주지_않 ^혼냈 ^혼났 ^혼나 ^혼내 꾸중
        대화가_안_통 말이_안_통 오락가락 왜_사는지 저만_빼고 나만_빼고 구박 갑질 시달리 시달려 시달렸 위축 주눅 움츠러 기죽 민망 자포자기 체념 놀림 무관심 아무_느낌이_없 혼자였 혼자예
        털어놓을_사람이_없 털어놓을_데가_없 털어놓을_곳이_없 의지할_사람이_없 의지할_데가_없 기댈_사람이_없 기댈_데가_없 도와줄_사람이_없 뒤처지 뒤처진 뒤쳐 효과가_없 효과_없 ~수가_없
        ~수_없 ~수도_없 밥도_안_먹 밥을_안_먹 밥도_못 누워만 끼니를 못_쉬 못_잘 안_풀려 안_풀리 의욕이_안
        """),
    ("angry", -1, """
        ^화나 ^화났 ^화난 ^화날 ^화내 ^화낸 ^화냈 ^화가_나 ^화가_났 ^화가_난 ^화가_많이 ^화가_치 ^화를_내 ^화를_냈 ^화를_낸 ^화를_참았 ^화를_참기 ^화를_참을_수_없
        ^화를_참을_수가_없 ^화병 ^홧김 너무화가 짜증 열받 열_받 분노 ^분하 ^분해 ^분한 ^분했 분통 격분 억울 빡치 빡쳐 빡쳤 빡친 성질 ^성나 욱하 욱해 욱했 욱하는 괘씸 얄밉 밉
        미움 미워 미웠 미운 증오 원망 배신 싸웠 싸우 싸움 싸워 다퉜 다투 다툼 갈등 소리_지르 소리를_지르 소리를_질 소리_질 ^욕을 ^욕했 ^욕하 ^욕먹 열불 울화 약올 신경질 답답 어이없
        어이가_없 기가_막 기가막 무시당 무시하 무시해 무시했 불공평 부당 비웃 비난 질투 못마땅 불만 화풀이 복수 미치겠 미칠_것 미칠_거 미쳐버 돌아버 폭발할 폭언 따졌 부글 열이_받 빈정
        치사 뻔뻔
        """),
    ("anxious", -1, """
        불안 걱정 초조 긴장 조마조마 안절부절 ~두근 떨려 떨렸 떨리 떨림 염려 근심 스트레스 압박 부담 신경_쓰이 신경이_쓰 신경쓰이 예민 조급 혼란 ~복잡 막막 ~고민 망설 쫓기 쫓겨 심란
        뒤숭숭 어떡하 어떡해 어떡하죠 어쩌지 큰일 공황 강박 잠이_안 잠을_못 잠_못 잠도_못 잠을_설 잠을_잘_못 잠이_잘_안 잠이_오지_않 잠도_안 못_잤 못_자 못_잔 못_주무 뒤척 불면
        식은땀 숨이_막 숨막 가슴이_답답 눈치 낯설 어색 불편 감당이_안 감당하기 감당할_수_없 감당_못 마음이_안_놓 불확실 의심 의존하게 조바심 전전긍긍 노심초사 걱정돼 걱정되 압도 갑갑
        위태 믿을_수_없 믿을_수가_없 못_믿
        """),
    ("fearful", -1, """
        무섭 무서 겁나 겁이 겁난 겁먹 겁났 겁도 두렵 두려 공포 끔찍 악몽 위협 협박 폭력 폭행 학대 트라우마 도망가고_싶 도망치고_싶 도망치 섬뜩 오싹 겁에 덜덜
        """),
    ("disgusted", -1, """
        싫 역겹 역겨 혐오 징그 구역질 더럽 더러워 더러운 지긋지긋 지겹 지겨 꼴보기 꼴도_보기 꼴_보기 밥맛없 진절머리 질렸 질려 질린 넌더리 메스꺼 불쾌 거슬 비위 추악 ^정떨 ^정_떨
        ^정이_떨 신물 환멸 소름_끼 소름끼
        """),
    ("surprised", 0, """
        놀라 놀랐 놀란 놀랍 놀람 깜짝 뜻밖 의외 예상치_못 예상_못 예상도_못 믿기지_않 믿기지가_않 어머나 세상에나 헉 ^신기 생각지도_못 상상도_못
        """),
    ("surprised", -1, "충격 당황 황당 경악 기겁 어안이"),
    ("happy", 1, "~ㅎㅎ ~ㅋㅋ ~^^ 😀 😃 😄 😁 😆 😊 ☺ 🙂 😍 🥰 😘 🤗 😌 😂 🤣 ❤ 💕 💖 👍 🎉 😇"),
    ("sad", -1, "~ㅠ ~ㅜ 😢 😭 😞 😔 ☹ 🙁 😥 😿 💔 😩 😫 😪 🥺"),
    ("angry", -1, "😠 😡 🤬 😤 👿"),
    ("anxious", -1, "😰 😟 😬 😖 😣"),
    ("fearful", -1, "😨 😱"),
    ("disgusted", -1, "🤢 🤮"),
    ("surprised", 0, "😮 😲 😯 😳"),
    ("neutral", 0, """
        ^화가_나도 ^화나도 좋겠 남편 아파트 아프리카 사랑니 완벽주의 ^피로연 고생하셨 고생_많 고생_하셨 어려서부터 괜찮을까 예뻐하 신경_써 성공회 만족도 행복주택 미안하지만 죄송하지만
        죄송한데 미안한데 실망스러우 걱정_마 걱정하지_마 걱정_말 걱정하지_말 즐겨찾 도움이_필요 감사팀 감사원 슬픈_영화 무서운_영화 무섭게 한계령 위로_올 위로_가 좋은_아침 좋은_하루
        반갑습 서울 겨울 거울 무거운_물건 무거운_짐을
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
