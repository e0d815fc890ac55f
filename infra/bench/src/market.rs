//! The market's lists and searches: what each page asks and reads, and whether its items and their order are
//! what going through all of them finds; and how many requests a second the first page takes.

use std::collections::BTreeMap;

use clap::Args;
use enishi_local::{aws::Exchange, import};
use enishi_market::{
    item::{Item, Offer, item_key},
    list::{Filter, Order},
    maker::{Maker, Notice, maker_key},
    preview::{Preview, Shelf, text as text_of},
    rebuild,
    text::Words,
};
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;
use uuid::Builder;

use crate::{
    client::Client,
    exchange::{cost, drain},
    random::Random,
    report::{short, table, thousands, verdict},
    world::{World, at, people, sentence},
};

mod throughput;

/// How much there is.
#[derive(Args)]
pub struct Options {
    /// Items on sale.
    #[arg(long, default_value_t = 20_000)]
    items: usize,
}

const MAKERS: usize = 400;
/// Items on a page, and pages read of each list.
const LIMIT: usize = 20;
const PAGES: usize = 10;
/// Requests a page, at the most.
const MOST: usize = 6;
/// Items brought in at once.
const CHUNK: usize = 20_000;

const CRAFTS: [&str; 14] = [
    "九谷焼の",
    "有田焼の",
    "備前焼の",
    "益子焼の",
    "江戸切子の",
    "藍染めの",
    "木彫りの",
    "吹きガラスの",
    "真鍮の",
    "リネンの",
    "handmade ",
    "Walnut ",
    "レースの",
    "漆塗りの",
];
const LOOKS: [&str; 12] = [
    "青い",
    "小さな",
    "手描きの",
    "丸い",
    "大きめの",
    "花柄の",
    "blue ",
    "白い",
    "二色の",
    "三日月の",
    "",
    "",
];
const THINGS: [&str; 22] = [
    "皿",
    "豆皿",
    "湯のみ",
    "マグカップ",
    "箸",
    "箸置き",
    "ピアス",
    "ネックレス",
    "ブックカバー",
    "財布",
    "トートバッグ",
    "花瓶",
    "一輪挿し",
    "コースター",
    "bowl",
    "cup",
    "earrings",
    "茶碗",
    "ブローチ",
    "キーホルダー",
    "ポーチ",
    "ランプ",
];
const SENTENCES: [&str; 16] = [
    "一つずつ手で作っています。",
    "使うほどに色が深まります。",
    "贈りものにどうぞ。",
    "金沢の工房で焼きました。",
    "電子レンジと食洗機に対応しています。",
    "Each piece is made by hand and differs slightly.",
    "光の加減で表情が変わります。",
    "ご注文から三日以内にお送りします。",
    "国産の木を使いました。",
    "Please wash gently with water.",
    "軽くて持ちやすい形です。",
    "朝の食卓に合います。",
    "ニッケルを使っていません。",
    "ラッピングを承ります。",
    "The glaze was mixed in our own studio.",
    "洗濯機で洗えます。",
];
const KANA: &str =
    "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわん";
const KANJI: &str =
    "山川田中森林石本藤原高橋佐加井上村松竹梅桜雪月花風空海島谷泉清水春夏秋冬朝夕光星";
const COLORS: [&str; 10] = [
    "青", "白", "黒", "赤", "緑", "茶", "金", "桃", "White", "藍",
];
const SERIES: [&str; 8] = ["春の器", "月", "Winter", "海", "毎日", "森", "花", "ひかり"];

/// Keywords of two characters, of one, in kana, kanji, English, mixed, in another form, and of no item.
const KEYWORDS: [&str; 30] = [
    "皿",
    "箸",
    "の",
    "青",
    "月",
    "豆皿",
    "湯のみ",
    "茶碗",
    "財布",
    "花瓶",
    "ピアス",
    "ぴあす",
    "まぐかっぷ",
    "ﾏｸﾞｶｯﾌﾟ",
    "コースター",
    "九谷焼の皿",
    "吹きガラスの花瓶",
    "電子レンジ",
    "一つずつ",
    "ニッケル",
    "bowl",
    "BOWL",
    "earrings",
    "handmade blue",
    "Walnut 箸",
    "glaze studio",
    "青い 九谷焼",
    "platinum",
    "ない言葉",
    "鱗",
];

