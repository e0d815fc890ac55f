//! What people are written to about their orders, with what was bought, what it costs and who sells it.
//!
//! A maker's letters name no customer: where a parcel goes they see once they are logged in.

use std::fmt::Write as _;

use enishi_shared::mail::{Letter, yen};
use jiff::{Timestamp, tz::TimeZone};

use crate::maker::Notice;

/// What a letter is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic<'a> {
    /// To the customer: it is paid.
    Confirmed,
    /// To the maker: this is to be sent.
    Sold,
    /// To the customer: the parcel is on its way.
    Shipped {
        /// The number to follow it by.
        ship_id: &'a str,
        /// Who carries it.
        carrier: Option<&'a str>,
    },
    /// To the customer: what a parcel has cost goes back.
    Refunded(Cause),
    /// To the maker: this is not to be sent any more, or its money goes back.
    Withdrawn(Cause),
    /// To the maker: this has been waiting since then.
    Reminder {
        /// When it goes back unless it is sent.
        until: Timestamp,
    },
}

/// Why money goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The customer did not want it any more.
    Customer,
    /// The maker does not send it.
    Maker,
    /// It was not sent in time.
    Late,
    /// An operator decided so.
    Operator,
    /// The maker does not sell any more.
    Suspended,
    /// The money came when there was nothing left to sell.
    SoldOut,
}

/// An item of a parcel.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// What it is called.
    pub item_name: &'a str,
    /// What one costs, in yen.
    pub price: u32,
    /// How many.
    pub quantity: u32,
}

/// What one maker sends.
#[derive(Clone, Debug)]
pub struct Parcel<'a> {
    /// What the maker is called.
    pub maker_name: &'a str,
    /// What the law wants to be said of them.
    pub notice: Option<&'a Notice>,
    /// What is in it.
    pub lines: Vec<Line<'a>>,
    /// What sending it costs, in yen.
    pub shipping_fee: u32,
}

impl Parcel<'_> {
    /// What it costs with sending, in yen.
    pub fn amount(&self) -> u64 {
        let lines = self.lines.iter();
        let items: u64 = lines
            .map(|line| u64::from(line.price) * u64::from(line.quantity))
            .sum();
        items + u64::from(self.shipping_fee)
    }

    /// Its lines and what they cost.
    fn list(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            let price = yen(line.price.into());
            let _ = writeln!(text, "  {} × {}({price})", line.item_name, line.quantity);
        }
        let _ = writeln!(text, "  送料 {}", yen(self.shipping_fee.into()));
        let _ = writeln!(text, "  小計 {}", yen(self.amount()));
        text
    }

    /// What the law wants to be said of its maker (特定商取引法, article 11).
    fn seller(&self) -> String {
        let Some(notice) = self.notice else {
            return String::new();
        };
        let Notice {
            seller,
            representative,
            address,
            phone_number,
            delivery,
            returns,
        } = notice;
        format!(
            "販売者: {seller}(責任者 {representative})\n所在地: {address}\n電話番号: {phone_number}\n\
             お届け: {delivery}\n返品・交換: {returns}\n"
        )
    }
}

/// The letter about some parcels of an order: to the customer about any of them, to a maker about theirs.
/// `order` is its id, `frontend` the address of the front end.
pub fn letter(topic: Topic<'_>, parcels: &[Parcel<'_>], order: &str, frontend: &str) -> Letter {
    let lists = |shows_makers: bool| {
        let mut text = String::new();
        for parcel in parcels {
            if shows_makers {
                let _ = writeln!(text, "【{}】", parcel.maker_name);
            }
            text.push_str(&parcel.list());
            text.push('\n');
        }
        text
    };
    let total = yen(parcels.iter().map(Parcel::amount).sum());
    let bought = format!("{frontend}/transactions/{order}");
    let sold = format!("{frontend}/sales/{order}");
    let (subject, text, page) = match topic {
        Topic::Confirmed => {
            let sellers = parcels.iter().map(Parcel::seller);
            let sellers: Vec<String> = sellers.filter(|seller| !seller.is_empty()).collect();
            let sellers = match sellers.is_empty() {
                true => String::new(),
                false => format!("特定商取引法に基づく表記\n\n{}\n", sellers.join("\n")),
            };
            (
                "ご注文ありがとうございます",
                format!(
                    "お支払いを確認しました。作り手が商品の発送を準備しています。\n\n{}\
                     お支払い金額: {total}\n\n{sellers}",
                    lists(true)
                ),
                bought,
            )
        }
        Topic::Sold => (
            "商品が売れました",
            format!(
                "次の商品が売れました。お届け先を確認のうえ、発送してください。\n\
                 14日以内に発送されない場合、ご注文は自動的に取り消され、返金されます。\n\n{}",
                lists(false)
            ),
            sold,
        ),
        Topic::Shipped { ship_id, carrier } => {
            let carrier = carrier.map(|carrier| format!("配送会社: {carrier}\n"));
            (
                "商品が発送されました",
                format!(
                    "次の商品が発送されました。\n\n{}{}追跡番号: {ship_id}\n\n\
                     商品が届きましたら、注文のページでお知らせください。届かないときや、商品に問題があるときも、\
                     同じページからご連絡いただけます。\n\n",
                    lists(true),
                    carrier.unwrap_or_default(),
                ),
                bought,
            )
        }
        Topic::Refunded(cause) => (
            "ご返金のお知らせ",
            format!(
                "{}\n\n{}返金額: {total}(お支払いいただいた方法で返金されます)\n\n",
                refunded(cause),
                lists(true)
            ),
            bought,
        ),
        Topic::Withdrawn(cause) => (
            "ご注文が取り消されました",
            format!("{}\n\n{}", withdrawn(cause), lists(false)),
            sold,
        ),
        Topic::Reminder { until } => (
            "商品の発送をお願いします",
            format!(
                "次の商品がまだ発送されていません。{}までに発送されない場合、ご注文は自動的に取り消され、\
                 返金されます。\n\n{}",
                moment(until),
                lists(false)
            ),
            sold,
        ),
    };
    let text = format!("{text}{page}\n\nEnishi\n");
    Letter::new(subject, text)
}

