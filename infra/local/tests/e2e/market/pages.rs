//! Lists and searches against going through everything.

use std::collections::BTreeSet;

use enishi_local::import;
use enishi_market::{
    item::{Item, ItemId, Offer, item_key},
    list::{Filter, Order},
    maker::{Maker, Notice, maker_key},
    preview::{Preview, Shelf, text as text_of},
    rebuild,
    text::Words,
};
use enishi_shared::app::Random;
use http::{Request, header};
use jiff::Timestamp;

use super::{encoded, list};
use crate::support::{Answer, World, text};

/// Where the next page is.
pub fn next(page: &Answer) -> Option<String> {
    let link = page.headers.get(header::LINK)?.to_str().unwrap();
    let link = link.strip_prefix('<').unwrap();
    Some(link.strip_suffix(">; rel=\"next\"").unwrap().to_owned())
}

struct Catalogue {
    items: Vec<(Item, Maker)>,
}

fn maker(nth: usize) -> Maker {
    let line = || "縁".to_owned();
    Maker {
        maker_id: format!("019aa2b4-7c1e-7d33-9f0a-{nth:012}")
            .parse()
            .unwrap(),
        maker_name: format!("工房 {nth}"),
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
        onboarded: nth != 2,
        suspended: false,
        version: 1,
        created_at: Timestamp::UNIX_EPOCH,
    }
}

impl Catalogue {
    /// So many items of a few values, in the table with all that follows.
    fn new(world: &World, count: u32) -> Self {
        const COLORS: [&str; 4] = ["青", "アカ", "あか", "White"];
        const WORDS: [&str; 8] = [
            "皿",
            "青い皿",
            "箸",
            "bowl",
            "Ｂｏｗｌ",
            "マグカップ",
            "九谷焼",
            "の",
        ];
        let random = Random::from_seed(1);
        let below = |most: u32| u32::from_le_bytes(random.bytes::<4>()) % most;
        let one_of = |all: &[&str]| {
            all.get(below(all.len() as u32 + 1) as usize)
                .map(|it| (*it).to_owned())
        };
        let items = (0..count).map(|ordinal| {
            let name = (0..below(4) + 1)
                .filter_map(|_| one_of(&WORDS))
                .collect::<String>();
            let maker = maker(below(4) as usize);
            let item = Item {
                item_id: format!("019aa2b4-7c1e-7d33-9f0b-{ordinal:012}")
                    .parse()
                    .unwrap(),
                ordinal,
                maker_id: maker.maker_id,
                item_name: format!("{name}{ordinal}"),
                description: one_of(&["手で\n作りました。", "made by hand"]),
                price: 50 + below(40) * 10,
                color: one_of(&COLORS),
                series: one_of(&["春の器", "Winter"]),
                item_size: None,
                offer: [Offer::OnSale, Offer::Hidden][usize::from(below(10) == 0)],
                is_withheld: false,
                top: below(5) == 0,
                item_order: below(50),
                available: below(3) != 0,
                images: Vec::new(),
                was_ordered: false,
                is_deleted: false,
                version: 1,
                created_at: Timestamp::UNIX_EPOCH,
            };
            (item, maker)
        });
        let items: Vec<(Item, Maker)> = items.collect();
        let rows = rebuild::rows(items.iter().map(|(item, maker)| (item, maker)));
        import::items(&world.stack, "MarketTable", rows).unwrap();
        let places = items.iter().map(|(item, _)| (item_key(item.item_id), item));
        import::items(&world.stack, "MarketTable", places).unwrap();
        let makers = (0..4)
            .map(maker)
            .map(|maker| (maker_key(maker.maker_id), maker));
        import::items(&world.stack, "MarketTable", makers).unwrap();
        Self { items }
    }

    /// What there is, by going through all of it.
    fn all(
        &self,
        filter: &Filter,
        words: Option<&Words>,
        order: Order,
        descending: bool,
    ) -> Vec<ItemId> {
        let mut found: Vec<Preview> = self
            .items
            .iter()
            .filter(|(item, maker)| words.is_none_or(|words| words.are_in(&text_of(item, maker))))
            .filter_map(|(item, maker)| Preview::of(item, maker))
            .filter(|item| filter.admits(item))
            .collect();
        found.sort_by_key(|item| order.of(item));
        if descending {
            found.reverse();
        }
        found.into_iter().map(|item| item.item_id).collect()
    }
}

