//! `visits-attendance`: see [`enishi_visits::attendance`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::attendance::FUNCTION)
}
