//! From the table's stream into the lists and the search: whenever an item, its stock or its maker has
//! changed, what follows from these is written as they are *now*. So records may come in any order, late
//! and any number of times.
//!
//! The rows of all lists change in one transaction, on the condition that item, maker and document are as
//! they were read: of two runs at once the later one finds what the other has written. A new text is entered
//! under its pairs of characters before that transaction, the one before is taken away after it; the document
//! says what there is to do, so that another run ends what one was cut off from.
//!
//! Likewise what an order holds back follows from the order ([`held`]).

use std::collections::BTreeMap;

use aws_lambda_events::{dynamodb::Event, streams::DynamoDbEventResponse};
use enishi_shared::{
    App, Function, Result, UserId,
    function::on,
    store::{Change, Outcome, Race, Table, Transaction, Written, decode, s, when},
    stream::{failures, places},
};
use futures_util::{StreamExt as _, stream};

use crate::{
    document::{self, Document},
    facts::{self, Facts},
    held,
    item::{self, Item, ItemId, item_key, item_of},
    list::rows_of,
    maker::{MADE, Made, Maker, maker_key, maker_of, partition},
    order::{self, OrderId, order_key, order_of},
    posting,
    preview::{self, Preview},
    text::grams,
};

/// `market-index`
///
/// Budget: of an item, itself, its stock, its maker with its document; where something follows: whether
/// there is any, a new text, the rows, what was taken away; and 1 for each pair of characters of a text that
/// is entered or taken away. Of an order, itself, and what it holds back.
pub const FUNCTION: Function =
    Function::event("market-index", |app, event| on(app, event, index_all)).budget(7);

/// Items at once.
const AT_ONCE: usize = 4;

async fn index_all(app: App, event: Event) -> Result<DynamoDbEventResponse> {
    let table = item::table(&app)?;
    let mut items = BTreeMap::<ItemId, Vec<String>>::new();
    let mut makers = BTreeMap::<UserId, Vec<String>>::new();
    let mut orders = BTreeMap::<OrderId, Vec<String>>::new();
    for record in places(event) {
        let pk = &*record.item.pk;
        let maker = maker_of(pk);
        if let Some(item_id) = item_of(pk) {
            items
                .entry(item_id)
                .or_default()
                .extend(record.sequence_number);
        } else if let Some(maker_id) = maker {
            makers
                .entry(maker_id)
                .or_default()
                .extend(record.sequence_number);
        } else if let Some(order_id) = order_of(pk) {
            orders
                .entry(order_id)
                .or_default()
                .extend(record.sequence_number);
        }
    }
    let (app, table) = (&app, &table);
    let items = stream::iter(items).map(|(item_id, records)| async move {
        let indexed = index(app, table, item_id).await;
        indexed.err().map(|_| records).unwrap_or_default()
    });
    let mut failed: Vec<String> = items.buffer_unordered(AT_ONCE).concat().await;
    for (order_id, records) in orders {
        if index_order(app, table, order_id).await.is_err() {
            failed.extend(records);
        }
    }
    for (maker_id, records) in makers {
        if index_maker(app, table, maker_id).await.is_err() {
            failed.extend(records);
        }
    }
    Ok(failures(failed))
}

/// What an order that is not paid for holds back.
///
/// # Errors
/// As [`index`].
pub async fn index_order(app: &App, table: &Table, id: OrderId) -> Result<()> {
    let mut race = Race::new(app);
    while let Some((stored, contents)) = order::read(app, table, id).await? {
        let lines = contents.lines.iter().map(|line| held::Line {
            maker_id: line.maker_id,
            item_id: line.item_id,
            quantity: line.quantity,
        });
        let mut tx = Transaction::new(app);
        tx.check(table, order_key(id), when().eq("version", stored.version));
        held::follow(&mut tx, table, id, lines, stored.order.sale.is_unpaid())?;
        if let Outcome::Done = tx.commit().await? {
            break;
        }
        race.lost().await?;
    }
    Ok(())
}

/// All that somebody makes.
async fn index_maker(app: &App, table: &Table, maker_id: UserId) -> Result<()> {
    let made = table.query("pk = :maker AND begins_with(sk, :item)");
    let made = made.value(":maker", s(partition(maker_id)));
    let made = made.value(":item", s(MADE));
    made.each(|made: Made| index(app, table, made.item_id))
        .await?;
    Ok(())
}

/// Writes what follows from an item.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer, or others were always faster.
pub async fn index(app: &App, table: &Table, item_id: ItemId) -> Result<()> {
    let mut race = Race::new(app);
    while !attempt(app, table, item_id).await? {
        race.lost().await?;
    }
    Ok(())
}

