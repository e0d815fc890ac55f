//! Which methods a path has, for the catch-all function: none means 404, others mean 405 with
//! these in `Allow`.
//!
//! Left to others: the list of paths (the OpenAPI document is its source) and the answer itself.

/// The methods of every template that fits `path`, each once, in alphabetical order; empty if none
/// fits.
///
/// A template is an OpenAPI path (`/rooms/{room_id}/join`) with its upper-case methods. A variable
/// stands for one whole, non-empty segment. Where a template ends in a slash, both spellings fit
/// (`/register/` and `/register` are one endpoint); to `/login/` no route leads. `path` is
/// percent-decoded or not, as long as no variable holds an encoded slash.
///
/// As in OpenAPI, a fixed path is not hidden by one with a variable: `/users/me` also has what
/// `/users/{id}` has, since API Gateway routes method by method.
pub fn allowed_methods(paths: &[(String, Vec<String>)], path: &str) -> Vec<String> {
    let fitting = paths.iter().filter(|(template, _)| fits(template, path));
    let mut methods: Vec<String> = fitting
        .flat_map(|(_, methods)| methods.iter().cloned())
        .collect();
    methods.sort();
    methods.dedup();
    methods
}

fn fits(template: &str, path: &str) -> bool {
    if path.len() > 1 && path.ends_with('/') && !template.ends_with('/') {
        return false;
    }
    let mut given = segments(path);
    segments(template).all(|wanted| {
        given
            .next()
            .is_some_and(|segment| match wanted.strip_prefix('{') {
                Some(_) => !segment.is_empty(),
                None => segment == wanted,
            })
    }) && given.next().is_none()
}

/// The segments between the slashes, without the empty one that a slash at the end makes.
fn segments(path: &str) -> std::str::Split<'_, char> {
    path.strip_suffix('/').unwrap_or(path).split('/')
}

#[cfg(test)]
mod tests {
    use super::allowed_methods;

    fn allowed(path: &str) -> Vec<String> {
        let api = [
            ("/", "GET"),
            ("/register/", "GET POST"),
            ("/register/{date}", "DELETE"),
            ("/rooms/{room_id}/join", "GET"),
            ("/users/me", "GET PUT"),
            ("/users/{id}", "DELETE GET"),
        ];
        let api = api.map(|(path, methods)| {
            (
                path.to_owned(),
                methods.split(' ').map(str::to_owned).collect(),
            )
        });
        allowed_methods(&api, path)
    }

    #[test]
    fn a_slash_at_the_end_may_be_there_where_the_template_has_one() {
        assert_eq!(allowed("/register/"), ["GET", "POST"]);
        assert_eq!(allowed("/register"), ["GET", "POST"]);
        assert!(allowed("/rooms/7/join/").is_empty());
        assert_eq!(allowed("/"), ["GET"]);
    }

    #[test]
    fn a_variable_is_one_segment_that_is_not_empty() {
        assert_eq!(allowed("/register/2026-11-21"), ["DELETE"]);
        assert!(allowed("/rooms//join").is_empty());
        assert!(allowed("/rooms/1/2/join").is_empty());
    }

    #[test]
    fn every_template_that_fits_adds_its_methods_once() {
        assert_eq!(allowed("/users/me"), ["DELETE", "GET", "PUT"]);
        assert_eq!(allowed("/users/8"), ["DELETE", "GET"]);
    }

    #[test]
    fn a_path_that_nobody_declared_has_none() {
        for path in ["/nothing", "/rooms", "/rooms/7", "//", "/register//"] {
            assert!(allowed(path).is_empty(), "{path}");
        }
    }
}
