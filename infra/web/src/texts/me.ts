import type { Texts } from "../i18n";

const en = {
  title: "Account",
  email: "E-mail address",
  name: "Name",
  verified: "confirmed",
  unverified: "not confirmed yet: open the link in the mail we sent",
  password: "Set another password",
  payments: "Payments",
  noPayments: "Nothing has been paid yet.",
  close: "Close the account",
  closeLede: "Everything you told us is deleted. That cannot be undone.",
  closeSure: "Close it for good",
  operator: "You are an operator.",
  review: "People who wait to be verified",
};
const ja: typeof en = {
  title: "アカウント",
  email: "メールアドレス",
  name: "名前",
  verified: "確認済み",
  unverified: "未確認：お送りしたメールのリンクを開いてください",
  password: "パスワードを変更する",
  payments: "お支払い",
  noPayments: "お支払いはまだありません。",
  close: "アカウントを閉じる",
  closeLede: "ご登録の内容はすべて削除され、元に戻せません。",
  closeSure: "完全に閉じる",
  operator: "あなたは運営者です。",
  review: "本人確認を待っている人",
};
const ko: typeof en = {
  title: "계정",
  email: "이메일 주소",
  name: "이름",
  verified: "확인됨",
  unverified: "아직 확인되지 않음: 보내 드린 메일의 링크를 열어 주세요",
  password: "비밀번호 바꾸기",
  payments: "결제",
  noPayments: "아직 결제가 없습니다.",
  close: "계정 닫기",
  closeLede: "등록한 내용이 모두 삭제되며 되돌릴 수 없습니다.",
  closeSure: "완전히 닫기",
  operator: "운영자입니다.",
  review: "확인을 기다리는 사람들",
};
export const me: Texts<typeof en> = { en, ja, ko };
