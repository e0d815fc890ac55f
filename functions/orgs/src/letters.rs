//! What people are written to about organisations.

use enishi_shared::mail::{Letter, is_harmless};

/// The invitation, with the link that accepts it. Who gets it need not know us: no name that could be an
/// advertisement stands in it.
pub fn invitation(company_name: &str, frontend: &str, token: &str) -> Letter {
    let link = format!("{frontend}/invitations/accept?token={token}");
    let named = is_harmless(company_name);
    let (from, by) = match named {
        true => (format!("「{company_name}」"), format!("\"{company_name}\"")),
        false => ("ある組織".to_owned(), "an organization".to_owned()),
    };
    let japanese = Letter::new(
        "組織への招待が届いています",
        format!(
            "{from}から、Enishiの組織への招待が届いています。\n\
             次のリンクを開き、このメールアドレスでログインして、招待を承諾してください\
             (7日間有効、1回限りです)。\n\n\
             {link}\n\n\
             お心当たりのない場合は、このメールを破棄してください。\n\n\
             Enishi\n\n"
        ),
    );
    let english = Letter::new(
        "You have been invited to an organization",
        format!(
            "You have been invited by {by} to its organization at Enishi.\n\
             Please open the link above, log in with this e-mail address and accept; it works once,\n\
             within seven days.\n\n\
             If you did not expect this, simply ignore this mail.\n\n\
             Enishi\n"
        ),
    );
    japanese.followed_by(english)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_names_the_company_unless_that_could_be_an_advertisement() {
        let of = |name: &str| invitation(name, "https://enishi.example", "t0ken").text;
        let text = of("いろは株式会社");
        assert!(text.contains("「いろは株式会社」"));
        assert!(text.contains("https://enishi.example/invitations/accept?token=t0ken"));
        let text = of("win at https://evil.example");
        assert!(!text.contains("evil"));
    }
}