/// Why a customer's money goes back.
fn refunded(cause: Cause) -> &'static str {
    match cause {
        Cause::Customer => "ご希望により、次の商品のご注文を取り消しました。",
        Cause::Maker => "申し訳ございません。作り手の都合により、次の商品の代金を返金いたします。",
        Cause::Late => {
            "申し訳ございません。期日までに発送されなかったため、次の商品のご注文を取り消しました。"
        }
        Cause::Operator => "運営の判断により、次の商品の代金を返金いたします。",
        Cause::Suspended => {
            "申し訳ございません。次の商品をお届けできなくなったため、ご注文を取り消しました。"
        }
        Cause::SoldOut => {
            "申し訳ございません。お支払いの確認が遅れ、次の商品をご用意できなくなりました。代金を返金いたします。"
        }
    }
}

/// Why a maker's parcel comes to nothing.
fn withdrawn(cause: Cause) -> &'static str {
    match cause {
        Cause::Customer => "お客様が次の商品のご注文を取り消しました。発送しないでください。",
        Cause::Maker => "次の商品の代金をお客様に返金しました。",
        Cause::Late => {
            "期日までに発送されなかったため、次の商品のご注文を取り消し、代金をお客様に返金しました。発送しないでください。"
        }
        Cause::Operator => "運営の判断により、次の商品の代金をお客様に返金しました。",
        Cause::Suspended => "次の商品のご注文を取り消しました。発送しないでください。",
        Cause::SoldOut => "次の商品のご注文は成立しませんでした。",
    }
}

/// `2026年12月4日 20:00(日本時間)`
fn moment(at: Timestamp) -> String {
    let zone = TimeZone::get("Asia/Tokyo").unwrap_or(TimeZone::UTC);
    let at = at.to_zoned(zone);
    at.strftime("%Y年%-m月%-d日 %H:%M(日本時間)").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parcels(notice: &Notice) -> [Parcel<'_>; 2] {
        let line = |item_name, price, quantity| Line {
            item_name,
            price,
            quantity,
        };
        [
            Parcel {
                maker_name: "花工房",
                notice: Some(notice),
                lines: vec![line("九谷焼の湯のみ", 3_000, 2), line("豆皿", 1_200, 1)],
                shipping_fee: 500,
            },
            Parcel {
                maker_name: "海工房",
                notice: None,
                lines: vec![line("漆塗りの箸", 1_800, 1)],
                shipping_fee: 0,
            },
        ]
    }

    fn notice() -> Notice {
        Notice {
            seller: "縁工房".into(),
            representative: "山田 花".into(),
            address: "石川県金沢市広坂1-2-3".into(),
            phone_number: "076-123-4567".into(),
            delivery: "3日以内に発送します。".into(),
            returns: "破損のときは7日以内に。".into(),
        }
    }

    #[test]
    fn a_confirmation_has_the_lines_the_sums_and_who_sells() {
        let notice = notice();
        let letter = letter(Topic::Confirmed, &parcels(&notice), "1", "https://e.jp");
        for part in [
            "【花工房】\n  九谷焼の湯のみ × 2(3,000円)\n  豆皿 × 1(1,200円)\n  送料 500円\n  小計 7,700円\n",
            "【海工房】\n  漆塗りの箸 × 1(1,800円)\n  送料 0円\n  小計 1,800円\n",
            "お支払い金額: 9,500円\n",
            "販売者: 縁工房(責任者 山田 花)\n所在地: 石川県金沢市広坂1-2-3\n電話番号: 076-123-4567\n",
            "返品・交換: 破損のときは7日以内に。\n",
            "https://e.jp/transactions/1\n",
        ] {
            assert!(letter.text.contains(part), "{part} in {}", letter.text);
        }
    }

    #[test]
    fn each_letter_leads_its_reader_to_the_page_of_theirs() {
        let notice = notice();
        let parcels = parcels(&notice);
        let until = "2026-12-04T11:00:00Z".parse().unwrap();
        let (ship_id, carrier) = ("1234-5678-9012", Some("日本郵便"));
        for (topic, subject, part) in [
            (Topic::Sold, "商品が売れました", "/sales/1"),
            (
                Topic::Shipped { ship_id, carrier },
                "商品が発送されました",
                "配送会社: 日本郵便\n追跡番号: 1234-5678-9012\n",
            ),
            (
                Topic::Refunded(Cause::Late),
                "ご返金のお知らせ",
                "返金額: 7,700円",
            ),
            (
                Topic::Withdrawn(Cause::Customer),
                "ご注文が取り消されました",
                "発送しないでください",
            ),
            (
                Topic::Reminder { until },
                "商品の発送をお願いします",
                "2026年12月4日 20:00(日本時間)まで",
            ),
        ] {
            let letter = letter(topic, &parcels[..1], "1", "https://e.jp");
            assert_eq!(letter.subject, subject);
            assert!(letter.text.contains(part), "{part} in {}", letter.text);
            assert!(letter.text.contains("九谷焼の湯のみ × 2"));
        }
    }
}
