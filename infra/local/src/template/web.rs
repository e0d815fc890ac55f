//! Reads what CloudFront sends along with the front end's files.

use super::TemplateError;
use super::node::{Entry, Node, Value};
use super::resources::properties;

/// The resource with these headers.
pub(super) const HEADERS: &str = "WebHeaders";

/// The headers' names and values; in `Content-Security-Policy` the addresses are still `${…}`, for here they
/// are others. `Strict-Transport-Security` is left out: it would hold for whatever else is at `localhost`.
pub(super) fn headers(resource: &Entry) -> Result<Vec<(String, String)>, TemplateError> {
    let what = format!("resource `{}`", resource.key);
    let config = properties(resource).require("ResponseHeadersPolicyConfig", &what)?;
    let security = config.require("SecurityHeadersConfig", &what)?;
    let policy = security
        .require("ContentSecurityPolicy", &what)?
        .require("ContentSecurityPolicy", &what)?;
    let text = |node: &Node| {
        let text = node.literal().map(str::to_owned);
        text.ok_or_else(|| node.error(format!("{what}: this must be text.")))
    };
    let policy = match &policy.value {
        Value::Call(call, argument) if call == "Sub" => match &argument.value {
            Value::List(parts) if !parts.is_empty() => &parts[0],
            _ => argument,
        },
        _ => policy,
    };
    let frame = security.require("FrameOptions", &what)?;
    let referrer = security.require("ReferrerPolicy", &what)?;
    security.require("ContentTypeOptions", &what)?;
    let mut headers = vec![
        ("content-security-policy".to_owned(), text(policy)?),
        ("x-content-type-options".to_owned(), "nosniff".to_owned()),
        (
            "x-frame-options".to_owned(),
            text(frame.require("FrameOption", &what)?)?,
        ),
        (
            "referrer-policy".to_owned(),
            text(referrer.require("ReferrerPolicy", &what)?)?,
        ),
    ];
    if let Some(custom) = config.get("CustomHeadersConfig") {
        for item in custom.require("Items", &what)?.items(&what)? {
            let name = text(item.require("Header", &what)?)?;
            headers.push((
                name.to_ascii_lowercase(),
                text(item.require("Value", &what)?)?,
            ));
        }
    }
    Ok(headers)
}
