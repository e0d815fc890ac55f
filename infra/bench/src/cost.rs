//! What a month costs at AWS: people of each product do what they do in a month, in a stack in memory; what that
//! asks of each service is counted, and multiplied by its price.

use crate::{
    report::{short, table, thousands},
    world::sentence,
};
use enishi_local::stack::template_path;

mod market;
mod meter;
mod orgs;
mod rooms;
mod saju;
mod visits;

pub use meter::{Meter, Used};

/// How many people use a product.
const PEOPLE: [f64; 3] = [100.0, 10_000.0, 1_000_000.0];
/// Days in a month.
const DAYS: f64 = 30.0;

/// US dollars for one, in ap-northeast-1 (Tokyo), on demand, without any free tier or discount of volume. AWS changes
/// its prices; these are of 2026.
fn price(used: Used) -> f64 {
    let million = 1e-6;
    match used {
        // The request, and 2 KB that leave AWS at 0.114 a GB.
        Used::Call => (1.29 + 0.002 * 114.0) * million,
        Used::Frame => 1.26 * million,
        // The invocation, 20 ms at 256 MB on arm64, and 0.8 KB of logs at 0.76 a GB.
        Used::Invocation => (0.2 + 0.02 * 0.25 * 13.3334 + 0.0008 * 760.0) * million,
        Used::Read => 0.1425 * million,
        Used::Write => 0.715 * million,
        Used::Event => 1.0 * million,
        Used::Letter => 0.1 / 1_000.0,
        Used::Connection => 0.315 * million,
        Used::Meeting => 0.001_7,
    }
}

/// What stands there whoever uses it, a month: alarms at 0.10, secrets at 0.40.
fn standing() -> Result<f64, String> {
    let template = std::fs::read_to_string(template_path()).map_err(sentence)?;
    let alarms = template.matches("Type: AWS::CloudWatch::Alarm").count();
    let secrets = template.matches("SecretArn:\n    Type: String").count();
    Ok(alarms as f64 * 0.1 + secrets as f64 * 0.4)
}

/// Measures and prints.
pub async fn run() -> Result<bool, String> {
    eprintln!("a day without anybody …");
    let idle = rooms::idle().await? * DAYS;
    let mut months = Vec::new();
    eprintln!("rooms …");
    let (month, refresh) = rooms::month().await?;
    months.push(("rooms", month));
    eprintln!("saju …");
    months.push(("saju", saju::month().await? + refresh * saju::DAYS));
    eprintln!("visits …");
    months.push(("visits", visits::month().await? + refresh * visits::DAYS));
    eprintln!("market …");
    months.push(("market", market::month().await? + refresh * market::DAYS));
    eprintln!("orgs …");
    months.push(("orgs", orgs::month().await?));

    let head = [
        "a person's month",
        "rooms",
        "saju",
        "visits",
        "market",
        "orgs",
    ];
    let rows = Used::ALL.map(|used| {
        let figures = months.iter().map(|(_, month)| short(month.of(used)));
        std::iter::once(used.name().to_owned())
            .chain(figures)
            .collect()
    });
    table(&head, &rows);

    println!();
    let head = [
        "US$ a month",
        "100 people",
        "10,000",
        "1,000,000",
        "of that meetings",
    ];
    let mut rows = Vec::new();
    let mut sums = [0.0; PEOPLE.len()];
    for (product, month) in &months {
        let one = month.cost(price);
        let mut row = vec![(*product).to_owned()];
        for (sum, people) in sums.iter_mut().zip(PEOPLE) {
            *sum += one * people;
            row.push(dollars(one * people));
        }
        let meetings = month.of(Used::Meeting) * price(Used::Meeting);
        row.push(format!("{:.0} %", meetings / one * 100.0));
        rows.push(row);
    }
    let fixed = idle.cost(price) + standing()?;
    let mut row = vec!["what runs for nobody".to_owned()];
    for sum in &mut sums {
        *sum += fixed;
        row.push(dollars(fixed));
    }
    row.push(String::new());
    rows.push(row);
    let mut row = vec!["all five".to_owned()];
    row.extend(sums.map(dollars));
    row.push(String::new());
    rows.push(row);
    table(&head, &rows);
    println!(
        "\nEach product has so many people of its own. {}\n{}\n{}\n{}\n{}\n\nPrices: Tokyo, on demand, of 2026, without \
         free tiers. Stripe's fees, recordings, and what lies in tables and buckets for longer\nthan a month are not in it.",
        rooms::MONTH,
        saju::MONTH,
        visits::MONTH,
        market::MONTH,
        orgs::MONTH,
    );
    Ok(true)
}

/// `0.42`, `17`, `123,456`.
fn dollars(amount: f64) -> String {
    match amount {
        ..10.0 => short(amount),
        _ => thousands(amount.round() as u64),
    }
}
