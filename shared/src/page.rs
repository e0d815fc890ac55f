//! Lists: `limit` and an opaque `cursor`, which carries the sort key only. The partition always
//! comes from the caller, so a cursor needs no secret and opens nobody else's list.

use axum::http::{HeaderMap, HeaderValue, Uri, header};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use garde::Validate;
use serde::Deserialize;
use utoipa::{
    IntoParams,
    openapi::{
        KnownFormat, Required, SchemaFormat, Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::ObjectBuilder,
    },
};

use crate::error::Error;

/// How many a page has unless told.
const DEFAULT: i32 = 20;
/// The longest cursor, in bytes.
const LONGEST_CURSOR: usize = 512;

/// `?limit=&cursor=`: how many at the most (1–`MOST`, `UNLESS_TOLD` unless told), and where the last page
/// ended.
#[derive(Debug, Default, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct PageQuery<const MOST: i32 = 100, const UNLESS_TOLD: i32 = DEFAULT> {
    /// How many at the most.
    #[garde(range(min = 1, max = MOST))]
    pub limit: Option<i32>,
    /// Where the last page ended, from its `Link` header.
    #[garde(length(max = LONGEST_CURSOR))]
    pub cursor: Option<String>,
}

/// As the derive would, which cannot name `MOST`.
impl<const MOST: i32, const UNLESS_TOLD: i32> IntoParams for PageQuery<MOST, UNLESS_TOLD> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let parameter = |name: &str, description: String, schema: ObjectBuilder| {
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .description(Some(description))
                .schema(Some(schema))
        };
        let limit = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
            .minimum(Some(1))
            .maximum(Some(MOST));
        vec![
            parameter(
                "limit",
                format!("How many at the most: 1–{MOST}, {UNLESS_TOLD} unless told."),
                limit,
            )
            .example(Some(UNLESS_TOLD.into()))
            .build(),
            parameter(
                "cursor",
                "Where the last page ended, from its `Link` header.".to_owned(),
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .min_length(Some(1))
                    .max_length(Some(LONGEST_CURSOR))
                    .pattern(Some("^[A-Za-z0-9_-]+$")),
            )
            .build(),
        ]
    }
}

impl<const MOST: i32, const UNLESS_TOLD: i32> PageQuery<MOST, UNLESS_TOLD> {
    /// The limit, or its default.
    pub fn limit(&self) -> i32 {
        self.limit.unwrap_or(UNLESS_TOLD)
    }

    /// The sort key after which the page starts.
    ///
    /// # Errors
    /// `invalid_parameter` on `cursor` when it is none of ours.
    pub fn after(&self) -> Result<Option<String>, Error> {
        self.cursor
            .as_deref()
            .map(|cursor| {
                BASE64_URL_SAFE_NO_PAD
                    .decode(cursor)
                    .ok()
                    .and_then(|bytes| String::from_utf8(bytes).ok())
                    .filter(|key| !key.is_empty())
                    .ok_or_else(|| Error::invalid("cursor", "cursor is not one of ours"))
            })
            .transpose()
    }
}

/// `Link: <…>; rel="next"` for a bare array that goes on after `sort_key` (RFC 8288); the link
/// repeats the request's path and query, with this `limit` and the next `cursor`.
pub fn next_link(uri: &Uri, limit: i32, sort_key: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(sort_key) = sort_key {
        let query = uri.query().unwrap_or_default();
        let filters = form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| name != "limit" && name != "cursor");
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(filters)
            .append_pair("limit", &limit.to_string())
            .append_pair("cursor", &BASE64_URL_SAFE_NO_PAD.encode(sort_key))
            .finish();
        let link = format!("<{}?{query}>; rel=\"next\"", uri.path());
        if let Ok(link) = HeaderValue::from_str(&link) {
            headers.insert(header::LINK, link);
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, http::Request, response::IntoResponse, routing::get};
    use tower::ServiceExt as _;

    use super::*;
    use crate::http::Query;

    /// A list with filters: the letters from the first one asked for on, but for one.
    #[derive(Deserialize, Validate, IntoParams)]
    #[serde(deny_unknown_fields)]
    struct Letters {
        #[garde(skip)]
        from: char,
        #[garde(skip)]
        without: Option<String>,
        #[garde(skip)]
        limit: Option<i32>,
        #[garde(skip)]
        cursor: Option<String>,
    }

    async fn letters(uri: Uri, Query(query): Query<Letters>) -> Result<impl IntoResponse, Error> {
        let without = query.without.unwrap_or_default();
        let page = PageQuery::<3> {
            limit: query.limit,
            cursor: query.cursor,
        };
        let after = page.after()?.unwrap_or_default();
        let mut letters: Vec<String> = ('a'..='g')
            .filter(|letter| *letter >= query.from)
            .map(String::from)
            .filter(|letter| *letter != without && *letter > after)
            .collect();
        let limit = page.limit().min(3);
        let more = letters.len() > limit as usize;
        letters.truncate(limit as usize);
        let last = letters.last().filter(|_| more);
        Ok((
            next_link(&uri, limit, last.map(String::as_str)),
            letters.concat(),
        ))
    }

    /// The pages from `address` on, followed by their links; and the links.
    async fn walk(address: &str) -> (Vec<String>, Vec<String>) {
        let router = Router::new().route("/letters", get(letters));
        let (mut pages, mut links) = (Vec::new(), Vec::new());
        let mut next = Some(address.to_owned());
        while let Some(address) = next {
            let request = Request::get(&address).body(Body::empty()).unwrap();
            let answer = router.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), 200, "{address}");
            next = answer.headers().get(header::LINK).map(|link| {
                let link = link.to_str().unwrap().strip_prefix('<').unwrap();
                link.strip_suffix(">; rel=\"next\"").unwrap().to_owned()
            });
            links.extend(next.clone());
            let body = axum::body::to_bytes(answer.into_body(), 1024)
                .await
                .unwrap();
            pages.push(String::from_utf8(body.into()).unwrap());
        }
        (pages, links)
    }

    #[tokio::test]
    async fn the_next_page_keeps_the_filters() {
        let (pages, links) = walk("/letters?cursor=YQ&from=b&without=d&limit=2").await;
        assert_eq!(pages, ["bc", "ef", "g"]);
        assert_eq!(
            links,
            [
                "/letters?from=b&without=d&limit=2&cursor=Yw",
                "/letters?from=b&without=d&limit=2&cursor=Zg",
            ]
        );
    }

    #[tokio::test]
    async fn a_filter_is_written_as_it_was_meant() {
        let (pages, links) =
            walk("/letters?from=e&without=%26limit=9%20%3E%E7%B8%81&limit=1").await;
        assert_eq!(pages, ["e", "f", "g"]);
        assert_eq!(
            links[0],
            "/letters?from=e&without=%26limit%3D9+%3E%E7%B8%81&limit=1&cursor=ZQ"
        );
    }
}