/// Measures and prints; whether all is found, in its order, within the limits.
pub async fn run(options: &Options) -> Result<bool, String> {
    let world = World::start(at("08:50")?, |_| {}).await?;
    eprintln!("{} items …", thousands(options.items as u64));
    let makers = makers();
    let items = items(options.items, &makers)?;
    let pairs = || {
        items
            .iter()
            .map(|item| (item, &makers[item.ordinal as usize % MAKERS]))
    };
    let mut count = 0;
    let mut rows = rebuild::rows(pairs()).into_iter();
    loop {
        let chunk: Vec<_> = rows.by_ref().take(CHUNK).collect();
        if chunk.is_empty() {
            break;
        }
        count += chunk.len();
        import::items(&world.stack, "MarketTable", chunk)?;
    }
    let places = items.iter().map(|item| (item_key(item.item_id), item));
    import::items(&world.stack, "MarketTable", places)?;
    let places = makers
        .iter()
        .map(|maker| (maker_key(maker.maker_id), maker));
    import::items(&world.stack, "MarketTable", places)?;
    let all: Vec<(Preview, String)> = pairs()
        .filter_map(|(item, maker)| Some((Preview::of(item, maker)?, text_of(item, maker))))
        .collect();

    let mut bench = Bench {
        watch: world.stack.aws().watch(),
        client: Client::new(world.stack.url()),
        all,
    };
    let mut rows = Vec::new();
    let mut all_kept = true;
    for asked in asked(&makers) {
        let measured = bench.pages(&asked).await?;
        let kept = measured.is_right && measured.requests <= MOST;
        all_kept &= kept;
        rows.push(vec![
            asked.name,
            thousands(measured.there as u64),
            measured.pages.to_string(),
            measured.short.to_string(),
            measured.requests.to_string(),
            short(measured.asked as f64 / measured.pages as f64),
            short(measured.read as f64 / measured.pages as f64),
            short(measured.units / measured.pages as f64),
            if measured.is_right { "same" } else { "OTHER" }.to_owned(),
            verdict(kept),
        ]);
    }
    let head = [
        "a list, a search",
        "items",
        "pages read",
        "of these short",
        "requests a page, most",
        "mean",
        "items read a page",
        "read units a page",
        "beside all there is",
        "",
    ];
    table(&head, &rows);
    println!(
        "\n{} items of {MAKERS} makers, {} rows that follow from them. {LIMIT} items a page, at most {PAGES} pages \
         each; at most {MOST} requests a page.\nA page is short that has fewer items although there are more. What \
         is found stands beside what going through all items finds:\nthe same items in the same order, as far as \
         the pages go. Items read are DynamoDB's: rows of lists, of postings, of facts, documents.",
        thousands(options.items as u64),
        thousands(count as u64),
    );
    // What is asked is watched no more.
    drop(bench);
    throughput::run(&world).await?;
    Ok(all_kept)
}

/// Makers who may sell.
pub fn makers() -> Vec<Maker> {
    let line = || "縁".to_owned();
    let people = people(MAKERS).into_iter().enumerate();
    let maker = people.map(|(nth, person)| Maker {
        maker_id: person.user_id,
        maker_name: format!("工房{nth}"),
        description: None,
        shipping_fee: 500,
        notice: Some(Notice {
            seller: line(),
            representative: line(),
            address: line(),
            phone_number: line(),
            delivery: line(),
            returns: line(),
        }),
        stripe_account_id: None,
        onboarded: true,
        suspended: false,
        version: 1,
        created_at: Timestamp::UNIX_EPOCH,
    });
    maker.collect()
}

