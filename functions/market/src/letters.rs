//! What people are written to about their orders, with what was bought, what it costs and who sells it.
//!
//! A maker's letters name no customer: where a parcel goes they see once they are logged in.

use std::fmt::Write as _;

use enishi_shared::{
    Result,
    mail::{Letter, yen},
};
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    maker::Notice,
    order::{
        Contents, OrderLine, OrderMaker, StoredOrder,
        state::{Actor, Mail, Sale, To, Topic, UNSENT},
    },
};

/// Why money goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// The customer did not want it any more.
    Customer,
    /// The maker does not send it.
    Maker,
    /// It was not sent in time.
    Late,
    /// An operator decided so.
    Operator,
    /// The maker does not sell any more.
    Gone,
    /// The money came when there was nothing left to sell.
    SoldOut,
}

impl Cause {
    /// That of a step of `actor`'s.
    fn of(mail: &Mail, stored: &StoredOrder, actor: Actor) -> Self {
        match actor {
            Actor::Customer => Self::Customer,
            Actor::Maker => Self::Maker,
            Actor::Operator => Self::Operator,
            Actor::Clock => Self::Late,
            Actor::House => Self::Gone,
            Actor::Payments if !mail.makers.is_empty() => Self::Gone,
            Actor::Payments if stored.order.sale == Sale::Cancelled => Self::Customer,
            Actor::Payments => Self::SoldOut,
        }
    }
}

/// The letter about a step of `actor`'s, of an order as it is after it: to the customer about any parcels, to a
/// maker about theirs.
///
/// # Errors
/// `internal_server_error` where a parcel is of no maker.
pub fn letter(
    mail: &Mail,
    stored: &StoredOrder,
    contents: &Contents,
    actor: Actor,
    frontend: &str,
) -> Result<Letter> {
    let is_meant =
        |maker: &&OrderMaker| mail.makers.is_empty() || mail.makers.contains(&maker.maker_id);
    let makers: Vec<&OrderMaker> = contents.makers.iter().filter(is_meant).collect();
    let list: String = makers
        .iter()
        .map(|maker| parcel(contents, maker, mail.to))
        .collect();
    let total = yen(makers.iter().map(|maker| amount(contents, maker)).sum());
    let cause = Cause::of(mail, stored, actor);
    let (subject, text) = match (mail.about, mail.to) {
        (Topic::Confirmed, _) => {
            let sellers: Vec<String> = makers.iter().map(|maker| seller(&maker.notice)).collect();
            (
                "ご注文ありがとうございます",
                format!(
                    "お支払いを確認しました。作り手が商品の発送を準備しています。\n\n{list}\
                     お支払い金額: {total}\n\n特定商取引法に基づく表記\n\n{}\n",
                    sellers.join("\n")
                ),
            )
        }
        (Topic::Sold, _) => (
            "商品が売れました",
            format!(
                "次の商品が売れました。お届け先を確認のうえ、発送してください。\n\
                 14日以内に発送されない場合、ご注文は自動的に取り消され、返金されます。\n\n{list}"
            ),
        ),
        (Topic::Shipped, _) => (
            "商品が発送されました",
            format!(
                "次の商品が発送されました。\n\n{list}{}\
                 商品が届きましたら、注文のページでお知らせください。届かないときや、商品に問題があるときも、\
                 同じページからご連絡いただけます。\n\n",
                shipments(mail, stored),
            ),
        ),
        (Topic::Refunded, To::Customer) => (
            "ご返金のお知らせ",
            format!(
                "{}\n\n{list}返金額: {total}(お支払いいただいた方法で返金されます)\n\n",
                refunded(cause),
            ),
        ),
        (Topic::Refunded, To::Maker) => (
            "ご注文が取り消されました",
            format!("{}\n\n{list}", withdrawn(cause)),
        ),
        (Topic::Reminder, _) => (
            "商品の発送をお願いします",
            format!(
                "次の商品がまだ発送されていません。{}発送されない場合、ご注文は自動的に取り消され、\
                 返金されます。\n\n{list}",
                deadline(mail, stored),
            ),
        ),
    };
    let pages = match mail.to {
        To::Customer => "transactions",
        To::Maker => "sales",
    };
    let text = format!("{text}{frontend}/{pages}/{}\n\nEnishi\n", stored.order_id);
    Ok(Letter::new(subject, text))
}

