//! `PUT /images/{item_id}`: shows the pictures of an item of mine, in this order, if they are there and are
//! what they claim.

use std::collections::HashSet;

use axum::extract::State;
use enishi_shared::{
    App, Error, FieldCode, Function, Result,
    auth::User,
    error::{ErrorBody, FieldError},
    http::{Json, Path},
    media::picture::{PhotosUrl, Uploaded, uploaded},
    store::{Key, Outcome, Race, Table, Transaction, decode},
};
use futures_util::future::try_join_all;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    item::{self, Item, ItemId, item_key},
    pictures::{ImageId, ItemImage, MOST, Upload, shown, upload_key},
    product::own,
};

/// `market-order-images`
///
/// Budget: the item, what was uploaded, the change; 2 where nothing is new.
pub const FUNCTION: Function = Function::http("market-order-images", || {
    OpenApiRouter::new().routes(routes!(order_images))
})
.budget(3);

/// In which order.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImagesRequest {
    /// All pictures of the item: those that it has, and those that were uploaded and are to be shown too.
    #[garde(length(max = MOST), custom(each_once))]
    #[schema(max_items = 10, example = json!(["019aa2c3-1f0e-7c55-8a1b-2c3d4e5f6071"]))]
    pub images: Vec<ImageId>,
}

/// Each at most once, for `#[garde(custom(…))]`.
fn each_once<C>(images: &[ImageId], _: &C) -> garde::Result {
    match images.iter().collect::<HashSet<_>>().len() == images.len() {
        true => Ok(()),
        false => Err(garde::Error::new("each at most once")),
    }
}

/// Shows the pictures of an item of mine, in this order
///
/// What was uploaded is shown from now on. What is shown has to be named; `DELETE` takes it away.
#[utoipa::path(
    put, path = "/images/{item_id}", tag = "market",
    operation_id = "orderImages",
    security(("access_token" = [])),
    params(("item_id" = ItemId, Path, description = "The item")),
    request_body = ImagesRequest,
    responses(
        (status = 200, body = [ItemImage], description = "The pictures, in their order"),
        (status = 400, body = ErrorBody, description = "One was not uploaded, or is not what it claims to be"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 404, body = ErrorBody, description = "No item of one's own"),
        (status = 409, body = ErrorBody, description = "The item has a picture that is not named"),
    )
)]
pub async fn order_images(
    State(app): State<App>,
    user: User,
    Path(item_id): Path<ItemId>,
    Json(body): Json<ImagesRequest>,
) -> Result<axum::Json<Vec<ItemImage>>> {
    let (table, photos) = (item::table(&app)?, app.config::<PhotosUrl>()?);
    let mut race = Race::new(&app);
    loop {
        let item = own(&table, user.id, item_id).await?;
        let (images, new) = ordered(&app, &table, &item, &body.images).await?;
        if images == item.images {
            return Ok(axum::Json(shown(&images, &photos)));
        }
        let mut tx = Transaction::new(&app);
        let change = item.change().set("images", &images);
        tx.update(&table, item_key(item_id), change);
        for upload in new {
            tx.delete_when(&table, upload, Upload::waits());
        }
        match tx.commit().await? {
            Outcome::Done => return Ok(axum::Json(shown(&images, &photos))),
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}

/// The keys of the pictures in this order, and where it says of the new ones that they are no item's.
async fn ordered(
    app: &App,
    table: &Table,
    item: &Item,
    order: &[ImageId],
) -> Result<(Vec<String>, Vec<Key>)> {
    let has = |image_id: ImageId| {
        let mut keys = item.images.iter();
        keys.find(|key| ImageId::of_key(key) == Some(image_id))
    };
    if item
        .images
        .iter()
        .filter_map(|key| ImageId::of_key(key))
        .any(|image_id| !order.contains(&image_id))
    {
        return Err(Error::conflict("the item has a picture that is not named"));
    }
    let new = order.iter().filter(|image_id| has(**image_id).is_none());
    let new: Vec<Key> = new.map(|image_id| upload_key(*image_id)).collect();
    let mut uploads = table.batch_get(&new).await?;
    let found = order.iter().map(|image_id| {
        let (known, upload) = (has(*image_id), uploads.remove(&upload_key(*image_id)));
        async move {
            if let Some(key) = known {
                return Ok((key.clone(), Uploaded::Picture));
            }
            let upload: Option<Upload> = upload.map(decode).transpose()?;
            let upload = upload.filter(|upload| upload.item_id == item.item_id && !upload.is_going);
            Ok::<_, Error>(match upload {
                None => (String::new(), Uploaded::Missing),
                Some(Upload { key, .. }) => {
                    let uploaded = uploaded(app, &key).await?;
                    (key, uploaded)
                }
            })
        }
    });
    let found = try_join_all(found).await?;
    let faults = found.iter().enumerate().filter_map(|(nth, (_, uploaded))| {
        let code = match uploaded {
            Uploaded::Picture => return None,
            Uploaded::Missing => FieldCode::Missing,
            Uploaded::Other => FieldCode::Invalid,
        };
        Some(FieldError {
            field: format!("images[{nth}]"),
            code,
            rule: None,
        })
    });
    let faults: Vec<FieldError> = faults.collect();
    match faults.is_empty() {
        true => Ok((found.into_iter().map(|(key, _)| key).collect(), new)),
        false => Err(Error::invalid_fields(faults)),
    }
}