/// Items of theirs, in turn.
pub fn items(count: usize, makers: &[Maker]) -> Result<Vec<Item>, String> {
    let mut random = Random(1);
    let kana: Vec<char> = KANA.chars().collect();
    let kanji: Vec<char> = KANJI.chars().collect();
    let mut all = Vec::with_capacity(count);
    for ordinal in 0..count {
        let mut of = |all: &[&str]| all[random.below(all.len())].to_owned();
        let name = of(&CRAFTS) + &of(&LOOKS) + &of(&THINGS);
        let (color, series) = (of(&COLORS), of(&SERIES));
        let mut description = String::new();
        for _ in 0..5 {
            description += &of(&SENTENCES);
        }
        // What no other item has.
        for _ in 0..12 {
            description.push(kana[random.below(kana.len())]);
        }
        for _ in 0..6 {
            description.push(kanji[random.below(kanji.len())]);
        }
        let mut bytes = [0; 10];
        bytes.fill_with(|| random.below(256) as u8);
        let millis = 1_790_000_000_000 + ordinal as u64;
        let id = Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid();
        let ordinal = u32::try_from(ordinal).map_err(sentence)?;
        all.push(Item {
            item_id: id.to_string().parse().map_err(sentence)?,
            ordinal,
            maker_id: makers[ordinal as usize % MAKERS].maker_id,
            item_name: name,
            description: Some(description),
            price: 300 + 50 * random.below(400) as u32,
            color: (random.below(10) > 0).then_some(color),
            series: (random.below(3) == 0).then_some(series),
            item_size: Some("直径 8 cm".to_owned()),
            offer: Offer::OnSale,
            is_withheld: false,
            top: random.below(500) == 0,
            item_order: if random.below(50) == 0 {
                random.below(1_000) as u32
            } else {
                ordinal
            },
            available: random.below(6) > 0,
            images: Vec::new(),
            was_ordered: false,
            is_deleted: false,
            version: 1,
            created_at: Timestamp::UNIX_EPOCH,
        });
    }
    Ok(all)
}

/// A list or a search.
struct Asked {
    name: String,
    query: String,
    filter: Filter,
    words: Option<Words>,
    order: Order,
    descending: bool,
}

const SORTS: [(&str, Order, bool); 4] = [
    ("item_order", Order::ItemOrder, false),
    ("newest", Order::Made, true),
    ("price", Order::Price, false),
    ("-price", Order::Price, true),
];

impl Asked {
    fn new(name: &str, filter: Filter, keyword: Option<&str>, sort: usize) -> Self {
        let (sort, order, descending) = SORTS[sort % SORTS.len()];
        let mut query = format!("sort={sort}&limit={LIMIT}");
        if filter.top {
            query += "&top=true";
        }
        let given = [
            (
                "status",
                filter.status.map(|status| status.text().to_owned()),
            ),
            ("color", filter.color.clone()),
            ("series", filter.series.clone()),
            ("maker", filter.maker.map(|maker| maker.to_string())),
            ("min_price", filter.min_price.map(|price| price.to_string())),
            ("max_price", filter.max_price.map(|price| price.to_string())),
            ("keyword", keyword.map(str::to_owned)),
        ];
        for (name, value) in given {
            if let Some(value) = value {
                query += &format!("&{name}={}", encoded(&value));
            }
        }
        Self {
            name: format!("{name}, {sort}"),
            query,
            filter,
            words: keyword.and_then(Words::of),
            order,
            descending,
        }
    }
}

