//! The texts of the mails, in Japanese and English. Nothing personal but a greeting.

/// A mail's subject and its plain text.
pub struct Letter {
    /// The subject.
    pub subject: &'static str,
    /// The text.
    pub text: String,
}

/// The mail after a sign-up, with the link that verifies the address.
pub fn welcome(name: &str, frontend: &str, token: &str) -> Letter {
    let link = format!("{frontend}/verify-email?token={token}");
    let (sama, hello) = greetings(name);
    Letter {
        subject: "Enishi へようこそ / Welcome to Enishi",
        text: format!(
            "{sama}\
             Enishi へようこそ。お会いできてうれしいです。\n\
             次のリンクを開いて、メールアドレスの確認をお願いします(7日間有効です)。\n\n\
             {link}\n\n\
             お心当たりのない場合は、このメールを破棄してください。\n\n\
             --\n\n\
             {hello}\
             Welcome to Enishi, it is lovely to have you here.\n\
             Please open the link above to confirm your e-mail address; it works for seven days.\n\
             If you did not sign up, simply ignore this mail.\n\n\
             Enishi\n"
        ),
    }
}

/// The mail after a forgotten password, with the link that sets a new one.
pub fn new_password(name: &str, frontend: &str, token: &str) -> Letter {
    let link = format!("{frontend}/reset-password?token={token}");
    let (sama, hello) = greetings(name);
    Letter {
        subject: "パスワードの再設定 / Choose a new password",
        text: format!(
            "{sama}\
             次のリンクから、新しいパスワードを設定できます(1時間有効、1回限りです)。\n\n\
             {link}\n\n\
             お心当たりのない場合は、このメールを破棄してください。パスワードは変わりません。\n\n\
             --\n\n\
             {hello}\
             The link above lets you choose a new password; it works once, within an hour.\n\
             If you did not ask for it, simply ignore this mail: your password stays as it is.\n\n\
             Enishi\n"
        ),
    }
}

/// The greeting lines in both languages; none for a name that could be an advertisement. Anybody
/// can sign up with somebody else's address, and what they call themselves goes out in our mail.
fn greetings(name: &str) -> (String, String) {
    let harmless = !name.is_empty()
        && name.chars().count() <= 30
        && name
            .chars()
            .all(|char| char.is_alphanumeric() || " -_'・".contains(char));
    if harmless {
        (format!("{name} 様\n\n"), format!("Hello {name},\n\n"))
    } else {
        (String::new(), "Hello,\n\n".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_greets_and_carries_its_link() {
        let letter = welcome("花子", "https://enishi.example", "t0ken");
        assert!(letter.text.starts_with("花子 様\n"));
        assert!(letter.text.contains("Hello 花子,"));
        assert!(
            letter
                .text
                .contains("\nhttps://enishi.example/verify-email?token=t0ken\n")
        );
        let letter = new_password("", "https://enishi.example", "t0ken");
        assert!(
            letter
                .text
                .contains("\nhttps://enishi.example/reset-password?token=t0ken\n")
        );
    }

    #[test]
    fn a_name_that_advertises_is_left_out() {
        for name in ["win at evil.example", "http://evil", &"a".repeat(31)] {
            assert!(!welcome(name, "", "").text.contains(name));
        }
    }
}
