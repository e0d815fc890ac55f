//! `saju-deliver`: see [`enishi_saju::deliver`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::deliver::FUNCTION)
}
