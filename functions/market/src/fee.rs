//! What the house keeps of a parcel: a part of what it costs, rounded down, in basis points.

use enishi_shared::app::{ConfigError, Configure, Env};

/// A hundredth of a percent is one; the whole is so many.
const WHOLE: u32 = 10_000;

/// `MARKET_FEE_BASIS_POINTS`: what the house keeps of a parcel, 1,000 unless told: a tenth.
#[derive(Clone, Copy, Debug)]
pub struct FeeRate(u32);

impl FeeRate {
    /// Of so many basis points; of all there is at the most.
    pub fn new(basis_points: u32) -> Self {
        Self(basis_points.min(WHOLE))
    }

    /// What the house keeps of a parcel that costs so much, sending included, in yen.
    pub fn of(self, amount: u64) -> u64 {
        let (rate, whole) = (u64::from(self.0), u64::from(WHOLE));
        // In two steps, neither of which can overflow.
        amount / whole * rate + amount % whole * rate / whole
    }
}

impl Configure for FeeRate {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self::new(env.parsed("MARKET_FEE_BASIS_POINTS", 1_000)?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_tenth_is_rounded_down() {
        let kept = |amount| FeeRate::new(1_000).of(amount);
        let amounts = [0, 9, 10, 999, 3_505, 9_999_999];
        assert_eq!(amounts.map(kept), [0, 0, 1, 99, 350, 999_999]);
        assert_eq!(FeeRate::new(360).of(3_500), 126);
        assert_eq!(FeeRate::new(0).of(u64::MAX), 0);
        assert_eq!(FeeRate::new(20_000).of(u64::MAX), u64::MAX);
    }

    proptest! {
        #[test]
        fn it_is_the_greatest_whole_yen_within_the_rate(amount: u64, rate in 0..=WHOLE) {
            let kept = u128::from(FeeRate::new(rate).of(amount)) * u128::from(WHOLE);
            let exact = u128::from(amount) * u128::from(rate);
            prop_assert!(kept <= exact && exact < kept + u128::from(WHOLE));
        }

        /// Rounded parcel by parcel, the makers of an order lose nothing, and the house a yen a parcel at
        /// the most.
        #[test]
        fn parcels_pay_no_more_than_their_sum_would(
            amounts in prop::collection::vec(0..10_000_000_000_u64, 1..=30), rate in 0..=WHOLE,
        ) {
            let rate = FeeRate::new(rate);
            let apart: u64 = amounts.iter().map(|amount| rate.of(*amount)).sum();
            let together = rate.of(amounts.iter().sum());
            prop_assert!(apart <= together);
            prop_assert!(together < apart + amounts.len() as u64);
        }
    }
}
