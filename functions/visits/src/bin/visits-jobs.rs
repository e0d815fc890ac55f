//! `visits-jobs`: see [`enishi_visits::jobs`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::jobs::FUNCTION)
}
