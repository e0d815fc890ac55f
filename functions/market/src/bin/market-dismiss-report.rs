//! `market-dismiss-report`: see [`enishi_market::dismiss_report`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::dismiss_report::FUNCTION)
}
