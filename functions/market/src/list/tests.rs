use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::{
    document::{Document, Wording},
    facts::{self, Facts},
    find::{Found, Page, Wanted, few},
    item::{Item, ItemId},
    posting::{Mark, intersection},
    preview::{
        Preview,
        tests::{item, maker},
        text,
    },
    text::{Gram, Words, grams},
};

const MAKERS: [&str; 2] = [
    "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50",
    "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f52",
];

/// An item of a few values, so that many are alike.
fn items() -> impl Strategy<Value = Vec<(Preview, String)>> {
    let one = (
        0..6_u32,
        0..4_u32,
        any::<(bool, bool, bool)>(),
        prop::option::of(prop::sample::select(vec!["青", "アカ", "あか"])),
        prop::option::of(prop::sample::select(vec!["春", "SPRING"])),
        "(皿|皿箸|青皿|bowl|Ｂｏｗｌ|カップ|かっふ| ){0,5}",
    );
    prop::collection::vec(one, 0..60).prop_map(|all| {
        let numbered = all.into_iter().enumerate();
        numbered
            .map(
                |(nth, (price, place, (top, available, other), color, series, name))| {
                    let ordinal = u32::try_from(nth).unwrap_or_default();
                    let id = format!("019aa2b4-7c1e-7d33-9f0a-{nth:012}");
                    let mut maker = maker();
                    maker.maker_id = MAKERS[usize::from(other)].parse().unwrap();
                    let item = Item {
                        item_id: id.parse::<ItemId>().unwrap(),
                        ordinal,
                        item_order: place,
                        item_name: name,
                        price: 50 + price,
                        top,
                        available,
                        color: color.map(str::to_owned),
                        series: series.map(str::to_owned),
                        maker_id: maker.maker_id,
                        ..item()
                    };
                    (Preview::of(&item, &maker).unwrap(), text(&item, &maker))
                },
            )
            .collect()
    })
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let facets = (
        any::<bool>(),
        prop::option::of(prop::sample::select(Shelf::ALL.to_vec())),
        prop::option::of(prop::sample::select(vec!["青", "アカ"])),
        prop::option::of(Just("spring")),
        prop::option::of(prop::sample::select(MAKERS.to_vec())),
        prop::option::of(49..57_u32),
        prop::option::of(49..57_u32),
    );
    let keyword = prop::sample::select(vec![
        "皿",
        "青皿",
        "箸青",
        "bowl",
        "OWL",
        "カッフ",
        "皿 箸",
        "かっぷ",
        "り",
        "bowlb",
        "青 wl",
    ]);
    let order = prop::sample::select(Order::ALL.to_vec());
    (facets, keyword, order, any::<bool>(), 1..9_usize).prop_map(
        |(
            (top, status, color, series, maker, min_price, max_price),
            word,
            order,
            descending,
            limit,
        )| {
            Wanted {
                filter: Filter {
                    top,
                    status,
                    color: color.map(str::to_owned),
                    series: series.map(str::to_owned),
                    maker: maker.map(|maker| maker.parse().unwrap()),
                    min_price,
                    max_price,
                },
                words: Words::of(word),
                order,
                descending,
                limit,
                after: None,
            }
        },
    )
}

/// What there is, by going through all of it.
fn all(items: &[(Preview, String)], wanted: &Wanted) -> Vec<ItemId> {
    let words = |text: &str| match &wanted.words {
        None => true,
        Some(words) => words.are_in(text),
    };
    let found = items.iter();
    let found = found.filter(|(item, text)| wanted.filter.admits(item) && words(text));
    let mut found: Vec<&Preview> = found.map(|(item, _)| item).collect();
    found.sort_by_key(|item| wanted.order.of(item));
    if wanted.descending {
        found.reverse();
    }
    found.into_iter().map(|item| item.item_id).collect()
}

/// All pages, one after the other.
fn pages(wanted: &Wanted, page: impl Fn(&Wanted) -> Found) -> Vec<ItemId> {
    let mut wanted = wanted.clone();
    let mut all = Vec::new();
    loop {
        let found = page(&wanted);
        assert!(found.items.len() <= wanted.limit);
        all.extend(found.items.iter().map(|item| item.item_id));
        match found.next {
            None => return all,
            next => {
                assert_ne!(next, wanted.after, "it goes on");
                // As a client hands it back.
                wanted.after = next.and_then(|next| Position::read(&next.to_string()));
            }
        }
    }
}

