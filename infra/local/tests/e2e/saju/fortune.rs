//! Today's fortune.

use std::collections::BTreeSet;

use enishi_saju::{fortune::meeting::Meeting, ten_gods::TenGod};
use serde_json::json;

use super::register;
use crate::support::{World, text};

const PATH: &str = "/api/fortune/today";

#[tokio::test]
async fn the_fortune_follows_from_the_day_and_changes_at_midnight_in_korea() {
    let world = World::new().await;
    // Born on 병인(丙寅): fire, which begets the earth of 무(戊) and 기(己); 인(寅) makes a 삼합 with 술(戌)
    // and a 육합 with 해(亥).
    let mut me = register(&world, "byeong", "1984-02-02", "female").await;
    let today = json!({
        "date": "2026-11-20",
        "day_pillar": "무술(戊戌)",
        "ten_god": {"key": "siksin", "name": "식신", "hanja": "食神"},
        "branch_relation": {"key": "three_union", "name": "삼합", "hanja": "三合"},
        "text": format!("{} {}", TenGod::Siksin.text(), Meeting::ThreeUnion.text()),
    });
    let tomorrow = json!({
        "date": "2026-11-21",
        "day_pillar": "기해(己亥)",
        "ten_god": {"key": "sanggwan", "name": "상관", "hanja": "傷官"},
        "branch_relation": {"key": "six_union", "name": "육합", "hanja": "六合"},
        "text": format!("{} {}", TenGod::Sanggwan.text(), Meeting::SixUnion.text()),
    });
    world.stack.aws().forget_calls();
    assert_eq!(world.get(&me, PATH).await.expect(200).body, today);
    assert_eq!(world.stack.aws().calls().len(), 1);
    for (time, fortune) in [("2026-11-20T23:59", today), ("2026-11-21T00:00", tomorrow)] {
        world.at(time).await;
        world.refresh(&mut me).await;
        assert_eq!(world.get(&me, PATH).await.expect(200).body, fortune);
    }
}

#[tokio::test]
async fn on_eleven_days_in_a_row_no_two_texts_are_the_same() {
    let world = World::new().await;
    let mut me = register(&world, "byeong", "1984-02-02", "female").await;
    let (mut gods, mut texts) = (BTreeSet::new(), BTreeSet::new());
    for day in 20..=30 {
        world.at(&format!("2026-11-{day}T21:00")).await;
        world.refresh(&mut me).await;
        let fortune = world.get(&me, PATH).await.expect(200).body;
        gods.insert(text(&fortune["ten_god"]["key"]));
        texts.insert(text(&fortune["text"]));
    }
    assert_eq!((gods.len(), texts.len()), (10, 11));
}

#[tokio::test]
async fn whoever_has_no_profile_has_no_fortune() {
    let world = World::new().await;
    let stranger = world.sign_up("stranger").await;
    let answer = world.get(&stranger, PATH).await;
    answer.expect_error(403, "profile_missing", &[]);
    let answer = world.call("GET", PATH, None, None).await;
    answer.expect_error(401, "access_token_invalid", &[]);
}
