//! What can be bought: plans are configuration.

use enishi_shared::{
    Error, Result,
    app::{ConfigError, Configure, Env},
};
use serde::Deserialize;

/// The most seats that a licence has.
pub const MOST_SEATS: u32 = 10_000;

/// A plan: what a seat costs each period, and what it grants.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What clients call it.
    pub id: u32,
    /// Stripe's `price_…`, a monthly one.
    pub price: String,
    /// The seconds of detection that a seat grants each period.
    pub seconds_per_seat: u32,
}

/// `ORG_PLANS`: the plans as JSON, `[{"id": 1, "price": "price_…", "seconds_per_seat": 36000}]`; none unless
/// told. A licence keeps the seconds it was bought with.
#[derive(Debug)]
pub struct Plans(Vec<Plan>);

impl Plans {
    /// The plan called so.
    ///
    /// # Errors
    /// `invalid_parameter` on `plan_id` where there is none.
    pub fn find(&self, id: u32) -> Result<&Plan> {
        let mut plans = self.0.iter();
        let found = plans.find(|plan| plan.id == id);
        found.ok_or_else(|| Error::unknown("plan_id"))
    }
}

impl Configure for Plans {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        let invalid = || ConfigError::Invalid("ORG_PLANS");
        let text = env.get("ORG_PLANS").unwrap_or("[]");
        let plans: Vec<Plan> = serde_json::from_str(text).map_err(|_| invalid())?;
        let is_right = |(nth, plan): (usize, &Plan)| {
            let is_new = !plans.iter().take(nth).any(|other| other.id == plan.id);
            let fits = plan.seconds_per_seat.checked_mul(MOST_SEATS).is_some();
            is_new && fits && plan.price.starts_with("price_")
        };
        match plans.iter().enumerate().all(is_right) {
            true => Ok(Self(plans)),
            false => Err(invalid()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Plans, ConfigError> {
        let variable = ("ORG_PLANS".to_owned(), text.to_owned());
        Plans::configure(&[variable].into_iter().collect())
    }

    #[test]
    fn a_plan_is_found_by_its_id() -> Result<(), Box<dyn std::error::Error>> {
        let plans = read(r#"[{"id": 1, "price": "price_seat", "seconds_per_seat": 36000}]"#)?;
        assert_eq!(plans.find(1)?.price, "price_seat");
        assert!(plans.find(2).is_err());
        assert!(read("[]")?.find(1).is_err());
        Ok(())
    }

    #[test]
    fn plans_of_another_form_are_refused() {
        for wrong in [
            "none",
            "{}",
            r#"[{"id": 1, "price": "price_seat"}]"#,
            r#"[{"id": 1, "price": "seat", "seconds_per_seat": 1}]"#,
            r#"[{"id": 1, "price": "price_seat", "seconds_per_seat": 429497}]"#,
            r#"[{"id": 1, "price": "price_a", "seconds_per_seat": 1}, {"id": 1, "price": "price_b", "seconds_per_seat": 1}]"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
