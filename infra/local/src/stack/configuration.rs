//! What a function would refuse of its environment is refused at the start, by the name of the parameter.

use std::collections::BTreeMap;

use enishi_shared::app::{Check, Env};

use crate::template::System;

/// Every service's.
fn checks() -> Vec<Check> {
    [
        enishi_shared::CHECKS,
        enishi_identity::CHECKS,
        enishi_rooms::CHECKS,
        enishi_visits::CHECKS,
        enishi_orgs::CHECKS,
    ]
    .concat()
}

/// That every variable of the template's functions can be read.
///
/// # Errors
/// A sentence that names the parameter, or the variable that is none.
pub fn check(system: &System) -> Result<(), String> {
    // A variable is the same wherever it stands.
    let (mut variables, mut given) = (BTreeMap::new(), BTreeMap::new());
    for function in &system.functions {
        variables.extend(function.environment.clone());
        given.extend(function.given.clone());
    }
    let env: Env = variables.clone().into_iter().collect();
    for error in checks().iter().filter_map(|check| check(&env).err()) {
        let variable = error.variable();
        // What is in no function's environment is read by none.
        if !variables.contains_key(variable) {
            continue;
        }
        let parameter = given
            .get(variable)
            .and_then(|name| Some((name, system.parameters.get(name)?)));
        return Err(match parameter {
            Some((name, parameter)) => parameter.refused(name).to_string(),
            None => error.to_string(),
        });
    }
    Ok(())
}
