import type { Texts } from "../i18n";

const en = {
  title: "Threads between people",
  lede: "Enishi is Japanese for the thread that ties one person to another. Here are five ways to find yours.",
  rooms: ["Half an hour with three strangers, every morning", "Say tonight that you will come; at ten to nine you are drawn into a small room."],
  visits: ["Ask somebody who works there", "Students find employees of a company, agree on a time, and talk."],
  saju: ["Whom the four pillars suggest", "Five people a day, with the reasons, and a chat when both say yes."],
  market: ["Made by somebody's hands", "Things by makers who sign them, sent by themselves."],
  orgs: ["Make it together", "Invite your colleagues, share seats and projects."],
  reference: "For developers: guides and the reference",
};

const ja: typeof en = {
  title: "ご縁は、ここから。",
  lede: "人と人をむすぶ、見えない糸。出会い方は五つあります。",
  rooms: ["毎朝、はじめましての四人で", "前の晩に「行く」と決めるだけ。8時50分に小さな部屋へご案内します。"],
  visits: ["働く人に、聞いてみる", "学生が企業の社員を探し、日時を決めて話を聞けます。"],
  saju: ["四柱が示すご縁", "一日五人、その理由とともに。お互いに「はい」ならチャットへ。"],
  market: ["誰かの手から生まれたもの", "作り手が一つひとつ作り、自ら送ります。"],
  orgs: ["いっしょに作る", "仲間を招待し、席とプロジェクトを分け合います。"],
  reference: "開発者向け：ガイドとAPIリファレンス",
};

const ko: typeof en = {
  title: "인연은 여기서 시작됩니다",
  lede: "사람과 사람을 잇는 보이지 않는 실. 만나는 길은 다섯 가지입니다.",
  rooms: ["매일 아침, 처음 만나는 네 사람", "전날 밤에 오겠다고 하면 8시 50분에 작은 방이 정해집니다."],
  visits: ["그곳에서 일하는 사람에게 묻기", "학생이 회사의 직원을 찾아 시간을 정하고 이야기를 듣습니다."],
  saju: ["사주가 권하는 사람", "하루 다섯 사람, 이유와 함께. 서로 좋다면 대화가 열립니다."],
  market: ["누군가의 손으로 만든 것", "만든 사람이 이름을 걸고 직접 보냅니다."],
  orgs: ["함께 만들기", "동료를 초대하고 자리와 프로젝트를 나눕니다."],
  reference: "개발자용: 안내서와 API 문서",
};

export const home: Texts<typeof en> = { en, ja, ko };
