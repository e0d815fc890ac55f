//! What people are written to about their matchings. A letter names nobody and tells nothing of the
//! other: it may be read over somebody's shoulder, and before the payment by whoever it is for.

use enishi_shared::mail::{Attachment, Letter, yen};
use ics::{
    Event, ICalendar, escape_text,
    properties::{DtEnd, DtStart, Method, Sequence, Status, Summary, URL},
};
use jiff::{Timestamp, civil::Weekday, tz::TimeZone};

use crate::{
    matching::{MatchingId, StoredMatching},
    profile::TIME_ZONE,
    state::{Bookings, Mail, Party, Proposal, State, Terms, Topic},
};

/// Who made the calendar (RFC 5545, 3.7.3).
const PRODUCT: &str = "-//Enishi//visits//JA";
/// What stands in the calendar.
const SUMMARY: &str = "オンライン面談(Enishi)";
/// UTC, RFC 5545's form.
const UTC: &str = "%Y%m%dT%H%M%SZ";

/// Where the meeting of a matching is found.
pub fn page(frontend: &str, id: MatchingId) -> String {
    format!("{frontend}/meetings/{id}")
}

/// What there is to say of money, to the listener.
#[derive(Clone, Copy, Default)]
pub struct Sums<'a> {
    /// What goes back, in yen.
    pub back: u64,
    /// Where Stripe's receipt is.
    pub receipt_url: Option<&'a str>,
}

/// The letter about a topic to one of the two of a matching, as it is after the change. `bookings` is
/// what became of the appointment, which comes along for their calendar.
pub fn letter(
    Mail { to, about }: Mail,
    stored: &StoredMatching,
    bookings: Bookings,
    sums: Sums<'_>,
    frontend: Option<&str>,
) -> Letter {
    let matching = &stored.matching;
    let money = match to {
        Party::Listener => money(about, stored, sums),
        Party::Speaker => String::new(),
    };
    let agreed = matching.terms.map(time).unwrap_or_default();
    let proposed = matching.proposal.map(proposal).unwrap_or_default();
    let page = frontend.map(|frontend| page(frontend, stored.matching_id));
    let link = page.as_ref().map(|page| format!("{page}\n\n"));
    let link = link.unwrap_or_default();
    let (subject, text) = match about {
        Topic::Requested => (
            "面談の依頼が届きました",
            format!(
                "学生から面談の依頼が届いています。\n{proposed}\n\
                 14日以内にお返事がない場合、依頼は自動的に取り消されます。\n\n"
            ),
        ),
        Topic::Proposed => (
            "面談の日程の提案が届きました",
            format!("お相手から、次の日程の提案が届いています。\n{proposed}\n"),
        ),
        Topic::Accepted => (
            "面談の日程が決まりました",
            format!(
                "お相手が次の日程を承諾しました。\n{agreed}\n\
                 まだ予約は完了していません。どちらかが予約すると、面談が予定に入ります。\n\n"
            ),
        ),
        Topic::Declined => (
            "面談の依頼について",
            "申し訳ございません。今回の面談の依頼は、お相手のご都合により見送りとなりました。\n\n"
                .to_owned(),
        ),
        Topic::Scheduled => (
            "面談を予約しました",
            format!(
                "次の面談を予約しました。予定表に追加できるファイルを添付しています。\n{agreed}\n\
                 {}{link}",
                match to {
                    Party::Listener =>
                        "24時間以内(開始の1時間前まで)にお支払いがない場合、予約は自動的に取り消されます。\n\n",
                    Party::Speaker =>
                        "お支払いが済むと、面談が確定します。お支払いがない場合、予約は自動的に取り消されます。\n\n",
                }
            ),
        ),
        Topic::Moved => (
            "面談の日程が変わりました",
            format!(
                "面談の日程が次のとおり変わりました。予定表のファイルを添付しています。\n{agreed}\n{link}"
            ),
        ),
        Topic::Paid => (
            "面談が確定しました",
            format!("お支払いが済み、次の面談が確定しました。\n{agreed}\n{money}{link}"),
        ),
        Topic::Cancelled => (
            "面談は取り消されました",
            format!("面談は取り消されました。\n{agreed}\n{money}"),
        ),
        // The money came beside what the appointment was paid with.
        Topic::Refunded if matches!(matching.state, State::Paid | State::Done) => (
            "お支払いの返金について",
            format!("次の面談のお支払いが重複しました。\n{agreed}\n{money}"),
        ),
        Topic::Refunded => (
            "面談は取り消されました",
            format!("面談は取り消されました。\n{agreed}\n{money}"),
        ),
        Topic::Reminder => (
            "まもなく面談です",
            format!("次の面談の時刻が近づいています。\n{agreed}\n{link}"),
        ),
        Topic::Ended => (
            "面談が終了しました",
            format!("次の面談が終了しました。\n{agreed}\n{money}"),
        ),
    };
    let text = format!("{text}詳しくは、Enishiにログインしてご確認ください。\n\nEnishi\n");
    Letter {
        attachment: entry(stored, bookings, page),
        ..Letter::new(subject, text)
    }
}

