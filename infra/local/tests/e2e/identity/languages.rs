//! The language that an account is written to in: from where it signed up and `Accept-Language`.

use enishi_local::mailbox::Mail;
use insta::assert_snapshot;

use super::{
    market_sessions::{unverified, verified},
    *,
};

/// Signs up at one of the doors, with a body for it.
async fn sign_up(world: &World, door: &str, name: &str, accepted: Option<&str>) -> String {
    let email = format!("{name}@example.com");
    let body = match door {
        "/signup" => newcomer(name, &email, "correct horse"),
        "/api/users/register" => json!({
            "email": email, "password": "correct horse", "name": name,
            "birth_date": "1995-03-02", "gender": "female",
        }),
        _ => json!({"id_token": unverified(world, &email).await.id_token}),
    };
    let headers: Vec<_> = accepted
        .map(|accepted| ("accept-language", accepted))
        .into_iter()
        .collect();
    let answer = post_with(world, door, &headers, body).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    email
}

/// The latest mail to somebody.
async fn letter(world: &World, email: &str) -> Mail {
    world.stack.settle().await;
    let mut mails = world.stack.mailbox().mails();
    mails.retain(|mail| mail.to == [email]);
    mails.pop().unwrap()
}

/// A mail's subject and text, with its token left out.
fn shown(mail: &Mail) -> String {
    let text = mail.text.clone().unwrap();
    let token = text.split("token=").nth(1).unwrap().lines().next().unwrap();
    format!("{}\n\n{}", mail.subject, text.replace(token, "[token]"))
}

async fn forgot(world: &World, email: &str) {
    let body = json!({"email": email});
    post(world, "/api/auth/password/forgot", body)
        .await
        .expect(202);
}

const WELCOME: [(&str, &str); 3] = [
    ("ja", "Enishi へようこそ / Welcome to Enishi"),
    ("ko", "Enishi에 오신 것을 환영합니다 / Welcome to Enishi"),
    ("en", "Welcome to Enishi"),
];

#[tokio::test]
async fn the_door_and_accept_language_decide() {
    let world = World::new().await;
    for (number, (door, accepted, language)) in [
        ("/signup", None, "ja"),
        ("/signup", Some("ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7"), "ko"),
        ("/signup", Some("en-GB, ja;q=0.9"), "en"),
        ("/signup", Some("en;q=0.2, ko;q=0.3, ja;q=0.25"), "ko"),
        ("/signup", Some("fr-FR, de;q=0.9, en;q=0.1"), "en"),
        ("/signup", Some("ko;q=0, fr"), "ja"),
        ("/signup", Some("*"), "ja"),
        ("/signup", Some("ko;q=2"), "ja"),
        ("/api/users/register", None, "ko"),
        ("/api/users/register", Some("zh, *;q=0.5"), "ko"),
        ("/api/users/register", Some("ja,en;q=0.5"), "ja"),
        ("/api/users/register", Some("en"), "en"),
        ("/api/session", None, "ja"),
        ("/api/session", Some("ko, ja;q=0.1"), "ko"),
    ]
    .into_iter()
    .enumerate()
    {
        let email = sign_up(&world, door, &format!("p{number}"), accepted).await;
        let subject = letter(&world, &email).await.subject;
        let of = WELCOME.iter().find(|(_, other)| *other == subject);
        assert_eq!(of.unwrap().0, language, "{door} {accepted:?}");
    }
}

