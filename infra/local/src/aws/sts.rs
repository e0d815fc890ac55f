//! The Security Token Service: who one is (`aws sts get-caller-identity`), and nothing else. It speaks
//! AWS's query protocol: a form is asked, XML is answered.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use uuid::Uuid;

use super::{REQUEST_ID, caller::Caller};
use crate::template::ACCOUNT;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// Answers a request of whoever signed it.
pub(super) fn answer(request: &Request<Bytes>, caller: Option<Caller<'_>>) -> Response<Bytes> {
    let id = Uuid::new_v4().to_string();
    let action = form_urlencoded::parse(request.body())
        .find(|(name, _)| name == "Action")
        .map(|(_, action)| action.into_owned())
        .unwrap_or_default();
    let failure = |status, code, message: &str| {
        let body = format!(
            "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>{code}</Code>\
             <Message>{}</Message></Error><RequestId>{id}</RequestId></ErrorResponse>",
            escaped(message)
        );
        xml(status, &id, body)
    };
    let Some(caller) = caller else {
        return failure(
            StatusCode::FORBIDDEN,
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
        );
    };
    if action != "GetCallerIdentity" {
        let who = caller.arn();
        let message = format!("User: {who} is not authorized to perform: sts:{action}");
        return failure(StatusCode::FORBIDDEN, "AccessDenied", &message);
    }
    let (user_id, arn) = caller.identity();
    let body = format!(
        "<GetCallerIdentityResponse xmlns=\"{NAMESPACE}\"><GetCallerIdentityResult>\
         <Arn>{}</Arn><UserId>{}</UserId><Account>{ACCOUNT}</Account></GetCallerIdentityResult>\
         <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></GetCallerIdentityResponse>",
        escaped(&arn),
        escaped(&user_id),
    );
    xml(StatusCode::OK, &id, body)
}

fn xml(status: StatusCode, id: &str, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    response
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
