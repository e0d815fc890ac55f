//! `visits-unblock-visitor`: see [`enishi_visits::unblock_visitor`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::unblock_visitor::FUNCTION)
}
