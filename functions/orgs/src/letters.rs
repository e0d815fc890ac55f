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

/// That so many percent of an organisation's seconds are spent.
pub fn spent(company_name: &str, percent: u64, granted: u64) -> Letter {
    let (subject, japanese, english) = match percent {
        100 => (
            "検出可能時間をすべて使い切りました",
            "すべて使い切りました。次の期間が始まるまで、新しいプロジェクトは作成できません",
            "all of its detection time. No project can be made until the next period",
        ),
        _ => (
            "検出可能時間の80%を使用しました",
            "80%を使用しました",
            "80 % of its detection time",
        ),
    };
    let japanese = Letter::new(
        subject,
        format!(
            "「{company_name}」は、この期間の検出可能時間({granted}秒)のうち、{japanese}。\n\n\
             ライセンスの席数を増やすと、検出可能時間も増えます。\n\n\
             Enishi\n\n"
        ),
    );
    let english = Letter::new(
        "Your organization's detection time",
        format!(
            "\"{company_name}\" has used {english} of this period ({granted} seconds).\n\
             More seats come with more detection time.\n\n\
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
