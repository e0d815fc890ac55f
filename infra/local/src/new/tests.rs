//! What is written for an endpoint, without writing it.

#![allow(clippy::unwrap_used)]

use crate::{
    keys::Keys,
    stack::parameters,
    template::{self, Route},
};

use super::*;

fn template_with(name: &str, method: &str, path: &str) -> (System, String) {
    let before = places::system().unwrap();
    let endpoint = Endpoint::new(name, method, path, &before).unwrap();
    let texts = endpoint.texts(&before);
    let files = endpoint.declared(&before, &texts).unwrap();
    let parameters = parameters(&Keys::generate().unwrap(), None, BTreeMap::new());
    let nested = |file: &str| {
        files
            .get(file)
            .map_or_else(|| read(file), |text| Ok(text.clone()))
    };
    let system = template::load(&files[TEMPLATE], &nested, &parameters).unwrap();
    assert_eq!(system.functions.len(), before.functions.len() + 1);
    assert_eq!(system.routes.len(), before.routes.len() + 1);
    (system, fill(include_str!("sample.txt"), &texts))
}

fn route<'a>(system: &'a System, function: &str) -> &'a Route {
    let mut routes = system.routes.iter();
    routes.find(|route| route.function == function).unwrap()
}

#[test]
fn the_template_gets_a_function_and_a_route_to_it() {
    let (system, sample) = template_with("rooms-sketch", "get", "/rooms/{room_id}/sketches");
    let function = system.functions.iter().find(|f| f.name == "rooms-sketch");
    let function = function.unwrap();
    assert_eq!(function.logical_id, "RoomsSketch");
    assert_eq!(function.environment["ROOMS_TABLE"], "RoomsTable");
    assert!(function.policy.is_empty());
    let route = route(&system, "RoomsSketch");
    assert_eq!(route.path, "/rooms/{room_id}/sketches");
    assert_eq!(route.method, Some(Method::GET));
    let sample: Value = serde_json::from_str(&sample).unwrap();
    assert_eq!(sample["routeKey"], "GET /rooms/{room_id}/sketches");
    assert_eq!(sample["rawPath"], "/rooms/20261121T0900-0/sketches");
    assert_eq!(sample["pathParameters"]["room_id"], "20261121T0900-0");
    assert!(sample["body"].is_null());
}

#[test]
fn a_function_of_a_nested_stack_stands_in_its_template_and_its_route_in_the_parents() {
    let (system, _) = template_with("market-sketch", "GET", "/api/sketches");
    let function = system.functions.iter().find(|f| f.name == "market-sketch");
    let function = function.unwrap();
    assert_eq!(function.file, "functions/market/template.yaml");
    assert_eq!(function.logical_id, "MarketSketch");
    assert_eq!(function.environment["MARKET_TABLE"], "MarketTable");
    assert_eq!(route(&system, "MarketSketch").path, "/api/sketches");
}

#[test]
fn a_method_joins_the_others_of_its_path_and_takes_a_body() {
    let (system, sample) = template_with("saju-mute", "PATCH", "/api/chats/{chat_id}/messages");
    assert_eq!(route(&system, "SajuMute").method, Some(Method::PATCH));
    let sample: Value = serde_json::from_str(&sample).unwrap();
    assert_eq!(sample["body"], "{}");
    assert_eq!(sample["headers"]["content-length"], "2");
}

#[test]
fn a_handler_is_written_for_what_its_path_and_method_need() {
    let system = places::system().unwrap();
    let handler = |name: &str, method: &str, path: &str| {
        let endpoint = Endpoint::new(name, method, path, &system).unwrap();
        fill(include_str!("handler.txt"), &endpoint.texts(&system))
    };
    let plain = handler("rooms-sketch", "GET", "/sketches");
    assert!(
        plain.contains("pub async fn sketch(\n    State(_app): State<App>,\n    _user: User,\n)")
    );
    assert!(!plain.contains("http::") && !plain.contains("Request") && !plain.contains('@'));
    let full = handler(
        "rooms-sketch",
        "POST",
        "/rooms/{room_id}/sketches/{line_id}",
    );
    assert!(full.contains("Path((_room_id, _line_id)): Path<(String, String)>,"));
    assert!(full.contains("request_body = SketchRequest,"));
    assert!(full.contains("error::ErrorBody, http::{Json, Path}};"));
    assert!(full.contains("= Function::http(\"rooms-sketch\", ||"));
    let with_error_field = handler("saju-sketch", "GET", "/sketches");
    assert!(with_error_field.contains("= crate::http(\"saju-sketch\", ||"));
    assert!(full.contains("operation_id = \"createRoomsSketch\","));
    // `identity-login` has that name.
    let taken = handler("rooms-login", "GET", "/rooms");
    assert!(taken.contains("routes!(rooms_login)") && taken.contains("RoomsLoginResponse"));
}

#[test]
fn the_service_registers_it() {
    let system = places::system().unwrap();
    let endpoint = Endpoint::new("rooms-sketch", "GET", "/sketches", &system).unwrap();
    let library = read("functions/rooms/src/lib.rs").unwrap();
    let library = endpoint.registered(&library).unwrap();
    let at = |line: &str| library.lines().position(|other| other == line).unwrap();
    assert!(at("pub mod seating;") < at("pub mod sketch;"));
    assert!(at("pub mod sketch;") < at("pub mod slot;"));
    assert_eq!(at("    sketch::FUNCTION,") + 1, at("];"));
    let row = at("//! | [`sketch`] | `GET /sketches` | sketch |");
    assert!(
        library
            .lines()
            .nth(row - 1)
            .unwrap()
            .starts_with("//! | [`")
    );
}

#[test]
fn what_is_there_or_cannot_be_is_refused_before_anything_is_written() {
    let system = places::system().unwrap();
    let refused = |name: &str, method: &str, path: &str| {
        Endpoint::new(name, method, path, &system).err().unwrap()
    };
    assert!(refused("rooms-join", "GET", "/new").contains("`rooms-join` already"));
    assert!(refused("rooms-again", "GET", "/me/rooms").contains("is there already"));
    assert!(refused("rooms", "GET", "/new").contains("no name like rooms-notes"));
    assert!(refused("rooms-New", "GET", "/new").contains("no name like rooms-notes"));
    assert!(refused("rooms-new", "HEAD", "/new").contains("`HEAD` is no method"));
    assert!(refused("rooms-new", "GET", "/new/").contains("no path like"));
    let endpoint = Endpoint::new("garden-new", "GET", "/new", &system).unwrap();
    let error = endpoint.declared(&system, &Texts::new());
    assert!(error.unwrap_err().contains("no function yet"));
}
