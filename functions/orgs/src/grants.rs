//! The seconds of detection that invoices grant, as rules alone: a period's invoice those of the whole period,
//! one of a change those of the seats that were added, in proportion to the time left, rounded down. What was
//! granted for a period stands until another one is granted, or the licence ends.

use enishi_shared::stripe::{Invoice, InvoiceReason, InvoiceStatus, Period};
use jiff::Timestamp;

/// The seconds that an invoice grants once it is paid, for `whole`, the period that it lies in.
pub fn seconds(invoice: &Invoice, whole: Period, seconds_per_seat: u32) -> u32 {
    let Some(paid_for) = invoice.period else {
        return 0;
    };
    let length = |period: Period| i128::from(period.end.as_second() - period.start.as_second());
    let all = i128::from(invoice.quantity.max(0)) * i128::from(seconds_per_seat);
    let part = length(paid_for).clamp(0, length(whole));
    let granted = all * part / length(whole).max(1);
    u32::try_from(granted).unwrap_or(u32::MAX)
}

/// The whole period that an invoice lies in: its own, or that of the period's invoice among `all` which ends
/// at the same time.
pub fn whole(invoice: &Invoice, all: &[Invoice]) -> Option<Period> {
    let own = invoice.period?;
    match invoice.reason {
        InvoiceReason::Update => all
            .iter()
            .filter(|it| it.reason != InvoiceReason::Update)
            .filter_map(|it| it.period)
            .find(|period| period.end == own.end),
        _ => Some(own),
    }
}

/// Whether what an invoice has paid for is there to be granted still: a period that is over, or that another
/// grant has followed, comes to nothing.
pub fn is_due(invoice: &Invoice, granted_until: Option<Timestamp>) -> bool {
    let until = invoice.period.map(|period| period.end);
    invoice.status == InvoiceStatus::Paid && until.is_some() && until >= granted_until
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap_or_default()
    }

    fn period(start: i64, end: i64) -> Period {
        let (start, end) = (at(start), at(end));
        Period { start, end }
    }

    fn invoice(reason: InvoiceReason, quantity: i64, period: Period) -> Invoice {
        Invoice {
            id: "in_1".to_owned(),
            status: InvoiceStatus::Paid,
            reason,
            total: 0,
            amount_due: 0,
            amount_paid: 0,
            currency: "jpy".to_owned(),
            created: period.start,
            period: Some(period),
            quantity,
            customer: None,
            subscription: None,
            metadata: BTreeMap::new(),
            payment_intent: None,
            hosted_invoice_url: None,
        }
    }

    const MONTH: i64 = 30 * 86_400;

    #[test]
    fn a_thousand_seats_in_the_last_hour_grant_an_hours_seconds() {
        let month = period(0, MONTH);
        let added = invoice(InvoiceReason::Update, 999, period(MONTH - 3_600, MONTH));
        let hour = 999 * 36_000 * 3_600 / MONTH;
        assert_eq!(i64::from(seconds(&added, month, 36_000)), hour);
    }

    #[test]
    fn a_change_lies_in_the_period_that_ends_with_it() {
        let first = invoice(InvoiceReason::Create, 1, period(0, MONTH));
        let second = invoice(InvoiceReason::Cycle, 1, period(MONTH, 2 * MONTH));
        let added = invoice(InvoiceReason::Update, 1, period(MONTH + 7, 2 * MONTH));
        let all = [first.clone(), second, added.clone()];
        assert_eq!(whole(&added, &all), Some(period(MONTH, 2 * MONTH)));
        assert_eq!(whole(&first, &all), Some(period(0, MONTH)));
        assert_eq!(whole(&added, &all[..1]), None);
    }

    #[test]
    fn a_period_that_another_has_followed_is_not_granted() {
        let first = invoice(InvoiceReason::Create, 1, period(0, MONTH));
        assert!(is_due(&first, None));
        assert!(is_due(&first, Some(at(MONTH))));
        assert!(!is_due(&first, Some(at(2 * MONTH))));
        let open = Invoice {
            status: InvoiceStatus::Open,
            ..first
        };
        assert!(!is_due(&open, None));
    }

    proptest! {
        #[test]
        fn a_whole_period_grants_all_whatever_its_length(
            quantity in 0..10_000_i64, per_seat in 0..400_000_u32, days in 28..=31_i64,
        ) {
            let month = period(0, days * 86_400);
            let paid = invoice(InvoiceReason::Cycle, quantity, month);
            prop_assert_eq!(i64::from(seconds(&paid, month, per_seat)), quantity * i64::from(per_seat));
        }

        #[test]
        fn seats_added_one_by_one_never_grant_more_than_those_of_the_whole_period(
            added in prop::collection::vec((1..100_i64, 0..MONTH), 0..20), per_seat in 0..40_000_u32,
        ) {
            let month = period(0, MONTH);
            let seats: i64 = added.iter().map(|(quantity, _)| quantity).sum();
            let granted: i64 = added
                .iter()
                .map(|(quantity, from)| {
                    let it = invoice(InvoiceReason::Update, *quantity, period(*from, MONTH));
                    i64::from(seconds(&it, month, per_seat))
                })
                .sum();
            prop_assert!(granted <= seats * i64::from(per_seat));
        }

        #[test]
        fn the_later_the_fewer(quantity in 1..1_000_i64, early in 0..MONTH, later in 0..MONTH) {
            let month = period(0, MONTH);
            let from = |start| invoice(InvoiceReason::Update, quantity, period(start, MONTH));
            let (early, later) = (early.min(later), early.max(later));
            prop_assert!(seconds(&from(early), month, 36_000) >= seconds(&from(later), month, 36_000));
        }
    }
}