/// A page of a list out of the rows that the items have, read as the table would be.
fn list(rows: &BTreeMap<(String, String), Preview>, wanted: &Wanted) -> Found {
    let pk = wanted.filter.partition(wanted.order);
    let limit = wanted.limit + 1;
    let mut page = Page::new(wanted);
    let read = |stretch: Stretch| -> (Vec<Preview>, bool) {
        let [first, last] = stretch.bounds();
        let after = wanted
            .after
            .map(|position| stretch.after(position, wanted.descending));
        let after = match after {
            Some(None) => return (Vec::new(), false),
            Some(Some(Some(sk))) => {
                // DynamoDB takes no other place to go on from.
                assert!(first <= sk && sk <= last);
                Some(sk)
            }
            _ => None,
        };
        let mut found: Vec<_> = rows
            .iter()
            .filter(|((list, sk), _)| *list == pk && first <= *sk && *sk <= last)
            .collect();
        if wanted.descending {
            found.reverse();
        }
        found.retain(|((_, sk), _)| match &after {
            None => true,
            Some(after) if wanted.descending => sk < after,
            Some(after) => sk > after,
        });
        let goes_on = found.len() >= limit;
        let items = found.into_iter().take(limit);
        (items.map(|(_, item)| item.clone()).collect(), goes_on)
    };
    let stretches = wanted.filter.stretches(wanted.order);
    let read = stretches.into_iter().map(read).collect();
    let (items, goes_on) = merge(read, wanted.order, wanted.descending);
    for item in items {
        let position = wanted.order.of(&item);
        let item = Some(item).filter(|item| wanted.filter.admits(item));
        if !page.take(position, item) {
            return page.full();
        }
    }
    if goes_on { page.full() } else { page.last() }
}

proptest! {
    #[test]
    fn a_list_is_what_going_through_all_items_finds_page_by_page(
        items in items(), mut wanted in wanted(),
    ) {
        wanted.words = None;
        if !wanted.filter.is_range_of(wanted.order) {
            (wanted.filter.min_price, wanted.filter.max_price) = (None, None);
        }
        let mut rows = BTreeMap::new();
        for (item, _) in &items {
            let keys = rows_of(item);
            prop_assert!(keys.len() <= 48);
            for key in keys {
                prop_assert!(rows.insert((key.pk, key.sk), item.clone()).is_none());
            }
        }
        let listed = pages(&wanted, |wanted| list(&rows, wanted));
        prop_assert_eq!(listed, all(&items, &wanted));
    }

    #[test]
    fn a_search_is_what_going_through_all_texts_finds_page_by_page(
        items in items(), wanted in wanted(),
    ) {
        let words = wanted.words.clone().unwrap();
        let mut postings = BTreeMap::<Gram, BTreeSet<Mark>>::new();
        let mut documents = BTreeMap::new();
        let mut facts = Vec::new();
        for (item, text) in &items {
            let wording = Wording { number: 5, text: text.clone() };
            for gram in grams(text) {
                postings.entry(gram).or_default().insert(wording.mark(item.ordinal));
            }
            facts.push(Facts::of(item, wording.number));
            documents.insert(item.ordinal, Document {
                wording: Some(wording),
                preview: Some(item.clone()),
                ..Document::default()
            });
        }
        let of = |gram| postings.get(&gram).cloned().unwrap_or_default();
        let mut asked: Vec<BTreeSet<Mark>> = words.grams().into_iter().map(of).collect();
        asked.extend(words.singles().into_iter().map(|single| {
            let begun = postings.iter().filter(|((first, _), _)| *first == single);
            begun.flat_map(|(_, marks)| marks.iter().copied()).collect()
        }));
        let marked = intersection(asked);

        let found = pages(&wanted, |wanted| {
            let documents = marked.iter().map(|mark| documents[&mark.ordinal()].clone());
            few(wanted, &words, documents)
        });
        prop_assert_eq!(&found, &all(&items, &wanted));

        // The same where there are too many to look at all of them.
        let found = pages(&wanted, |wanted| {
            let mut page = Page::new(wanted);
            let (order, descending) = (wanted.order, wanted.descending);
            let ordered = facts::ordered(
                facts.clone(), &marked, &wanted.filter, order, descending, wanted.after,
            );
            for (nth, position) in ordered.iter().enumerate() {
                let document = documents[&position.ordinal].clone();
                let item = document.answer(&words, &wanted.filter);
                if !page.take(*position, item) {
                    return page.full();
                }
                // It may read so many in vain.
                if nth == wanted.limit + 3 && nth + 1 < ordered.len() {
                    return page.full();
                }
            }
            page.last()
        });
        prop_assert_eq!(&found, &all(&items, &wanted));
    }

    #[test]
    fn positions_sort_as_their_texts_do(a: (u32, u32), b: (u32, u32)) {
        let [a, b] = [a, b].map(|(value, ordinal)| Position { value, ordinal });
        prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        prop_assert_eq!(Position::read(&a.to_string()), Some(a));
    }
}

#[test]
fn what_is_no_position_is_none() {
    for wrong in [
        "",
        "1#2",
        "0000000001#2",
        "0000000001",
        "00000000001#0000000002",
        "+000000001#0000000002",
    ] {
        assert_eq!(Position::read(wrong), None, "{wrong}");
    }
}
