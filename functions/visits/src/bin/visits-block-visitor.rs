//! `visits-block-visitor`: see [`enishi_visits::block_visitor`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::block_visitor::FUNCTION)
}
