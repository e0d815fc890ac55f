//! `orgs-create-export`: see [`enishi_orgs::create_export`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::create_export::FUNCTION)
}