#[tokio::test]
async fn all_letters_come_in_the_language_of_the_account() {
    let world = World::new().await;
    let korean = sign_up(&world, "/api/users/register", "seoyeon", None).await;
    assert_snapshot!(shown(&letter(&world, &korean).await), @r"
    Enishi에 오신 것을 환영합니다 / Welcome to Enishi

    seoyeon 님, 안녕하세요.

    Enishi에 오신 것을 환영합니다. 만나 뵙게 되어 반갑습니다.
    아래 링크를 열어 이메일 주소를 인증해 주세요. 링크는 7일 동안 유효합니다.
    로그인한 상태에서 여시거나, 가입할 때 정한 비밀번호를 입력해 주세요.

    http://localhost:5173/verify-email?token=[token]

    가입하신 적이 없다면 다른 사람이 이 주소로 가입한 것으로 보입니다.
    링크를 열지 말고 이 메일을 삭제해 주세요. 이 주소를 직접 사용하시려면
    로그인 화면에서 비밀번호를 재설정해 주세요. 가입한 사람은 더 이상 이용할 수 없게 됩니다.

    --

    Hello seoyeon,

    Welcome to Enishi, it is lovely to have you here.
    Please open the link above to confirm your e-mail address; it works for seven days.
    You will need to be logged in, or to give the password that you signed up with.

    If you did not sign up, somebody else did with your address: do not open the link, and
    delete this mail. To use the address yourself, choose a new password at the log-in page;
    whoever signed up is then shut out.

    Enishi
    ");
    forgot(&world, &korean).await;
    assert_snapshot!(shown(&letter(&world, &korean).await), @r"
    비밀번호 재설정 / Choose a new password

    seoyeon 님, 안녕하세요.

    아래 링크에서 새 비밀번호를 설정하실 수 있습니다. 링크는 1시간 동안 한 번만 사용할 수 있습니다.

    http://localhost:5173/reset-password?token=[token]

    요청하신 적이 없다면 이 메일을 무시하셔도 됩니다. 비밀번호는 바뀌지 않습니다.

    --

    Hello seoyeon,

    The link above lets you choose a new password; it works once, within an hour.
    If you did not ask for it, simply ignore this mail: your password stays as it is.

    Enishi
    ");
    let english = sign_up(&world, "/signup", "alice", Some("en-US,en;q=0.9")).await;
    assert_snapshot!(shown(&letter(&world, &english).await), @r"
    Welcome to Enishi

    Hello alice,

    Welcome to Enishi, it is lovely to have you here.
    Please open this link to confirm your e-mail address; it works for seven days.
    You will need to be logged in, or to give the password that you signed up with:

    http://localhost:5173/verify-email?token=[token]

    If you did not sign up, somebody else did with your address: do not open the link, and
    delete this mail. To use the address yourself, choose a new password at the log-in page;
    whoever signed up is then shut out.

    Enishi
    ");
    forgot(&world, &english).await;
    assert_snapshot!(shown(&letter(&world, &english).await), @r"
    Choose a new password

    Hello alice,

    This link lets you choose a new password; it works once, within an hour:

    http://localhost:5173/reset-password?token=[token]

    If you did not ask for it, simply ignore this mail: your password stays as it is.

    Enishi
    ");
    let japanese = sign_up(&world, "/signup", "hana", Some("ja")).await;
    forgot(&world, &japanese).await;
    assert_snapshot!(shown(&letter(&world, &japanese).await), @r"
    パスワードの再設定 / Choose a new password

    hana 様

    次のリンクから、新しいパスワードを設定できます(1時間有効、1回限りです)。

    http://localhost:5173/reset-password?token=[token]

    お心当たりのない場合は、このメールを破棄してください。パスワードは変わりません。

    --

    Hello hana,

    The link above lets you choose a new password; it works once, within an hour.
    If you did not ask for it, simply ignore this mail: your password stays as it is.

    Enishi
    ");
}

#[tokio::test]
async fn an_account_from_before_is_written_to_in_japanese() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    edit_account(&world, &hana, |account| {
        account.as_object_mut().unwrap().remove("language").unwrap();
    });
    forgot(&world, &hana.email).await;
    let subject = letter(&world, &hana.email).await.subject;
    assert_eq!(subject, "パスワードの再設定 / Choose a new password");
}

#[tokio::test]
async fn another_product_does_not_change_the_language() {
    let world = World::new().await;
    let email = sign_up(&world, "/signup", "hana", Some("en")).await;
    letter(&world, &email).await;
    let token = mailed(&world, &email).await;
    let proof = json!({"token": token, "password": "correct horse"});
    post(&world, "/api/auth/email/verify", proof)
        .await
        .expect(204);
    let caller = verified(&world, &email).await;
    let headers = [("accept-language", "ko")];
    let body = json!({"id_token": caller.id_token});
    post_with(&world, "/api/session", &headers, body)
        .await
        .expect(200);
    forgot(&world, &email).await;
    assert_eq!(
        letter(&world, &email).await.subject,
        "Choose a new password"
    );
}
