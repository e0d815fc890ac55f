//! The lists of choices: what somebody who was verified is of, in the order of the names.

use axum::http::{HeaderMap, Uri};
use enishi_shared::{
    App, Error, Result,
    page::{PageQuery, next_link},
    store::{Key, s},
};
use garde::Validate;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    choice::{Choice, ChoiceKind, folded, list},
    profile::table,
};

/// Which choices.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChoicesQuery {
    /// What their names begin with, whatever its case and width.
    #[garde(length(chars, max = 120))]
    #[param(max_length = 120, example = "縁")]
    pub q: Option<String>,
    /// How many at the most: 1–100, 20 unless told.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100, example = 20)]
    pub limit: Option<i32>,
    /// Where the last page ended, from its `Link` header.
    #[garde(length(max = 512))]
    #[param(min_length = 1, max_length = 512, pattern = "^[A-Za-z0-9_-]+$")]
    pub cursor: Option<String>,
}

impl ChoicesQuery {
    /// What the folded names begin with.
    pub fn prefix(&self) -> String {
        folded(self.q.as_deref().unwrap_or_default())
    }

    /// The page that is asked for.
    pub fn page(&self) -> PageQuery {
        PageQuery {
            limit: self.limit,
            cursor: self.cursor.clone(),
        }
    }
}

/// A page of the choices of a kind. One request.
///
/// # Errors
/// `invalid_parameter` on `cursor`, `service_unavailable`.
pub async fn page(
    app: &App,
    kind: ChoiceKind,
    query: &ChoicesQuery,
    uri: &Uri,
) -> Result<(HeaderMap, axum::Json<Vec<Choice>>)> {
    let (prefix, asked, list) = (query.prefix(), query.page(), list(kind));
    let after = asked.after()?;
    if after
        .as_ref()
        .is_some_and(|after| !after.starts_with(&prefix))
    {
        return Err(Error::invalid("cursor", "cursor is not one of this list"));
    }
    let table = table(app)?;
    let rows = match prefix.is_empty() {
        true => table.query("pk = :list"),
        false => table
            .query("pk = :list AND begins_with(sk, :prefix)")
            .value(":prefix", s(prefix)),
    };
    let page = rows
        .value(":list", s(&list))
        .limit(asked.limit())
        .after(after.map(|sk| Key::new(&*list, sk).attributes()))
        .page::<Choice>()
        .await?;
    let last = page.next.and(page.items.last());
    let last = last.map(|choice| folded(&choice.name));
    Ok((
        next_link(uri, asked.limit(), last.as_deref()),
        axum::Json(page.items),
    ))
}
