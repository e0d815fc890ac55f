//! Who calls, and what they may do: a function what its policy names, a developer what looking around and
//! trying out takes.

use bytes::Bytes;
use http::{Request, header};

use crate::{
    s3,
    template::{ACCOUNT, Function, System},
};

/// The developer's access key; no function's. Its secret is [`s3::SECRET_KEY`], as every key's.
pub const DEVELOPER_KEY: &str = "developer";

/// Who sends a request.
#[derive(Clone, Copy)]
pub(super) enum Caller<'a> {
    Function(&'a Function),
    Developer,
}

impl<'a> Caller<'a> {
    /// Whose access key it is.
    pub fn of(key: &str, system: &'a System) -> Option<Self> {
        if key == DEVELOPER_KEY {
            return Some(Self::Developer);
        }
        system.function(key).map(Self::Function)
    }

    /// Whether they may do it.
    pub fn may(&self, action: &str, resource: &str) -> bool {
        const TEMPLATES: [&str; 4] = [
            "dynamodb:CreateTable",
            "dynamodb:DeleteTable",
            "dynamodb:UpdateTable",
            "dynamodb:UpdateTimeToLive",
        ];
        match self {
            Self::Function(function) => function.allows(action, resource),
            Self::Developer => !TEMPLATES.contains(&action),
        }
    }

    /// Their access key.
    pub fn key(&self) -> &str {
        match self {
            Self::Function(function) => &function.logical_id,
            Self::Developer => DEVELOPER_KEY,
        }
    }

    /// Who they are to STS: a function has its role for as long as it runs.
    pub fn identity(&self) -> (String, String) {
        match self {
            Self::Function(function) => {
                let role = function.role.rsplit('/').next().unwrap_or_default();
                let id = &function.logical_id;
                let arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{id}");
                (format!("AROA{}:{id}", role.to_uppercase()), arn)
            }
            Self::Developer => ("AIDADEVELOPER".to_owned(), self.arn()),
        }
    }

    /// How a denial names them.
    pub fn arn(&self) -> String {
        match self {
            Self::Function(function) => function.arn.clone(),
            Self::Developer => format!("arn:aws:iam::{ACCOUNT}:user/{DEVELOPER_KEY}"),
        }
    }
}

/// Access key and service of `Credential=<key>/<date>/<region>/<service>/aws4_request`, which a
/// presigned URL says in its query.
pub(super) fn credential(request: &Request<Bytes>) -> Option<(String, String)> {
    let scope = match request.headers().get(header::AUTHORIZATION) {
        Some(value) => {
            let value = value.to_str().ok()?.split("Credential=").nth(1)?;
            value.split(',').next()?.to_owned()
        }
        None => s3::presigned::credential(request.uri())?,
    };
    let mut parts = scope.split('/');
    let key = parts.next()?.to_owned();
    let service = parts.nth(2)?.to_owned();
    Some((key, service))
}
