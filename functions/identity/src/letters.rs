//! The texts of the mails, in somebody's language with English below. Nothing personal but a greeting.

use enishi_shared::{
    language::Language,
    mail::{Letter, greeting},
};

/// The mail after a sign-up, with the link that verifies the address.
pub fn welcome(language: Language, name: &str, frontend: &str, token: &str) -> Letter {
    let link = format!("{frontend}/verify-email?token={token}");
    let own = match language {
        Language::Japanese => (
            "Enishi へようこそ",
            format!(
                "Enishi へようこそ。お会いできてうれしいです。\n\
                 次のリンクを開いて、メールアドレスの確認をお願いします(7日間有効です)。\n\
                 ログインした状態で開くか、登録時のパスワードを入力してください。\n\n\
                 {link}\n\n\
                 お心当たりのない場合は、どなたかがこのアドレスで登録したものと思われます。\n\
                 リンクを開かず、このメールを破棄してください。ご自身でこのアドレスをお使いになるときは、\n\
                 ログイン画面からパスワードを再設定してください。登録した方は利用できなくなります。\n\n"
            ),
        ),
        Language::Korean => (
            "Enishi에 오신 것을 환영합니다",
            format!(
                "Enishi에 오신 것을 환영합니다. 만나 뵙게 되어 반갑습니다.\n\
                 아래 링크를 열어 이메일 주소를 인증해 주세요. 링크는 7일 동안 유효합니다.\n\
                 로그인한 상태에서 여시거나, 가입할 때 정한 비밀번호를 입력해 주세요.\n\n\
                 {link}\n\n\
                 가입하신 적이 없다면 다른 사람이 이 주소로 가입한 것으로 보입니다.\n\
                 링크를 열지 말고 이 메일을 삭제해 주세요. 이 주소를 직접 사용하시려면\n\
                 로그인 화면에서 비밀번호를 재설정해 주세요. 가입한 사람은 더 이상 이용할 수 없게 됩니다.\n\n"
            ),
        ),
        Language::English => (
            "Welcome to Enishi",
            format!(
                "Welcome to Enishi, it is lovely to have you here.\n\
                 Please open this link to confirm your e-mail address; it works for seven days.\n\
                 You will need to be logged in, or to give the password that you signed up with:\n\n\
                 {link}\n\n\
                 If you did not sign up, somebody else did with your address: do not open the link, and\n\
                 delete this mail. To use the address yourself, choose a new password at the log-in page;\n\
                 whoever signed up is then shut out.\n\n\
                 Enishi\n"
            ),
        ),
    };
    let below = (
        "Welcome to Enishi",
        "Welcome to Enishi, it is lovely to have you here.\n\
         Please open the link above to confirm your e-mail address; it works for seven days.\n\
         You will need to be logged in, or to give the password that you signed up with.\n\n\
         If you did not sign up, somebody else did with your address: do not open the link, and\n\
         delete this mail. To use the address yourself, choose a new password at the log-in page;\n\
         whoever signed up is then shut out.\n\n\
         Enishi\n",
    );
    letter(language, name, own, below)
}

/// The mail after a forgotten password, with the link that sets a new one.
pub fn new_password(language: Language, name: &str, frontend: &str, token: &str) -> Letter {
    let link = format!("{frontend}/reset-password?token={token}");
    let own = match language {
        Language::Japanese => (
            "パスワードの再設定",
            format!(
                "次のリンクから、新しいパスワードを設定できます(1時間有効、1回限りです)。\n\n\
                 {link}\n\n\
                 お心当たりのない場合は、このメールを破棄してください。パスワードは変わりません。\n\n"
            ),
        ),
        Language::Korean => (
            "비밀번호 재설정",
            format!(
                "아래 링크에서 새 비밀번호를 설정하실 수 있습니다. 링크는 1시간 동안 한 번만 사용할 수 있습니다.\n\n\
                 {link}\n\n\
                 요청하신 적이 없다면 이 메일을 무시하셔도 됩니다. 비밀번호는 바뀌지 않습니다.\n\n"
            ),
        ),
        Language::English => (
            "Choose a new password",
            format!(
                "This link lets you choose a new password; it works once, within an hour:\n\n\
                 {link}\n\n\
                 If you did not ask for it, simply ignore this mail: your password stays as it is.\n\n\
                 Enishi\n"
            ),
        ),
    };
    let below = (
        "Choose a new password",
        "The link above lets you choose a new password; it works once, within an hour.\n\
         If you did not ask for it, simply ignore this mail: your password stays as it is.\n\n\
         Enishi\n",
    );
    letter(language, name, own, below)
}

/// A subject and a text without its greeting.
type Body<T> = (&'static str, T);

/// The letter in somebody's own language, and `below` unless that is English.
fn letter(language: Language, name: &str, own: Body<String>, below: Body<&str>) -> Letter {
    let letter = |language, (subject, text): Body<&str>| {
        Letter::new(subject, greeting(language, name) + text)
    };
    let first = letter(language, (own.0, &own.1));
    match language {
        Language::English => first,
        _ => first.followed_by(letter(Language::English, below)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_greets_and_carries_its_link() {
        for (language, greeting) in [
            (Language::Japanese, "花子 様\n\n"),
            (Language::Korean, "花子 님, 안녕하세요.\n\n"),
            (Language::English, "Hello 花子,\n\n"),
        ] {
            let letter = welcome(language, "花子", "https://enishi.example", "t0ken");
            assert!(letter.text.starts_with(greeting), "{}", letter.text);
            assert!(letter.text.contains("Hello 花子,\n"), "{}", letter.text);
            let link = "\nhttps://enishi.example/verify-email?token=t0ken\n";
            assert_eq!(letter.text.matches(link).count(), 1, "{}", letter.text);
            let letter = new_password(language, "", "https://enishi.example", "t0ken");
            let link = "\nhttps://enishi.example/reset-password?token=t0ken\n";
            assert_eq!(letter.text.matches(link).count(), 1, "{}", letter.text);
            assert_eq!(
                letter.text.matches("Enishi\n").count(),
                1,
                "{}",
                letter.text
            );
        }
    }

    #[test]
    fn a_name_that_advertises_is_left_out() {
        for name in ["win at evil.example", "http://evil", &"a".repeat(31)] {
            for language in [Language::Japanese, Language::Korean, Language::English] {
                assert!(!welcome(language, name, "", "").text.contains(name));
            }
        }
    }
}
