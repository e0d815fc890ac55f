//! What people are told about their rooms, in their language: letters, and frames of the live connection.

use enishi_shared::{
    App, Result, UserId,
    events::{MailRequested, OutboxRow, Recipient, named_row},
    frontend::FrontendUrl,
    language::Language,
    mail::{Letter, Topic, greeting, is_harmless},
    store::Key,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    seating::{MemberName, Room},
    slot::{RoomId, Slot},
};

/// Where somebody meets, and whom.
#[derive(Debug, Serialize, ToSchema)]
pub struct Place {
    /// The room.
    #[schema(value_type = RoomId)]
    pub room_id: String,
    /// The page of the room.
    #[schema(
        format = "uri",
        example = "https://app.example.com/rooms/20261121T0900-0"
    )]
    pub url: String,
    /// The slot's date, where the slots are.
    #[schema(format = Date, example = "2026-11-21")]
    pub date: String,
    /// The slot's time, where the slots are.
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "09:00")]
    pub time: String,
    /// Everybody in the room, you included.
    pub members: Vec<MemberName>,
}

/// The room is drawn. It may come twice; `GET /meeting_url/{user_id}` says the same.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoomReady {
    /// `roomReady`.
    pub r#type: &'static str,
    /// Where, and with whom.
    #[serde(flatten)]
    pub place: Place,
}

/// One was alone and has been moved to another room: join that one. It may come twice;
/// `GET /meeting_url/{user_id}` says the same.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoomMoved {
    /// `roomMoved`.
    pub r#type: &'static str,
    /// Where, and with whom.
    #[serde(flatten)]
    pub place: Place,
}

impl Place {
    /// What is told of a room.
    ///
    /// # Errors
    /// `internal_server_error` where the front end's address is missing.
    pub fn of(app: &App, slot: &Slot, room: &Room) -> Result<Self> {
        Ok(Self {
            room_id: room.id.to_string(),
            url: format!("{}/rooms/{}", app.config::<FrontendUrl>()?.0, room.id),
            date: slot.date(),
            time: slot.time(),
            members: room.names(),
        })
    }
}

/// The announcement of a letter about a slot. `what` and its reader name it, so that it goes out once however
/// often it is announced.
///
/// # Errors
/// `internal_server_error` when it cannot be serialised.
pub fn announcement(
    app: &App,
    what: &str,
    slot: &Slot,
    user_id: UserId,
    letter: Letter,
) -> Result<(Key, OutboxRow)> {
    let id = format!("{what}-{}-{user_id}", slot.id());
    let to = Recipient::Subscriber {
        user_id,
        topic: Topic::Rooms,
    };
    named_row(app, id, MailRequested { to, letter })
}

/// "Your room is ready", to one of those in it.
pub fn ready(reader: &str, place: &Place, zone: &str) -> Letter {
    let Place {
        url, date, time, ..
    } = place;
    let names = |honorific: &str| -> Option<String> {
        let members = place.members.iter().filter(|member| !member.withdrawn);
        let members = members.map(|member| member.username.as_str());
        let mut others: Vec<&str> = members.collect();
        if let Some(own) = others.iter().position(|name| *name == reader) {
            others.remove(own);
        }
        // Whatever somebody calls themselves, our letters advertise nothing.
        let shown = others.iter().filter(|name| is_harmless(name));
        let shown: Vec<String> = shown.map(|name| format!("{name}{honorific}")).collect();
        let hidden = others.len() - shown.len();
        let more = (hidden > 0).then(|| format!("+{hidden}"));
        let shown: Vec<String> = shown.into_iter().chain(more).collect();
        (!shown.is_empty()).then(|| shown.join(", "))
    };
    Letter::in_each_language(|language| {
        let (subject, text) = match language {
            Language::Japanese => {
                let with = names(" さん").unwrap_or("今のところお一人です".to_owned());
                (
                    format!("{time}からの部屋が決まりました"),
                    format!(
                        "{date} {time}({zone})からの部屋が決まりました。\n\n\
                         ご一緒する方: {with}\n部屋: {url}\n\n開始の5分前から入室できます。\n\nEnishi\n"
                    ),
                )
            }
            Language::Korean => {
                let with = names(" 님").unwrap_or("아직 다른 분이 없습니다".to_owned());
                (
                    format!("{time} 모임의 방이 정해졌습니다"),
                    format!(
                        "{date} {time}({zone})에 시작하는 모임의 방이 정해졌습니다.\n\n\
                         함께하는 분: {with}\n방: {url}\n\n시작 5분 전부터 입장하실 수 있습니다.\n\nEnishi\n"
                    ),
                )
            }
            Language::English => {
                let with = names("").unwrap_or("nobody else yet".to_owned());
                (
                    format!("Your room for {time} is ready"),
                    format!(
                        "Your room on {date} at {time} ({zone}) is ready.\n\n\
                         With you: {with}\nRoom: {url}\n\nIt opens five minutes before.\n\nEnishi\n"
                    ),
                )
            }
        };
        Letter::new(subject, greeting(language, reader) + &text)
    })
}

