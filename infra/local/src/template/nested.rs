//! Reads the template and its nested stacks, each an `AWS::Serverless::Application` whose `Location` is a template of
//! this repository, into one system.
//!
//! Of the parent a nested template sees what is passed to it as parameters, and the parent of it the outputs. What
//! is passed of a resource that is not read (a topic) is not read there either; an output that cannot be read is an
//! error where somebody asks for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Files, STACK, System, TEMPLATE, TemplateError, api, check, functions,
    node::{self, Entry, Node},
    parameters,
    resolve::Resolver,
    resources::{self, Kind},
    web, websocket,
};

/// Reads the template and those of its nested stacks into one system.
pub(super) fn read(
    text: &str,
    files: Files<'_>,
    overrides: &BTreeMap<String, String>,
) -> Result<System, TemplateError> {
    let template = &*node::tree(text)?;
    let mut resolver = Resolver::new();
    resolver.define("AWS::StackName", STACK);
    let mut system = System {
        functions: Vec::new(),
        routes: Vec::new(),
        cors: None,
        web_headers: Vec::new(),
        websocket: None,
        tables: Vec::new(),
        buckets: Vec::new(),
        buses: Vec::new(),
        queues: Vec::new(),
        parameters: parameters::read(template, overrides)?,
        nested: BTreeMap::new(),
    };
    for (name, parameter) in &system.parameters {
        resolver.take(name, parameter);
        resolver.originate(name, name);
    }
    let mut parent = Part::declare(TEMPLATE, template, resolver)?;
    let stacks = find(&parent, files)?;
    let mut nested = BTreeMap::new();
    for stack in &stacks {
        let id = stack.resource.key.clone();
        nested.insert(id.clone(), stack.declare(&mut parent.resolver)?);
        system.nested.insert(stack.file.clone(), id);
    }
    // In the order of the template, a stack's own in its place.
    let resources = parent.resources.iter().flat_map(|(resource, kind)| {
        let stack = nested.get(&resource.key).map(Part::all);
        stack.unwrap_or_else(|| vec![(&parent, *resource, *kind)])
    });
    let resources: Vec<(&Part<'_>, &Entry, Kind)> = resources.collect();
    check_ids(&resources)?;

    // Functions read streams, so tables go before them; routes lead to functions.
    for (part, resource, kind) in &resources {
        (system.store(resource, *kind, &part.resolver))
            .map_err(|error| error.within(&part.file))?;
    }
    for (part, resource, _) in (resources.iter()).filter(|(.., kind)| *kind == Kind::Function) {
        let function = functions::function(resource, part, &system.tables);
        (system.functions).push(function.map_err(|error| error.within(&part.file))?);
    }
    functions::share_roles(&mut system.functions)?;
    // What answers is the parent's alone.
    let (resources, resolver) = (&parent.resources, &parent.resolver);
    let mut apis = resources.iter().filter(|(_, kind)| *kind == Kind::HttpApi);
    if let Some((api, _)) = apis.next() {
        (system.routes, system.cors) = api::read(api, &system.functions, resolver)?;
    }
    if let Some((second, _)) = apis.next() {
        return Err(second.error("only one HTTP API is run here."));
    }
    for (api, _) in (resources.iter()).filter(|(_, kind)| *kind == Kind::WebSocketApi) {
        if system.websocket.is_some() {
            return Err(api.error("only one WebSocket API is run here."));
        }
        system.websocket = Some(websocket::read(api, &system.functions, resolver)?);
    }
    let declared = template.require("Resources", "the template")?;
    for resource in declared.entries("Resources")? {
        if resource.key == web::HEADERS {
            system.web_headers = web::headers(resource)?;
        }
    }
    check(&system)?;
    Ok(system)
}

impl System {
    /// Takes up what is beside the functions.
    fn store(
        &mut self,
        resource: &Entry,
        kind: Kind,
        resolver: &Resolver,
    ) -> Result<(), TemplateError> {
        match kind {
            Kind::Table => self.tables.push(resources::table(resource, resolver)?),
            Kind::Bucket => self.buckets.push(resources::bucket(resource, resolver)?),
            Kind::EventBus => self.buses.push(resources::bus(resource, resolver)?),
            Kind::Queue => self.queues.push(resources::queue(resource, resolver)?),
            Kind::Application | Kind::Function | Kind::HttpApi | Kind::WebSocketApi => {}
        }
        Ok(())
    }
}

/// A template with what its references give.
pub(super) struct Part<'a> {
    /// Its path in the repository.
    pub file: String,
    /// What its functions have in common.
    pub globals: Option<&'a Node>,
    pub resolver: Resolver,
    /// What is read of its resources.
    resources: Vec<(&'a Entry, Kind)>,
}

impl<'a> Part<'a> {
    /// Names first, for a reference may look ahead. `resolver` knows the parameters.
    fn declare(
        file: &str,
        template: &'a Node,
        mut resolver: Resolver,
    ) -> Result<Self, TemplateError> {
        let mut read = Vec::new();
        let declared = template.require("Resources", "the template")?;
        for resource in declared.entries("Resources")? {
            match resources::kind(resource)? {
                Some(kind) => {
                    resources::declare(resource, kind, &mut resolver)?;
                    read.push((resource, kind));
                }
                None => {
                    let kind = resource.node.get("Type").and_then(Node::literal);
                    resolver.ignore(&resource.key, kind.unwrap_or_default());
                }
            }
        }
        Ok(Self {
            file: file.to_owned(),
            globals: functions::globals(template)?,
            resolver,
            resources: read,
        })
    }

    /// What is read of its resources, each with itself.
    fn all(&self) -> Vec<(&Self, &'a Entry, Kind)> {
        let resources = self.resources.iter();
        resources
            .map(|(resource, kind)| (self, *resource, *kind))
            .collect()
    }
}

/// A nested stack.
struct Nested<'a> {
    resource: &'a Entry,
    file: String,
    template: Arc<Node>,
}

