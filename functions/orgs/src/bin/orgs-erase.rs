//! `orgs-erase`: see [`enishi_orgs::erase`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::erase::FUNCTION)
}
