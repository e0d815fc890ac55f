//! `DELETE /images/{item_id}/{image_id}`: takes a picture of an item of mine away.

use axum::{extract::State, response::Response};
use enishi_shared::{
    App, Error, Function, Result,
    auth::User,
    error::ErrorBody,
    http::{Path, no_content},
    store::{Outcome, Race, Transaction},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    item::{self, ItemId, item_key},
    pictures::{ImageId, discard},
    product::own,
};

/// `market-delete-image`
///
/// Budget: the item, the change.
pub const FUNCTION: Function = Function::http("market-delete-image", || {
    OpenApiRouter::new().routes(routes!(delete_image))
})
.budget(2);

/// Takes a picture of an item of mine away
///
/// It is not shown any more, and read at its address for an hour and a half at the most.
#[utoipa::path(
    delete, path = "/images/{item_id}/{image_id}", tag = "market",
    operation_id = "deleteImage",
    security(("access_token" = [])),
    params(
        ("item_id" = ItemId, Path, description = "The item"),
        ("image_id" = ImageId, Path, description = "The picture"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 404, body = ErrorBody, description = "No picture of an item of one's own"),
    )
)]
pub async fn delete_image(
    State(app): State<App>,
    user: User,
    Path((item_id, image_id)): Path<(ItemId, ImageId)>,
) -> Result<Response> {
    let table = item::table(&app)?;
    let mut race = Race::new(&app);
    loop {
        let item = own(&table, user.id, item_id).await?;
        let images = item.images.iter();
        let (gone, left): (Vec<&String>, Vec<&String>) =
            images.partition(|key| ImageId::of_key(key) == Some(image_id));
        if gone.is_empty() {
            return Err(Error::not_found("image"));
        }
        let mut tx = Transaction::new(&app);
        let change = item.change().set("images", left);
        tx.update(&table, item_key(item_id), change);
        discard(&mut tx, &table, item_id, gone)?;
        match tx.commit().await? {
            Outcome::Done => return Ok(no_content()),
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}
