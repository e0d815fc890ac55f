//! Reads tables, buckets, buses and queues, and tells the [`Resolver`] what every resource is called.

use super::node::{Entry, Node};
use super::resolve::Resolver;
use super::{
    ACCOUNT, AttributeKind, Bucket, EventBus, Index, Keys, Projection, Queue, REGION, StreamView,
    Table, TemplateError,
};

/// The types that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Application,
    Function,
    HttpApi,
    Table,
    Bucket,
    EventBus,
    Queue,
    WebSocketApi,
}

/// Other types under these prefixes would start functions or hold data that nothing here runs.
const REFUSED: [&str; 8] = [
    "AWS::Serverless::",
    "AWS::Lambda::",
    "AWS::ApiGateway",
    "AWS::DynamoDB::",
    "AWS::Events::",
    "AWS::Scheduler::",
    "AWS::StepFunctions::",
    "AWS::Pipes::",
];

/// What is under a refused prefix and yet changes nothing here.
const HARMLESS: [&str; 4] = [
    "AWS::ApiGatewayV2::ApiMapping",
    "AWS::ApiGatewayV2::DomainName",
    "AWS::Events::EventBusPolicy",
    "AWS::Lambda::Permission",
];

/// The resource's kind, `None` where it is to be ignored.
pub(super) fn kind(resource: &Entry) -> Result<Option<Kind>, TemplateError> {
    let what = format!("resource `{}`", resource.key);
    let name = resource.node.require("Type", &what)?;
    let name = name
        .literal()
        .ok_or_else(|| name.error(format!("{what}: `Type` must be text.")))?;
    let kind = match name {
        "AWS::Serverless::Application" => Kind::Application,
        "AWS::Serverless::Function" => Kind::Function,
        "AWS::Serverless::HttpApi" => Kind::HttpApi,
        "AWS::Serverless::WebSocketApi" => Kind::WebSocketApi,
        "AWS::DynamoDB::Table" => Kind::Table,
        "AWS::S3::Bucket" => Kind::Bucket,
        "AWS::Events::EventBus" => Kind::EventBus,
        "AWS::SQS::Queue" => Kind::Queue,
        _ if HARMLESS.contains(&name) => return Ok(None),
        _ if REFUSED.iter().any(|prefix| name.starts_with(prefix)) => {
            return Err(resource.error(format!("{what}: `{name}` is not supported here.")));
        }
        _ => return Ok(None),
    };
    resource.node.only(
        &[
            "Type",
            "Properties",
            "Metadata",
            "DependsOn",
            "DeletionPolicy",
            "UpdateReplacePolicy",
        ],
        &what,
    )?;
    Ok(Some(kind))
}

/// The resource's `Properties`, or its own empty place where it has none.
pub(super) fn properties(resource: &Entry) -> &Node {
    resource.node.get("Properties").unwrap_or(&resource.node)
}

/// Tells the resolver what `Ref` and `GetAtt` give for this resource.
pub(super) fn declare(
    resource: &Entry,
    kind: Kind,
    resolver: &mut Resolver,
) -> Result<(), TemplateError> {
    let id = resource.key.as_str();
    match kind {
        // Its outputs, once its template is read.
        Kind::Application => {}
        Kind::Function => {
            resolver.define(id, id);
            resolver.define_attribute(id, "Arn", &function_arn(id));
            // SAM generates a role, unless the function has a sibling's.
            if properties(resource).get("Role").is_none() {
                resolver.define_attribute(&format!("{id}Role"), "Arn", &role_arn(id));
            }
        }
        Kind::HttpApi => resolver.define(id, "local"),
        Kind::WebSocketApi => resolver.define(id, id),
        Kind::Table => {
            let name = named(resource, "TableName", id, resolver)?;
            let arn = arn("dynamodb", &format!("table/{name}"));
            resolver.define(id, &name);
            resolver.define_attribute(id, "Arn", &arn);
            if properties(resource).get("StreamSpecification").is_some() {
                resolver.define_attribute(id, "StreamArn", &stream_arn(&arn));
            }
        }
        Kind::Bucket => {
            let name = named(resource, "BucketName", &id.to_lowercase(), resolver)?;
            resolver.define(id, &name);
            resolver.define_attribute(id, "Arn", &bucket_arn(&name));
        }
        Kind::EventBus => {
            let name = named(resource, "Name", id, resolver)?;
            resolver.define_attribute(id, "Arn", &arn("events", &format!("event-bus/{name}")));
            resolver.define_attribute(id, "Name", &name);
            resolver.define(id, &name);
        }
        Kind::Queue => {
            let name = named(resource, "QueueName", id, resolver)?;
            resolver.define(
                id,
                &format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"),
            );
            resolver.define_attribute(id, "Arn", &arn("sqs", &name));
            resolver.define_attribute(id, "QueueName", &name);
        }
    }
    Ok(())
}