/// What a parcel costs with sending, in yen.
fn amount(contents: &Contents, maker: &OrderMaker) -> u64 {
    let items: u64 = contents
        .lines_of(maker.maker_id)
        .map(OrderLine::amount)
        .sum();
    items + u64::from(maker.shipping_fee)
}

/// What is in a parcel, and what that costs.
fn parcel(contents: &Contents, maker: &OrderMaker, to: To) -> String {
    let mut text = String::new();
    if to == To::Customer {
        let _ = writeln!(text, "【{}】", maker.maker_name);
    }
    for line in contents.lines_of(maker.maker_id) {
        let price = yen(line.price.into());
        let _ = writeln!(text, "  {} × {}({price})", line.item_name, line.quantity);
    }
    let _ = writeln!(text, "  送料 {}", yen(maker.shipping_fee.into()));
    let _ = writeln!(text, "  小計 {}\n", yen(amount(contents, maker)));
    text
}

/// What the law wants to be said of who sells (特定商取引法, article 11).
fn seller(notice: &Notice) -> String {
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

/// How parcels are followed.
fn shipments(mail: &Mail, stored: &StoredOrder) -> String {
    let parcels = mail
        .makers
        .iter()
        .filter_map(|maker| stored.order.parcel(*maker));
    let shipments = parcels.filter_map(|parcel| parcel.shipment.as_ref());
    let text = shipments.map(|shipment| {
        let carrier = shipment.carrier.as_ref();
        let carrier = carrier.map(|carrier| format!("配送会社: {carrier}\n"));
        format!(
            "{}追跡番号: {}\n\n",
            carrier.unwrap_or_default(),
            shipment.ship_id
        )
    });
    text.collect()
}

/// Until when a parcel is to be sent.
fn deadline(mail: &Mail, stored: &StoredOrder) -> String {
    let parcels = mail
        .makers
        .iter()
        .filter_map(|maker| stored.order.parcel(*maker));
    let until = parcels.map(|parcel| parcel.payable_since + UNSENT).min();
    until.map_or_else(String::new, |until| format!("{}までに", moment(until)))
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
        Cause::Gone => {
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
        Cause::Gone => "次の商品のご注文を取り消しました。発送しないでください。",
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
    use enishi_shared::UserId;
    use serde_json::json;

    use super::*;

    type Tested = Result<(), Box<dyn std::error::Error>>;

    fn maker(number: u8) -> Result<UserId, Box<dyn std::error::Error>> {
        Ok(format!("019aa2b4-7c1e-7d33-9f0a-00000000000{number}").parse()?)
    }

    fn contents() -> Result<Contents, Box<dyn std::error::Error>> {
        let line = |name: &str, price: u32, quantity: u32, of: u8| {
            json!({
                "item_id": "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50", "item_name": name, "price": price,
                "quantity": quantity, "maker_id": format!("019aa2b4-7c1e-7d33-9f0a-00000000000{of}"),
            })
        };
        let seller = |name: &str, fee: u32, of: u8| {
            json!({
                "maker_id": format!("019aa2b4-7c1e-7d33-9f0a-00000000000{of}"), "maker_name": name,
                "shipping_fee": fee, "notice": {
                    "seller": name, "representative": "山田 花", "address": "石川県金沢市広坂1-2-3",
                    "phone_number": "076-123-4567", "delivery": "3日以内に発送します。",
                    "returns": "破損のときは7日以内に。",
                },
            })
        };
        Ok(serde_json::from_value(json!({
            "lines": [
                line("九谷焼の湯のみ", 3_000, 2, 1), line("豆皿", 1_200, 1, 1), line("漆塗りの箸", 1_800, 1, 2),
            ],
            "makers": [seller("花工房", 500, 1), seller("海工房", 0, 2)],
            "to": {
                "name": "佐藤 空", "zip_code": "920-0001", "address": "石川県金沢市千木町1",
                "phone_number": "090-1234-5678",
            },
            "ttl": 0,
        }))?)
    }

    fn stored() -> Result<StoredOrder, Box<dyn std::error::Error>> {
        let parcel = |of: u8| {
            json!({
                "maker_id": format!("019aa2b4-7c1e-7d33-9f0a-00000000000{of}"), "items_amount": 7_200,
                "shipping_fee": 500, "fee": 770, "state": "shipped", "payable_since": "2026-11-20T11:00:00Z",
                "shipment": {
                    "ship_id": "1234-5678-9012", "carrier": "日本郵便", "at": "2026-11-21T11:00:00Z",
                },
            })
        };
        Ok(serde_json::from_value(json!({
            "order_id": "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50", "user_id": "019aa2b4-7c1e-7d33-9f0a-000000000009",
            "payment_id": "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f51", "sale": "sold", "since": "2026-11-20T11:00:00Z",
            "parcels": [parcel(1), parcel(2)], "transfer_days": 7, "taken": [], "version": 3,
            "created_at": "2026-11-20T11:00:00Z", "expires_at": "2026-11-20T11:31:00Z", "ttl": 0,
        }))?)
    }

    #[test]
    fn a_confirmation_has_the_lines_the_sums_and_who_sells() -> Tested {
        let mail = Mail {
            to: To::Customer,
            about: Topic::Confirmed,
            makers: [].into(),
        };
        let letter = letter(
            &mail,
            &stored()?,
            &contents()?,
            Actor::Payments,
            "https://e.jp",
        )?;
        for part in [
            "【花工房】\n  九谷焼の湯のみ × 2(3,000円)\n  豆皿 × 1(1,200円)\n  送料 500円\n  小計 7,700円\n",
            "【海工房】\n  漆塗りの箸 × 1(1,800円)\n  送料 0円\n  小計 1,800円\n",
            "お支払い金額: 9,500円\n",
            "販売者: 花工房(責任者 山田 花)\n所在地: 石川県金沢市広坂1-2-3\n電話番号: 076-123-4567\n",
            "販売者: 海工房",
            "返品・交換: 破損のときは7日以内に。\n",
            "https://e.jp/transactions/019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50\n",
        ] {
            assert!(letter.text.contains(part), "{part} in {}", letter.text);
        }
        Ok(())
    }

    #[test]
    fn each_letter_is_about_its_parcels_alone_and_names_no_customer_to_a_maker() -> Tested {
        let (stored, contents) = (stored()?, contents()?);
        for (about, to, actor, subject, part) in [
            (
                Topic::Sold,
                To::Maker,
                Actor::Payments,
                "商品が売れました",
                "小計 7,700円",
            ),
            (
                Topic::Shipped,
                To::Customer,
                Actor::Maker,
                "商品が発送されました",
                "配送会社: 日本郵便\n追跡番号: 1234-5678-9012\n",
            ),
            (
                Topic::Refunded,
                To::Customer,
                Actor::Clock,
                "ご返金のお知らせ",
                "返金額: 7,700円",
            ),
            (
                Topic::Refunded,
                To::Maker,
                Actor::Customer,
                "ご注文が取り消されました",
                "発送しないでください",
            ),
            (
                Topic::Reminder,
                To::Maker,
                Actor::Clock,
                "商品の発送をお願いします",
                "2026年12月4日 20:00(日本時間)までに",
            ),
        ] {
            let makers = [maker(1)?].into();
            let mail = Mail { to, about, makers };
            let letter = letter(&mail, &stored, &contents, actor, "https://e.jp")?;
            assert_eq!(letter.subject, subject);
            assert!(letter.text.contains(part), "{part} in {}", letter.text);
            assert!(letter.text.contains("九谷焼の湯のみ × 2"));
            assert!(!letter.text.contains("漆塗りの箸"));
            let (page, other) = match to {
                To::Customer => ("/transactions/", "/sales/"),
                To::Maker => ("/sales/", "/transactions/"),
            };
            assert!(letter.text.contains(page) && !letter.text.contains(other));
            assert!(to == To::Customer || !letter.text.contains(&contents.to.name));
        }
        Ok(())
    }

    #[test]
    fn whoever_gives_money_back_is_the_cause_of_it() -> Tested {
        let stored = stored()?;
        let mail = |makers: &[UserId]| Mail {
            to: To::Customer,
            about: Topic::Refunded,
            makers: makers.iter().copied().collect(),
        };
        let of = |mail: &Mail, stored: &StoredOrder| Cause::of(mail, stored, Actor::Payments);
        assert_eq!(of(&mail(&[maker(1)?]), &stored), Cause::Gone);
        assert_eq!(of(&mail(&[]), &stored), Cause::SoldOut);
        let mut cancelled = stored;
        cancelled.order.sale = Sale::Cancelled;
        assert_eq!(of(&mail(&[]), &cancelled), Cause::Customer);
        Ok(())
    }
}