/// What the listener is told of the money.
fn money(about: Topic, stored: &StoredMatching, sums: Sums<'_>) -> String {
    let matching = &stored.matching;
    let paid = yen(matching.paid);
    match about {
        Topic::Paid => format!("お支払い金額: {paid}\n\n"),
        Topic::Ended => {
            let payment = matching.payment.and_then(|id| stored.begun(id));
            let settled_at = payment.and_then(|payment| payment.settled_at);
            let on = settled_at.map(|at| format!("({})", date(at)));
            let receipt = sums.receipt_url.map(|url| format!("領収書: {url}\n"));
            format!(
                "お支払い金額: {paid}{}\n{}\n",
                on.unwrap_or_default(),
                receipt.unwrap_or_default()
            )
        }
        _ if sums.back == 0 => String::new(),
        _ => format!(
            "返金額: {}(お支払いいただいたカードに返金されます)\n\n",
            yen(sums.back)
        ),
    }
}

/// `2026年11月25日`
fn date(at: Timestamp) -> String {
    let zone = TimeZone::get(TIME_ZONE).unwrap_or(TimeZone::UTC);
    at.to_zoned(zone).strftime("%Y年%-m月%-d日").to_string()
}

/// `2026年11月25日(水) 19:00〜20:00(日本時間)`, a line.
fn time(terms: Terms) -> String {
    let zone = TimeZone::get(TIME_ZONE).unwrap_or(TimeZone::UTC);
    let start = terms.date.to_zoned(zone.clone());
    let day = match start.weekday() {
        Weekday::Monday => "月",
        Weekday::Tuesday => "火",
        Weekday::Wednesday => "水",
        Weekday::Thursday => "木",
        Weekday::Friday => "金",
        Weekday::Saturday => "土",
        Weekday::Sunday => "日",
    };
    let from = start.strftime("%H:%M");
    let end = terms.end().to_zoned(zone);
    let (date, to) = (date(terms.date), end.strftime("%H:%M"));
    format!("\n  {date}({day}) {from}〜{to}(日本時間)\n")
}

fn proposal(proposal: Proposal) -> String {
    let minutes = proposal.minutes;
    match proposal.date {
        Some(date) => time(Terms { date, minutes }),
        None => format!("\n  日時はお任せ、{minutes}分間\n"),
    }
}

/// The appointment for a calendar, or that there is none any more: published by the platform, without
/// anybody who takes part (RFC 5546, 3.2.1). A later one replaces those before.
fn entry(stored: &StoredMatching, bookings: Bookings, page: Option<String>) -> Option<Attachment> {
    let (terms, status) = match bookings {
        Bookings::Unchanged => return None,
        Bookings::Book(terms) | Bookings::Move { to: terms, .. } => (terms, Status::confirmed()),
        Bookings::Free(terms) => (terms, Status::cancelled()),
    };
    let utc = |time: Timestamp| time.strftime(UTC).to_string();
    let id = stored.matching_id.to_string();
    let mut event = Event::new(id, utc(stored.matching.changed_at));
    event.push(DtStart::new(utc(terms.date)));
    event.push(DtEnd::new(utc(terms.end())));
    event.push(Sequence::new(stored.version.to_string()));
    event.push(status);
    event.push(Summary::new(escape_text(SUMMARY)));
    if let Some(page) = page {
        event.push(URL::new(page));
    }
    let mut calendar = ICalendar::new("2.0", PRODUCT);
    calendar.push(Method::new("PUBLISH"));
    calendar.add_event(event);
    Some(Attachment {
        file_name: "visit.ics".to_owned(),
        content_type: "text/calendar".to_owned(),
        content: calendar.to_string(),
    })
}