/// "You are enrolled for tomorrow", to somebody who is.
pub fn reminder(reader: &str, slot: &Slot, zone: &str, frontend: &str) -> Letter {
    let (date, time) = (slot.date(), slot.time());
    Letter::in_each_language(|language| {
        let (subject, text) = match language {
            Language::Japanese => (
                format!("明日{time}からのご参加について"),
                format!(
                    "明日{date} {time}({zone})からの部屋に登録されています。\n\
                     部屋が決まりましたら、開始の10分前にお知らせします。\n\n\
                     ご都合が悪くなった場合は、お早めに登録を取り消してください: {frontend}\n\nEnishi\n"
                ),
            ),
            Language::Korean => (
                format!("내일 {time} 모임 안내"),
                format!(
                    "내일 {date} {time}({zone}) 모임에 신청하셨습니다.\n\
                     시작 10분 전에 방이 정해지면 알려 드리겠습니다.\n\n\
                     참석이 어려우시면 미리 신청을 취소해 주세요: {frontend}\n\nEnishi\n"
                ),
            ),
            Language::English => (
                format!("Tomorrow at {time}"),
                format!(
                    "You are enrolled for tomorrow, {date} at {time} ({zone}).\n\
                     Your room is drawn ten minutes before, and we tell you then.\n\n\
                     If you cannot come, please withdraw in time: {frontend}\n\nEnishi\n"
                ),
            ),
        };
        Letter::new(subject, greeting(language, reader) + &text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(names: &[&str]) -> Place {
        let members = names.iter().map(|name| MemberName {
            username: (*name).to_owned(),
            withdrawn: false,
        });
        Place {
            room_id: "20261121T0900-0".into(),
            url: "https://app.example.com/rooms/20261121T0900-0".into(),
            date: "2026-11-21".into(),
            time: "09:00".into(),
            members: members.collect(),
        }
    }

    #[test]
    fn a_letter_names_the_others_and_the_address_in_each_language() {
        let place = place(&["葵", "서연", "win at evil.example", "葵"]);
        let letter = ready("葵", &place, "Asia/Tokyo");
        for (language, with) in [
            (Language::Japanese, "ご一緒する方: 서연 さん, 葵 さん, +1\n"),
            (Language::Korean, "함께하는 분: 서연 님, 葵 님, +1\n"),
            (Language::English, "With you: 서연, 葵, +1\n"),
        ] {
            let letter = letter.clone().read_in(language);
            assert!(letter.text.contains(with), "{}", letter.text);
            assert!(letter.text.contains(&place.url) && letter.subject.contains("09:00"));
            assert!(!letter.text.contains("evil"));
        }
    }

    #[test]
    fn who_is_alone_is_told_so() {
        let letter = ready("hana", &place(&["hana"]), "Asia/Tokyo").read_in(Language::English);
        assert!(letter.text.starts_with("Hello hana,\n\n"));
        assert!(letter.text.contains("With you: nobody else yet\n"));
    }
}
