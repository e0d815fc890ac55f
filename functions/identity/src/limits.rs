//! Throttles by address. Each use case has its own limits, in its own file.

use std::net::IpAddr;

use enishi_shared::{
    App, Result,
    http::SourceIp,
    store::Table,
    throttle::{self, Limit},
};

/// Counts one attempt at `action` from the caller's address. One request.
///
/// # Errors
/// `too_many_requests` when the address has used up its window.
pub async fn by_address(
    app: &App,
    table: &Table,
    action: &str,
    SourceIp(address): &SourceIp,
    limit: &Limit,
) -> Result<()> {
    throttle::count(
        app,
        table,
        &format!("{action}-address"),
        &network(address),
        limit,
    )
    .await
}

/// What counts as one address: with IPv6 a whole /64, since every household has one to itself.
fn network(address: &str) -> String {
    match address
        .parse()
        .map(|address: IpAddr| address.to_canonical())
    {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_household_is_one_address() {
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:203.0.113.7"), "203.0.113.7");
        assert_ne!(network("203.0.113.7"), network("203.0.113.8"));
        assert_eq!(network(""), "");
    }
}