/// The ARN of the function with this logical id.
pub(super) fn function_arn(logical_id: &str) -> String {
    arn("lambda", &format!("function:{logical_id}"))
}

/// The ARN of the role that SAM generates for the function with this logical id.
pub(super) fn role_arn(logical_id: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{logical_id}Role")
}

/// The ARN of the stream of the table with this ARN.
pub(super) fn stream_arn(table_arn: &str) -> String {
    format!("{table_arn}/stream/local")
}

pub(super) fn bucket(resource: &Entry, resolver: &Resolver) -> Result<Bucket, TemplateError> {
    let id = &resource.key;
    let node = properties(resource);
    node.without(
        &[
            "NotificationConfiguration",
            "ReplicationConfiguration",
            "WebsiteConfiguration",
        ],
        &format!("bucket `{id}`"),
    )?;
    let name = named(resource, "BucketName", &id.to_lowercase(), resolver)?;
    Ok(Bucket {
        logical_id: id.clone(),
        arn: bucket_arn(&name),
        name,
        line: resource.line,
    })
}

pub(super) fn bus(resource: &Entry, resolver: &Resolver) -> Result<EventBus, TemplateError> {
    let name = named(resource, "Name", &resource.key, resolver)?;
    Ok(EventBus {
        logical_id: resource.key.clone(),
        arn: arn("events", &format!("event-bus/{name}")),
        name,
        line: resource.line,
    })
}

pub(super) fn queue(resource: &Entry, resolver: &Resolver) -> Result<Queue, TemplateError> {
    let name = named(resource, "QueueName", &resource.key, resolver)?;
    Ok(Queue {
        logical_id: resource.key.clone(),
        arn: arn("sqs", &name),
        name,
        line: resource.line,
    })
}

pub(super) fn table(resource: &Entry, resolver: &Resolver) -> Result<Table, TemplateError> {
    let id = &resource.key;
    let what = format!("table `{id}`");
    let node = properties(resource);
    node.without(
        &["LocalSecondaryIndexes", "ImportSourceSpecification"],
        &what,
    )?;
    let mut table = Table {
        logical_id: id.clone(),
        name: named(resource, "TableName", id, resolver)?,
        arn: String::new(),
        keys: keys(node, &what, resolver)?,
        attributes: std::collections::BTreeMap::new(),
        indexes: Vec::new(),
        ttl_attribute: None,
        stream: None,
        line: resource.line,
    };
    table.arn = arn("dynamodb", &format!("table/{}", table.name));
    for attribute in node.require("AttributeDefinitions", &what)?.items(&what)? {
        let name = resolver.text(attribute.require("AttributeName", &what)?, &what)?;
        let kind = match resolver
            .text(attribute.require("AttributeType", &what)?, &what)?
            .as_str()
        {
            "S" => AttributeKind::String,
            "N" => AttributeKind::Number,
            "B" => AttributeKind::Binary,
            other => {
                return Err(attribute.error(format!("{what}: no attribute type is `{other}`.")));
            }
        };
        table.attributes.insert(name, kind);
    }
    if let Some(indexes) = node.get("GlobalSecondaryIndexes") {
        for item in indexes.items(&what)? {
            table.indexes.push(index(item, &what, resolver)?);
        }
    }
    check_attributes(&table, node, &what)?;
    if let Some(ttl) = node.get("TimeToLiveSpecification")
        && resolver.flag(ttl.require("Enabled", &what)?, &what)?
    {
        table.ttl_attribute = Some(resolver.text(ttl.require("AttributeName", &what)?, &what)?);
    }
    if let Some(stream) = node.get("StreamSpecification") {
        let view = stream.require("StreamViewType", &what)?;
        table.stream = Some(match resolver.text(view, &what)?.as_str() {
            "KEYS_ONLY" => StreamView::KeysOnly,
            "NEW_IMAGE" => StreamView::NewImage,
            "OLD_IMAGE" => StreamView::OldImage,
            "NEW_AND_OLD_IMAGES" => StreamView::NewAndOldImages,
            other => return Err(view.error(format!("{what}: no stream view is `{other}`."))),
        });
    }
    Ok(table)
}

