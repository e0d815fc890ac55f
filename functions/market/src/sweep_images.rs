//! `market-sweep-images`: deletes the pictures that are no item's: uploaded and never shown, taken away, or of
//! items that were deleted. It begins with those whose upload was allowed so long ago that it has ended.

use enishi_shared::{
    App, Error, Function, Result,
    function::on,
    media::{UPLOADS_END, picture},
    store::{Change, Table, Written, s},
};
use serde::Serialize;
use serde_json::Value;
use uuid::Builder;

use crate::{
    item,
    pictures::{ImageId, UPLOADS, Upload, upload_key},
};

/// `market-sweep-images`
///
/// Budget: of each picture, that it goes and that it is gone; 1 beside these for each hundred.
pub const FUNCTION: Function =
    Function::event("market-sweep-images", |app, event| on(app, event, sweep)).budget(2);

/// What was done.
#[derive(Debug, Serialize)]
struct Swept {
    images: usize,
}

async fn sweep(app: App, _: Value) -> Result<Swept> {
    let table = item::table(&app)?;
    let due = app.now() - UPLOADS_END;
    let millis = u64::try_from(due.as_millisecond()).map_err(|error| Error::internal(error))?;
    let due = Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid();
    let uploads = table.query("pk = :uploads AND sk < :due");
    let uploads = uploads.value(":uploads", s(UPLOADS));
    let uploads = uploads.value(":due", s(due.to_string()));
    let (app, table) = (&app, &table);
    let images = uploads.each(|upload: Upload| delete(app, table, upload));
    Ok(Swept {
        images: images.await?,
    })
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
