//! `GET /api/matches`, page by page.

use http::header;

use super::{ask, list, people};
use crate::support::{World, text};

#[tokio::test]
async fn the_list_is_newest_first_and_loses_nothing_between_pages() {
    let world = World::new().await;
    let mut people = people(&world, 12).await;
    // Three at each moment, in both directions.
    for (number, minute) in (1..12).zip([0, 0, 0, 3, 3, 3, 6, 6, 6, 9, 9]) {
        world.at(&format!("2026-11-20T20:{minute:02}")).await;
        let (by, whom) = match number % 2 {
            0 => (0, number),
            _ => (number, 0),
        };
        ask(&world, &people[by], &people[whom]).await.expect(201);
    }
    world.refresh(&mut people[0]).await;
    let me = &people[0];
    let whole = list(&world, me).await;
    assert_eq!(whole.len(), 11);
    let times: Vec<String> = whole.iter().map(|item| text(&item["created_at"])).collect();
    assert!(times.is_sorted_by(|one, next| one >= next), "{times:?}");

    for limit in [1, 2, 3, 4, 5, 10, 11, 50] {
        let mut path = Some(format!("/api/matches?limit={limit}"));
        let mut all = Vec::new();
        while let Some(next) = path.take() {
            let answer = world.get(me, &next).await.expect(200);
            let page = answer.body.as_array().unwrap().clone();
            assert!(page.len() <= limit);
            all.extend(page);
            path = answer.headers.get(header::LINK).map(|link| {
                let link = link.to_str().unwrap();
                link[1..link.find('>').unwrap()].to_owned()
            });
        }
        assert_eq!(all, whole, "{limit}");
    }
    // Somebody else's cursor leads into one's own list.
    let answer = world.get(me, "/api/matches?limit=1").await.expect(200);
    let link = answer.headers[header::LINK].to_str().unwrap();
    let path = &link[1..link.find('>').unwrap()];
    let others = world.get(&people[1], path).await.expect(200);
    for item in others.body.as_array().unwrap() {
        assert_eq!(item["partner"]["user_id"], me.id.as_str());
    }
}