/// DynamoDB refuses a key attribute without a type, and a typed attribute that is no key.
fn check_attributes(table: &Table, node: &Node, what: &str) -> Result<(), TemplateError> {
    let used: std::collections::BTreeSet<&String> = std::iter::once(&table.keys)
        .chain(table.indexes.iter().map(|index| &index.keys))
        .flat_map(|keys| std::iter::once(&keys.partition).chain(&keys.sort))
        .collect();
    if let Some(name) = used
        .iter()
        .find(|name| !table.attributes.contains_key(**name))
    {
        return Err(node.error(format!(
            "{what}: the key `{name}` has no attribute definition."
        )));
    }
    match table.attributes.keys().find(|name| !used.contains(name)) {
        None => Ok(()),
        Some(name) => Err(node.error(format!("{what}: no key uses the attribute `{name}`."))),
    }
}

fn index(node: &Node, what: &str, resolver: &Resolver) -> Result<Index, TemplateError> {
    let projection = node.require("Projection", what)?;
    let kind = projection.require("ProjectionType", what)?;
    Ok(Index {
        name: resolver.text(node.require("IndexName", what)?, what)?,
        keys: keys(node, what, resolver)?,
        projection: match resolver.text(kind, what)?.as_str() {
            "ALL" => Projection::All,
            "KEYS_ONLY" => Projection::KeysOnly,
            "INCLUDE" => Projection::Include(
                resolver.texts(projection.require("NonKeyAttributes", what)?, what)?,
            ),
            other => return Err(kind.error(format!("{what}: no projection is `{other}`."))),
        },
    })
}

fn keys(node: &Node, what: &str, resolver: &Resolver) -> Result<Keys, TemplateError> {
    let schema = node.require("KeySchema", what)?;
    let (mut partition, mut sort) = (None, None);
    for part in schema.items(what)? {
        let name = resolver.text(part.require("AttributeName", what)?, what)?;
        match resolver
            .text(part.require("KeyType", what)?, what)?
            .as_str()
        {
            "HASH" if partition.is_none() => partition = Some(name),
            "RANGE" if sort.is_none() => sort = Some(name),
            other => return Err(part.error(format!("{what}: a second or unknown key `{other}`."))),
        }
    }
    match partition {
        Some(partition) => Ok(Keys { partition, sort }),
        None => Err(schema.error(format!("{what}: `KeySchema` has no `HASH` key."))),
    }
}

/// The physical name where the template gives one, else `otherwise`.
fn named(
    resource: &Entry,
    property: &str,
    otherwise: &str,
    resolver: &Resolver,
) -> Result<String, TemplateError> {
    match properties(resource).get(property) {
        Some(name) => resolver.text(name, &format!("`{property}` of `{}`", resource.key)),
        None => Ok(otherwise.to_owned()),
    }
}

fn arn(service: &str, rest: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}")
}

fn bucket_arn(name: &str) -> String {
    format!("arn:aws:s3:::{name}")
}
