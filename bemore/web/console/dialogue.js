/**
 * The conversation of the simulated session, minute by minute: about work, sleep and a walk by the river. Invented.
 *
 * `away` is the share of a minute's frames in which the face is turned away, `loud` how loud the voice is, 0..1.
 */

export const COURSE = [
  { away: 0.25, loud: 0.26 },
  { away: 0.3, loud: 0.28 },
  { away: 0.4, loud: 0.22 },
  { away: 0.45, loud: 0.2 },
  { away: 0.25, loud: 0.3 },
  { away: 0.2, loud: 0.34 },
  { away: 0.15, loud: 0.36 },
  { away: 0.1, loud: 0.38 },
  { away: 0.08, loud: 0.42 },
  { away: 0.06, loud: 0.4 },
];

export const LINES = {
  ko: [
    ["안녕하세요. 오늘은 조금 긴장이 됩니다.", "회사 일이 많아서 계속 피곤했어요.", "요즘은 아침에 눈뜨기가 싫습니다.", "그래도 시간을 내서 왔습니다."],
    ["요즘 잠을 거의 못 자서 힘들어요.", "밤마다 회의 생각이 나서 불안합니다.", "주말에도 쉬는 것 같지 않아요.", "새벽까지 휴대폰만 보게 돼요."],
    ["팀장님과 이야기하고 나면 속상하고 우울해요.", "제가 부족한 것 같아서 걱정이 됩니다.", "말을 꺼내기가 어려웠어요."],
    ["지난주에는 너무 지쳐서 울었어요.", "가족에게도 짜증을 내서 미안했습니다.", "그 뒤로 마음이 무거웠어요."],
    ["그래도 어제는 조금 일찍 퇴근했어요.", "강가를 삼십 분 정도 걸었습니다.", "걷는 동안에는 회의 생각이 안 났어요.", "오랜만에 바람이 시원하게 느껴졌어요."],
    ["산책을 하니까 마음이 편안해졌어요.", "집에 와서 가족과 저녁을 먹었습니다.", "오랜만에 같이 웃었어요.", "딸이 학교에서 있었던 일을 말해 줬어요.", "그 시간이 참 좋았습니다."],
    ["가족이 제 이야기를 들어 줘서 고마웠어요.", "잠도 평소보다 잘 잤습니다.", "아침에 일어나는 게 덜 힘들었어요.", "남편이 설거지를 해 줬어요.", "작은 일이지만 큰 힘이 됐습니다."],
    [
      "회의 전에 숨을 고르는 연습도 해 봤어요.",
      "생각보다 도움이 되어서 기뻤습니다.",
      "팀장님 말씀도 차분하게 들었어요.",
      "발표 순서가 와도 덜 떨렸습니다.",
      "끝나고 나서 제 자신을 칭찬했어요.",
    ],
    [
      "이번 주에는 산책을 세 번 하고 싶어요.",
      "가족과 함께 걸으면 더 즐거울 것 같아요.",
      "할 수 있다는 자신감이 생겼습니다.",
      "수요일에는 일찍 퇴근하려고 합니다.",
      "일기도 짧게 써 볼게요.",
      "힘들면 쉬어도 된다고 생각해요.",
    ],
    [
      "오늘 이야기하고 나니 마음이 한결 가벼워요.",
      "다음 주가 기대됩니다.",
      "처음보다 숨이 편안해졌어요.",
      "오늘 배운 것을 적어 둘게요.",
      "혼자가 아니라는 느낌이 들어요.",
      "들어 주셔서 정말 감사합니다.",
    ],
  ],
  en: [
    [
      "Hello. I am a little nervous today.",
      "There was a lot of work and I was tired all week.",
      "These days I do not want to get up.",
      "Still, I made time to come.",
    ],
    [
      "I can hardly sleep, and it is hard.",
      "At night I think of the next meeting and feel anxious.",
      "Even weekends do not feel like rest.",
      "I look at my phone until late at night.",
    ],
    [
      "After talks with my manager I feel sad and hurt.",
      "I worry that I am not good enough.",
      "It was difficult to say anything.",
    ],
    [
      "Last week I was so exhausted that I cried.",
      "I was angry at my family and felt terrible.",
      "My heart was heavy after that.",
    ],
    [
      "But yesterday I left work a little earlier.",
      "I walked along the river for half an hour.",
      "While walking I did not think of the meeting.",
      "The wind felt fresh after all those weeks.",
    ],
    [
      "The walk made me feel calm and relaxed.",
      "At home I had dinner with my family.",
      "We laughed together, it was lovely.",
      "My daughter told us about her day at school.",
      "I enjoyed that hour very much.",
    ],
    [
      "I was grateful that my family listened.",
      "I slept better than usual.",
      "Getting up in the morning was easier.",
      "My husband did the dishes.",
      "A small thing, but it helped a lot.",
    ],
    [
      "I practiced breathing before the meeting.",
      "I was happy that it helped so well.",
      "I could listen to my manager calmly.",
      "I was less nervous when my turn came.",
      "Afterwards I was proud of myself.",
    ],
    [
      "This week I want to take three walks.",
      "Walking with my family will be wonderful.",
      "I feel confident that I can do it.",
      "On Wednesday I will leave work early.",
      "I will keep a short diary, too.",
      "I may rest when it gets hard.",
    ],
    [
      "After talking today I feel much better.",
      "I am looking forward to next week.",
      "I breathe more easily than at the start.",
      "I will write down what I learned today.",
      "I do not feel alone with it.",
      "Thank you so much for listening.",
    ],
  ],
};
