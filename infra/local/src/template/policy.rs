//! Reads a function's `Policies` and answers whether they allow a call.
//!
//! Only plain `Allow` statements: managed policies, SAM's policy templates, `Deny`, conditions and
//! the negated forms are refused, so that what is allowed here is what is allowed in the cloud.

use super::node::{Node, Value};
use super::resolve::Resolver;
use super::{Function, Statement, TemplateError};

impl Function {
    /// Whether the function's policies allow `action` (`dynamodb:GetItem`) on the resource with this
    /// ARN. As in IAM, actions ignore case, ARNs do not, and `*` and `?` stand for anything.
    pub fn allows(&self, action: &str, resource: &str) -> bool {
        let action = action.to_ascii_lowercase();
        self.policy.iter().any(|statement| {
            statement
                .actions
                .iter()
                .any(|a| wildcard(&a.to_ascii_lowercase(), &action))
                && statement.resources.iter().any(|r| wildcard(r, resource))
        })
    }

    /// Whether its role holds nothing but its policies: SAM adds to it what dead letters and streams
    /// need.
    pub fn can_share_role(&self) -> bool {
        self.async_invoke.dead_letters.is_none() && self.mappings.is_empty()
    }
}

/// Reads `Policies`: one policy document or several, inline.
pub(super) fn read(
    policies: &Node,
    what: &str,
    resolver: &Resolver,
) -> Result<Vec<Statement>, TemplateError> {
    let documents: Vec<&Node> = match &policies.value {
        Value::List(items) => items.iter().collect(),
        _ => vec![policies],
    };
    let mut statements = Vec::new();
    for document in documents {
        let Some(list) = document.get("Statement") else {
            return Err(document.error(format!(
                "{what}: a policy must be inline, with `Statement`."
            )));
        };
        document.only(&["Version", "Statement"], what)?;
        match &list.value {
            Value::List(items) => {
                for item in items {
                    statements.push(statement(item, what, resolver)?);
                }
            }
            _ => statements.push(statement(list, what, resolver)?),
        }
    }
    Ok(statements)
}

fn statement(node: &Node, what: &str, resolver: &Resolver) -> Result<Statement, TemplateError> {
    node.only(&["Sid", "Effect", "Action", "Resource"], what)?;
    let effect = node.require("Effect", what)?;
    if effect.literal() != Some("Allow") {
        return Err(effect.error(format!("{what}: only `Effect: Allow` is read here.")));
    }
    let actions = node.require("Action", what)?;
    let statement = Statement {
        actions: resolver.texts(actions, what)?,
        resources: resolver.texts(node.require("Resource", what)?, what)?,
        line: node.line,
    };
    match statement
        .actions
        .iter()
        .find(|action| !action.contains(':'))
    {
        None => Ok(statement),
        Some(action) => Err(actions.error(format!("{what}: `{action}` is no `service:Action`."))),
    }
}

/// Whether `text` meets `pattern`, where `*` is any run and `?` any one character.
fn wildcard(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last `*` stands and how much text it has swallowed so far.
    let mut star: Option<(usize, usize)> = None;
    while let Some(&c) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&expected) if expected == '?' || expected == c => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, swallowed)) => {
                    star = Some((at, swallowed + 1));
                    p = at + 1;
                    t = swallowed + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::wildcard;

    #[test]
    fn a_star_stands_for_any_run_and_a_question_mark_for_one_character() {
        assert!(wildcard("arn:*:table/T", "arn:aws:dynamodb:x:1:table/T"));
        assert!(wildcard("table/?/index/*", "table/T/index/by-user"));
        assert!(wildcard("*", ""));
        assert!(wildcard("a*b*c", "aXbYbZc"));
        assert!(!wildcard("table/T", "table/T/index/by-user"));
        assert!(!wildcard("table/?", "table/"));
        assert!(!wildcard("", "x"));
    }

    proptest::proptest! {
        #[test]
        fn a_pattern_made_from_a_text_by_widening_parts_of_it_matches_that_text(
            parts in proptest::collection::vec(("[a-c*?]{0,4}", 0_u8..3), 0..6)
        ) {
            let text: String = parts.iter().map(|(part, _)| part.as_str()).collect();
            let pattern: String = parts
                .iter()
                .map(|(part, how)| match how {
                    0 => "*".to_owned(),
                    1 => "?".repeat(part.chars().count()),
                    _ => part.clone(),
                })
                .collect();
            proptest::prop_assert!(wildcard(&pattern, &text));
        }

        #[test]
        fn a_pattern_without_wildcards_matches_itself_alone(a in "[a-z:/]{0,8}", b in "[a-z:/]{0,8}") {
            proptest::prop_assert_eq!(wildcard(&a, &b), a == b);
        }
    }
}
