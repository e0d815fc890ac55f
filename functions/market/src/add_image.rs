//! `POST /images/{item_id}`: where to send a picture of an item of mine.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result,
    auth::User,
    error::ErrorBody,
    http::{Json, Path},
    media::{PresignedPut, picture::PhotoRequest},
    throttle::{self, Limit},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    item::{self, ItemId},
    pictures::{ImageId, MOST, Upload, path, upload_key},
    product::own,
};

/// `market-add-image`
///
/// Budget: the item, the throttle, the upload.
pub const FUNCTION: Function = Function::http("market-add-image", || {
    OpenApiRouter::new().routes(routes!(add_image))
})
.budget(3);

/// How many one maker may upload.
const BY_ONE_MAKER: Limit = Limit::new("IMAGE_RATE", 200, 60 * 60);

/// Where and how to send a picture.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImageUpload {
    /// Its id, once it is there.
    pub image_id: ImageId,
    /// Where and how.
    #[serde(flatten)]
    pub put: PresignedPut,
}

/// Uploads a picture of an item of mine
///
/// Answers where to PUT the file: a JPEG, PNG or WebP of at most 5 MB, exactly as declared, within five
/// minutes. `PUT /images/{item_id}` with its id among the others then shows it; what is not shown within an
/// hour is deleted.
#[utoipa::path(
    post, path = "/images/{item_id}", tag = "market",
    operation_id = "createImageUpload",
    security(("access_token" = [])),
    params(("item_id" = ItemId, Path, description = "The item")),
    request_body = PhotoRequest,
    responses(
        (status = 200, body = ImageUpload, description = "Where and how to send the file"),
        (status = 400, body = ErrorBody, description = "Another type, too large, or no digest"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 404, body = ErrorBody, description = "No item of one's own"),
        (status = 409, body = ErrorBody, description = "It has ten pictures"),
        (status = 429, body = ErrorBody, description = "Too many uploads; `Retry-After` says when"),
    )
)]
pub async fn add_image(
    State(app): State<App>,
    user: User,
    Path(item_id): Path<ItemId>,
    Json(picture): Json<PhotoRequest>,
) -> Result<axum::Json<ImageUpload>> {
    let (table, me) = (item::table(&app)?, user.id);
    let item = own(&table, me, item_id).await?;
    if item.images.len() >= MOST {
        return Err(Error::conflict("an item has ten pictures at the most"));
    }
    throttle::count(&app, &table, "image", &me.to_string(), &BY_ONE_MAKER).await?;
    let image_id = ImageId(app.new_id());
    let (key, put) = picture.presign(&app, &path(&item, image_id)).await?;
    let upload = Upload {
        key,
        item_id,
        is_going: false,
    };
    table.put(upload_key(image_id), &upload).await?;
    Ok(axum::Json(ImageUpload { image_id, put }))
}