fn asked(makers: &[Maker]) -> Vec<Asked> {
    let none = Filter::default;
    let some = |text: &str| Some(text.to_owned());
    let maker = makers.first().map(|maker| maker.maker_id);
    let mut all = vec![
        Asked::new("all", none(), None, 0),
        Asked::new("all", none(), None, 1),
        Asked::new(
            "of the first page",
            Filter {
                top: true,
                ..none()
            },
            None,
            0,
        ),
        Asked::new(
            "on sale",
            Filter {
                status: Some(Shelf::OnSale),
                ..none()
            },
            None,
            0,
        ),
        Asked::new(
            "a colour",
            Filter {
                color: some("青"),
                ..none()
            },
            None,
            3,
        ),
        Asked::new(
            "a colour and a series",
            Filter {
                color: some("White"),
                series: some("winter"),
                ..none()
            },
            None,
            2,
        ),
        Asked::new("a maker", Filter { maker, ..none() }, None, 1),
        Asked::new(
            "a price range",
            Filter {
                min_price: Some(1_000),
                max_price: Some(2_000),
                ..none()
            },
            None,
            2,
        ),
        Asked::new(
            "a price range",
            Filter {
                min_price: Some(5_000),
                max_price: Some(10_000),
                ..none()
            },
            None,
            0,
        ),
        Asked::new(
            "a narrow price range",
            Filter {
                max_price: Some(349),
                ..none()
            },
            None,
            1,
        ),
    ];
    for (nth, keyword) in KEYWORDS.iter().enumerate() {
        all.push(Asked::new(
            &format!("「{keyword}」"),
            none(),
            Some(keyword),
            nth,
        ));
    }
    let blue = Filter {
        color: some("青"),
        status: Some(Shelf::OnSale),
        ..none()
    };
    all.push(Asked::new("「皿」, blue, on sale", blue, Some("皿"), 2));
    let range = Filter {
        min_price: Some(1_000),
        max_price: Some(1_500),
        ..none()
    };
    all.push(Asked::new("「箸」, a price range", range, Some("箸"), 0));
    let of_maker = Filter { maker, ..none() };
    all.push(Asked::new("「皿」, a maker", of_maker, Some("皿"), 1));
    all
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// What the pages of a list took.
#[derive(Default)]
struct Measured {
    there: usize,
    pages: usize,
    short: usize,
    requests: usize,
    asked: usize,
    read: usize,
    units: f64,
    is_right: bool,
}

struct Bench {
    watch: UnboundedReceiver<Exchange>,
    client: Client,
    all: Vec<(Preview, String)>,
}

impl Bench {
    /// The first pages of a list or a search.
    async fn pages(&mut self, asked: &Asked) -> Result<Measured, String> {
        let expected = self.expected(asked);
        let mut measured = Measured {
            there: expected.len(),
            ..Measured::default()
        };
        let mut found: Vec<String> = Vec::new();
        let mut next = Some(format!("/api/item?{}", asked.query));
        for _ in 0..PAGES {
            let Some(path) = next else { break };
            drain(&mut self.watch);
            let answer = self.client.send("GET", &path, None, None).await?;
            if answer.status != 200 {
                return Err(format!("{path} answered {}", answer.body));
            }
            let exchanges = drain(&mut self.watch);
            let items = answer.body.as_array().into_iter().flatten();
            let ids = items.filter_map(|item| item["item_id"].as_str().map(str::to_owned));
            let before = found.len();
            found.extend(ids);
            next = answer.next();
            measured.pages += 1;
            measured.short += usize::from(next.is_some() && found.len() - before < LIMIT);
            measured.requests = measured.requests.max(exchanges.len());
            measured.asked += exchanges.len();
            measured.read += exchanges.iter().map(items_read).sum::<usize>();
            measured.units += cost(&exchanges).read;
        }
        measured.is_right = match next {
            None => found == expected,
            Some(_) => expected.starts_with(&found),
        };
        Ok(measured)
    }

    /// All there is, by going through it.
    fn expected(&self, asked: &Asked) -> Vec<String> {
        let has = |text: &str| asked.words.as_ref().is_none_or(|words| words.are_in(text));
        let found = self.all.iter();
        let found = found.filter(|(item, text)| asked.filter.admits(item) && has(text));
        let mut found: BTreeMap<_, &Preview> = found
            .map(|(item, _)| (asked.order.of(item), item))
            .collect();
        let mut ids = Vec::with_capacity(found.len());
        while let Some((_, item)) = match asked.descending {
            false => found.pop_first(),
            true => found.pop_last(),
        } {
            ids.push(item.item_id.to_string());
        }
        ids
    }
}

/// How many items a request has read, whether it answered them or not.
fn items_read(exchange: &Exchange) -> usize {
    let answer: Value = serde_json::from_slice(&exchange.answer).unwrap_or_default();
    match exchange.operation.as_str() {
        "Query" => answer["ScannedCount"].as_u64().unwrap_or_default() as usize,
        "BatchGetItem" => {
            let tables = answer["Responses"].as_object().into_iter().flatten();
            tables
                .map(|(_, items)| items.as_array().map_or(0, Vec::len))
                .sum()
        }
        _ => usize::from(answer["Item"].is_object()),
    }
}