/// The parent's nested stacks, each with its template.
fn find<'a>(parent: &Part<'a>, files: Files<'_>) -> Result<Vec<Nested<'a>>, TemplateError> {
    let resources = parent.resources.iter();
    let stacks = resources.filter(|(_, kind)| *kind == Kind::Application);
    stacks
        .map(|(resource, _)| {
            let what = format!("nested stack `{}`", resource.key);
            let node = resources::properties(resource);
            node.only(&["Location", "Parameters"], &what)?;
            let location = node.require("Location", &what)?;
            let file = location.literal().ok_or_else(|| {
                location.error(format!("{what}: `Location` must be a file's path."))
            })?;
            let text = files(file).map_err(|error| location.error(format!("{what}: {error}.")))?;
            Ok(Nested {
                resource,
                file: file.to_owned(),
                template: node::tree(&text).map_err(|error| error.within(file))?,
            })
        })
        .collect()
}

impl Nested<'_> {
    /// Its template with what the parent passes, and its outputs for the parent.
    fn declare(&self, parent: &mut Resolver) -> Result<Part<'_>, TemplateError> {
        let id = &self.resource.key;
        let mut resolver = Resolver::new();
        let mut given = BTreeMap::new();
        if let Some(passed) = resources::properties(self.resource).get("Parameters") {
            for entry in passed.entries(&format!("Parameters of `{id}`"))? {
                let what = format!("parameter `{}` of `{id}`", entry.key);
                let value = match parent.unread(&entry.node) {
                    Some(kind) => {
                        resolver.ignore(&entry.key, kind);
                        String::new()
                    }
                    None => parent.single(&entry.node, &what)?,
                };
                if let Some(name) = parent.parameter(&entry.node) {
                    resolver.originate(&entry.key, name);
                }
                given.insert(entry.key.clone(), value);
            }
        }
        self.part(resolver, &given, parent)
            .map_err(|error| error.within(&self.file))
    }

    /// The same, of the values that it is given. `resolver` knows which of them are not read.
    fn part(
        &self,
        mut resolver: Resolver,
        given: &BTreeMap<String, String>,
        parent: &mut Resolver,
    ) -> Result<Part<'_>, TemplateError> {
        for (name, parameter) in parameters::read(&self.template, given)? {
            if !resolver.ignores(&name) {
                resolver.take(&name, &parameter);
            }
        }
        let part = Part::declare(&self.file, &self.template, resolver)?;
        let not_here = [Kind::Application, Kind::HttpApi, Kind::WebSocketApi];
        if let Some((resource, _)) = (part.resources.iter()).find(|(_, k)| not_here.contains(k)) {
            return Err(resource.error(format!(
                "`{}`: a nested stack has no API and no stack of its own here.",
                resource.key
            )));
        }
        if let Some(outputs) = self.template.get("Outputs") {
            for output in outputs.entries("Outputs")? {
                let what = format!("output `{}`", output.key);
                let value = part
                    .resolver
                    .text(output.node.require("Value", &what)?, &what);
                let value = value.map_err(|error| error.within(&self.file));
                parent.define_output(&self.resource.key, &output.key, value);
            }
        }
        Ok(part)
    }
}

/// Logical ids are access keys and names here, so no two templates share one.
fn check_ids(resources: &[(&Part<'_>, &Entry, Kind)]) -> Result<(), TemplateError> {
    let mut ids = BTreeSet::new();
    match resources.iter().find(|(_, it, _)| !ids.insert(&it.key)) {
        None => Ok(()),
        Some((part, resource, _)) => {
            let sentence = format!("`{}` stands in another template too.", resource.key);
            Err(resource.error(sentence).within(&part.file))
        }
    }
}
