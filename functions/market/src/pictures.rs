//! Pictures of items. They lie in the bucket of all pictures, those of a maker in one folder; the item keeps
//! their keys, in the order in which they are shown.
//!
//! A picture is the item's once it is there: whoever may upload one gets a row for it, and putting it among
//! the item's pictures looks at the file and takes that row. A picture that is taken away gets its row back. So
//! each object is either an item's or has a row, and [`sweep`] takes what has one
//! when nothing can be uploaded any more.

use derive_more::{Display, FromStr};
use enishi_shared::{
    App, Error, Result, UserId,
    media::{
        UPLOADS_END,
        picture::{self, PhotosUrl},
    },
    store::{Change, Condition, Key, Table, Transaction, Written, s, when},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::{Builder, Uuid};

use crate::item::{Item, ItemId};

/// The most pictures of an item.
pub const MOST: usize = 10;
/// The partition of what is no item's, in the order in which it was allowed.
pub const UPLOADS: &str = "UPLOADS";

/// A picture's id: a UUIDv7, of the moment in which its upload was allowed.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    Display,
    FromStr,
)]
#[serde(transparent)]
#[schema(value_type = String, format = "uuid", example = "019aa2c3-1f0e-7c55-8a1b-2c3d4e5f6071")]
pub struct ImageId(pub Uuid);

impl ImageId {
    /// That of the picture with this key.
    pub fn of_key(key: &str) -> Option<Self> {
        let (_, name) = key.rsplit_once('/')?;
        name.split_once('.')?.0.parse().ok()
    }
}

/// A picture of an item.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemImage {
    /// Its id.
    pub image_id: ImageId,
    /// Where it is read.
    #[schema(
        format = "uri",
        example = "https://photos.example.com/items/019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50/1.jpg"
    )]
    pub url: String,
}

/// The pictures with these keys.
pub fn shown(keys: &[String], photos: &PhotosUrl) -> Vec<ItemImage> {
    let shown = keys.iter().filter_map(|key| {
        Some(ItemImage {
            image_id: ImageId::of_key(key)?,
            url: photos.of(key),
        })
    });
    shown.collect()
}

/// An object that is no item's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Upload {
    /// Where it lies, or will.
    pub key: String,
    /// Of which item it may become one.
    pub item_id: ItemId,
    /// Whether it is to be deleted, and so becomes no item's any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_going: bool,
}

impl Upload {
    /// The condition that it may still become the item's.
    pub fn waits() -> Condition {
        when().exists("pk").absent("is_going")
    }
}

/// Where it says that an object is no item's.
pub fn upload_key(image_id: ImageId) -> Key {
    Key::new(UPLOADS, image_id.to_string())
}

/// Where a new picture of an item is sent, but for the ending of its name.
pub fn path(item: &Item, image_id: ImageId) -> String {
    format!("{}{}/{image_id}", folder(item.maker_id), item.item_id)
}

/// Has the objects deleted that were pictures of this item, in the transaction in which they cease to be. A
/// part for each.
///
/// # Errors
/// None in practice: a key is a text.
pub fn discard<'a>(
    tx: &mut Transaction,
    table: &Table,
    item_id: ItemId,
    keys: impl IntoIterator<Item = &'a String>,
) -> Result<()> {
    for key in keys {
        if let Some(image_id) = ImageId::of_key(key) {
            let upload = Upload {
                key: key.clone(),
                item_id,
                is_going: true,
            };
            tx.put(table, upload_key(image_id), &upload)?;
        }
    }
    Ok(())
}

/// Erases all pictures of a maker's. Safe to repeat.
///
/// # Errors
/// `service_unavailable` or `internal_server_error`; some may be gone by then.
pub async fn erase(app: &App, maker_id: UserId) -> Result<()> {
    picture::erase(app, &folder(maker_id)).await
}

/// Where a maker's pictures lie.
fn folder(maker_id: UserId) -> String {
    format!("items/{maker_id}/")
}

/// Deletes the pictures that are no item's: uploaded and never shown, taken away, or of items that were deleted; from
/// when their upload was allowed so long ago that it has ended. Answers how many. One request for each hundred, and
/// of each picture 2.
///
/// # Errors
/// The last one's; what cannot be deleted stays for the next run.
pub async fn sweep(app: &App) -> Result<usize> {
    let table = crate::item::table(app)?;
    let due = app.now() - UPLOADS_END;
    let millis = u64::try_from(due.as_millisecond()).map_err(|error| Error::internal(error))?;
    let due = Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid();
    let uploads = table.query("pk = :uploads AND sk < :due");
    let uploads = uploads.value(":uploads", s(UPLOADS));
    let uploads = uploads.value(":due", s(due.to_string()));
    let table = &table;
    uploads
        .each(|upload: Upload| delete(app, table, upload))
        .await
}

/// Deletes one, unless it has become an item's meanwhile.
async fn delete(app: &App, table: &Table, upload: Upload) -> Result<()> {
    let Some(image_id) = ImageId::of_key(&upload.key) else {
        return Err(Error::internal("an upload has no key"));
    };
    if !upload.is_going {
        // From here on it becomes no item's: otherwise one might show what is deleted.
        let goes = Change::new().set("is_going", true).when(Upload::waits());
        if let Written::Refused(_) = table.update(upload_key(image_id), goes).await? {
            return Ok(());
        }
    }
    picture::delete(app, &upload.key).await?;
    table.delete(upload_key(image_id)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preview::tests::item;

    #[test]
    fn a_key_tells_whose_and_which_picture_it_is() {
        let image_id: ImageId = "019aa2c3-1f0e-7c55-8a1b-2c3d4e5f6071".parse().unwrap();
        let key = format!("{}.webp", path(&item(), image_id));
        assert_eq!(
            key,
            "items/019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50/019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f51/\
             019aa2c3-1f0e-7c55-8a1b-2c3d4e5f6071.webp"
        );
        assert_eq!(ImageId::of_key(&key), Some(image_id));
        assert_eq!(ImageId::of_key("items/x.webp"), None);
    }
}