/// Whether nobody was faster.
async fn attempt(app: &App, table: &Table, item_id: ItemId) -> Result<bool> {
    let Some(mut item) = table.get::<Item>(&item_key(item_id)).await? else {
        return Ok(true);
    };
    if !item.is_deleted && !tell_available(app, table, &mut item).await? {
        return Ok(false);
    }
    let keys = [maker_key(item.maker_id), document::key(item.ordinal)];
    let mut found = table.batch_get(&keys).await?;
    let maker: Option<Maker> = found.remove(&keys[0]).map(decode).transpose()?;
    let document = found.remove(&keys[1]).map(decode).transpose()?;
    let mut document: Document = document.unwrap_or_default();

    let maker_of_text = maker.as_ref().filter(|_| !item.is_deleted);
    let text = maker_of_text.map(|maker| preview::text(&item, maker));
    if let Some(reworded) = document.reworded(text.as_deref()) {
        let written = table.replace(keys[1].clone(), &reworded, document.as_read());
        if let Written::Refused(_) = written.await? {
            return Ok(false);
        }
        document = reworded;
    }
    if let Some(coming) = &document.coming {
        posting::enter(table, coming.mark(item.ordinal), grams(&coming.text)).await?;
    }
    let preview = maker.as_ref().and_then(|maker| Preview::of(&item, maker));
    if document.coming.is_some() || document.preview != preview {
        let shown = document.shown(preview);
        let tx = replace(app, table, &item, maker.as_ref(), &document, &shown)?;
        if let Outcome::Refused(_) = tx.commit().await? {
            return Ok(false);
        }
        document = shown;
    }
    for past in &document.past {
        posting::withdraw(table, past.mark(item.ordinal), grams(&past.text)).await?;
    }
    if item.is_deleted {
        return forget(app, table, &item, &document).await;
    }
    if !document.past.is_empty() {
        let change = Change::new()
            .set("round", document.round + 1)
            .remove("past")
            .when(document.as_read());
        if let Written::Refused(_) = table.update(keys[1].clone(), change).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Makes the item say whether there is any, on the condition that the stock is as it was read. Whether
/// nobody was faster.
async fn tell_available(app: &App, table: &Table, item: &mut Item) -> Result<bool> {
    let stock = item::stock(app, table, item.item_id)?;
    let levels = stock.levels().await?;
    let available = levels.total() > 0;
    if available == item.available {
        return Ok(true);
    }
    let mut tx = Transaction::new(app);
    let change = item.change().set("available", available);
    tx.update(table, item_key(item.item_id), change);
    stock.check(&mut tx, &levels);
    if let Outcome::Refused(_) = tx.commit().await? {
        return Ok(false);
    }
    item.available = available;
    item.version += 1;
    Ok(true)
}

/// What shows an item another way: at most 100 parts, 96 of them rows.
fn replace(
    app: &App,
    table: &Table,
    item: &Item,
    maker: Option<&Maker>,
    before: &Document,
    after: &Document,
) -> Result<Transaction> {
    let ordinal = item.ordinal;
    let mut tx = Transaction::new(app);
    tx.replace(table, document::key(ordinal), after, before.as_read())?;
    let as_read = when().eq("version", item.version);
    tx.check(table, item_key(item.item_id), as_read);
    let as_read = when().same("version", maker.map(|maker| maker.version));
    tx.check(table, maker_key(item.maker_id), as_read);
    let shown = after.preview.as_ref().zip(after.wording.as_ref());
    let facts = shown.map(|(preview, wording)| Facts::of(preview, wording.number));
    let change = facts::change(ordinal, facts.as_ref());
    tx.update(table, facts::row_key(ordinal), change);
    if before.preview != after.preview {
        let rows = |preview: &Option<Preview>| preview.iter().flat_map(rows_of).collect();
        let (gone, rows): (Vec<_>, Vec<_>) = (rows(&before.preview), rows(&after.preview));
        for key in gone {
            if !rows.contains(&key) {
                tx.delete(table, key);
            }
        }
        for key in rows {
            tx.put(table, key, &after.preview)?;
        }
    }
    Ok(tx)
}

/// Deletes what is left of an item that was deleted. Whether nobody was faster.
async fn forget(app: &App, table: &Table, item: &Item, document: &Document) -> Result<bool> {
    let mut tx = Transaction::new(app);
    tx.delete_when(table, document::key(item.ordinal), document.as_read());
    let as_read = when().eq("version", item.version);
    tx.delete_when(table, item_key(item.item_id), as_read);
    Ok(matches!(tx.commit().await?, Outcome::Done))
}
