//! Mail through SES v2. `MAIL_FROM`: the sender's verified address.

use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};

use crate::{
    app::{App, ConfigError, Configure, Env},
    error::Error,
    store::OrFailed as _,
};

struct MailConfig {
    from: String,
}

impl Configure for MailConfig {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            from: env.required("MAIL_FROM")?.to_owned(),
        })
    }
}

/// Sends a plain-text mail. One request.
///
/// # Errors
/// `service_unavailable` or `internal_server_error` when SES does not take it.
pub async fn send(app: &App, to: &str, subject: &str, text: &str) -> Result<(), Error> {
    let content = |data: &str| {
        Content::builder()
            .data(data)
            .charset("UTF-8")
            .build()
            .map_err(|error| Error::internal(error))
    };
    let message = Message::builder()
        .subject(content(subject)?)
        .body(Body::builder().text(content(text)?).build())
        .build();
    app.ses()
        .send_email()
        .from_email_address(&app.config::<MailConfig>()?.from)
        .destination(Destination::builder().to_addresses(to).build())
        .content(EmailContent::builder().simple(message).build())
        .send()
        .await
        .or_failed()?;
    Ok(())
}