#[tokio::test]
async fn every_page_of_every_list_and_search_is_what_going_through_all_of_it_finds() {
    let world = World::new().await;
    let catalogue = Catalogue::new(&world, 700);
    let random = Random::from_seed(2);
    let below = |most: u32| u32::from_le_bytes(random.bytes::<4>()) % most;
    let keywords = [
        "皿",
        "青い皿",
        "bowl",
        "owl",
        "まぐカップ",
        "九谷 皿",
        "の",
        "作り",
        "hand",
        "工房 1",
        "ない言葉",
        "皿箸",
    ];
    let (mut longest, mut empty) = (0, 0);
    for nth in 0..150 {
        let mut query = String::new();
        let mut filter = Filter::default();
        if below(4) == 0 {
            filter.top = true;
            query += "&top=true";
        }
        if below(3) == 0 {
            let shelf = Shelf::ALL[below(2) as usize];
            filter.status = Some(shelf);
            query += &format!("&status={}", shelf.text());
        }
        if below(3) == 0 {
            let color = ["青", "アカ", "ＷＨＩＴＥ"][below(3) as usize];
            filter.color = Some(color.to_owned());
            query += &format!("&color={}", encoded(color));
        }
        if below(4) == 0 {
            filter.series = Some("winter".to_owned());
            query += "&series=winter";
        }
        if below(4) == 0 {
            let maker = maker(below(4) as usize).maker_id;
            filter.maker = Some(maker);
            query += &format!("&maker={maker}");
        }
        if below(2) == 0 {
            let (min, max) = (below(450), below(450));
            (filter.min_price, filter.max_price) = (Some(min), Some(max));
            query += &format!("&min_price={min}&max_price={max}");
        }
        let keyword = (below(2) == 0).then(|| keywords[below(12) as usize]);
        if let Some(keyword) = keyword {
            query += &format!("&keyword={}", encoded(keyword));
        }
        let (sort, order, descending) = [
            ("item_order", Order::ItemOrder, false),
            ("newest", Order::Made, true),
            ("price", Order::Price, false),
            ("-price", Order::Price, true),
        ][below(4) as usize];
        query += &format!("&sort={sort}&limit={}", [7, 20, 50][below(3) as usize]);
        let words = keyword.and_then(Words::of);
        let expected = catalogue.all(&filter, words.as_ref(), order, descending);
        let mut found = Vec::new();
        let mut path = Some(format!("/api/item?{}", query.trim_start_matches('&')));
        while let Some(page) = path {
            world.stack.aws().forget_calls();
            let page = world.call("GET", &page, None, None).await.expect(200);
            let requests = world.stack.aws().calls().len();
            longest = longest.max(requests);
            let items = page.body.as_array().unwrap();
            empty += usize::from(items.is_empty());
            found.extend(
                items
                    .iter()
                    .map(|item| text(&item["item_id"]).parse::<ItemId>().unwrap()),
            );
            path = next(&page);
        }
        assert_eq!(found, expected, "{nth}: {query}");
        assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), found.len());
    }
    assert!((4..=6).contains(&longest), "{longest} requests");
    assert!(empty > 0);
}

#[tokio::test]
async fn a_page_comes_short_rather_than_ask_more() {
    let world = World::new().await;
    let catalogue = Catalogue::new(&world, 700);
    // Nobody asks for what costs nothing, but who does is not told by reading all there is.
    let query = "sort=newest&min_price=1&max_price=2";
    let mut path = Some(format!("/api/item?{query}"));
    let mut pages = 0;
    while let Some(page) = path {
        world.stack.aws().forget_calls();
        let page = world.call("GET", &page, None, None).await.expect(200);
        assert!(world.stack.aws().calls().len() <= 6);
        assert!(page.body.as_array().unwrap().is_empty());
        path = next(&page);
        pages += 1;
    }
    assert!((2..5).contains(&pages), "{pages}");
    assert!(catalogue.items.len() > 600);
}

#[tokio::test]
async fn a_search_wants_a_keyword_and_a_list_takes_one() {
    let world = World::new().await;
    Catalogue::new(&world, 50);
    let answer = world.call("GET", "/api/item/search", None, None).await;
    answer.expect_error(400, "invalid_parameter", &["keyword: missing_field"]);
    let keyword = encoded("皿");
    let path = format!("/api/item/search?keyword={keyword}");
    let found = world.call("GET", &path, None, None).await.expect(200).body;
    assert_eq!(
        found,
        list(&world, &format!("keyword={keyword}"))
            .await
            .expect(200)
            .body
    );
    assert!(!found.as_array().unwrap().is_empty());
    for (wrong, field) in [
        ("sort=name", "sort"),
        ("status=hidden", "status"),
        ("top=2", "top"),
        ("min_price=-1", "min_price"),
        ("maker=hana", "maker"),
        ("limit=51", "limit"),
        ("keyword=%20", "keyword"),
        ("colour=x", "colour"),
        ("cursor=YQ", "cursor"),
    ] {
        let answer = list(&world, wrong).await;
        answer.expect_error(400, "invalid_parameter", &[&format!("{field}: invalid")]);
    }
}

#[tokio::test]
async fn caches_keep_what_everybody_sees_and_ask_whether_it_is_still_so() {
    let world = World::new().await;
    let catalogue = Catalogue::new(&world, 50);
    let (shown, _) = catalogue
        .items
        .iter()
        .find(|(item, maker)| Preview::of(item, maker).is_some())
        .unwrap();
    for path in [
        "/api/item?limit=5".to_owned(),
        "/api/item/search?keyword=a".to_owned(),
        format!("/api/item/{}", shown.item_id),
        format!("/api/makers/{}", shown.maker_id),
    ] {
        let first = world.call("GET", &path, None, None).await.expect(200);
        assert_eq!(
            first.headers["cache-control"], "public, max-age=0, s-maxage=10",
            "{path}"
        );
        assert_eq!(first.headers["content-type"], "application/json");
        let again = Request::get(&path).header(header::IF_NONE_MATCH, &first.headers["etag"]);
        let again = world
            .send(again.body(Default::default()).unwrap())
            .await
            .expect(304);
        assert_eq!(again.text, "");
        assert_eq!(again.headers["etag"], first.headers["etag"]);
    }
    let answer = world
        .call("GET", "/api/item/none", None, None)
        .await
        .expect(404);
    assert_eq!(answer.headers["cache-control"], "no-store");
}
