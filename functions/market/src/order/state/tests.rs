#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{
    Actor::{Clock, Customer, House, Maker, Operator, Payments},
    *,
};

mod sending;
mod table;

const NOW: Timestamp = Timestamp::constant(1_795_172_400, 0);
/// Three makers, by their digits.
const MAKERS: [u8; 3] = [1, 2, 3];

fn maker(digit: u8) -> UserId {
    let id = format!("019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f0{digit}");
    id.parse().unwrap()
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

fn days(days: i64) -> SignedDuration {
    hours(24 * days)
}

fn parcel(digit: u8) -> Parcel {
    Parcel {
        maker_id: maker(digit),
        items_amount: 1_000 * u64::from(digit) + 1,
        shipping_fee: 500,
        fee: 150 * u64::from(digit),
        state: ParcelState::Waiting,
        payable_since: NOW,
        shipment: None,
        reported_at: None,
        reminded: false,
        transfer: Transfer::None,
        refund: Refund::None,
        refunds: 0,
        reversal: Reversal::None,
        owed: 0,
    }
}

fn order(makers: &[u8]) -> Order {
    let parcels = makers.iter().map(|digit| parcel(*digit));
    Order::new(parcels.collect(), 7, NOW)
}

fn settle() -> Action {
    Action::Settle {
        gone: BTreeSet::new(),
    }
}

fn ship(digit: u8) -> Action {
    Action::Ship {
        maker_id: maker(digit),
        ship_id: format!("1234-{digit}"),
        carrier: None,
    }
}

fn report(maker_id: UserId) -> Action {
    let reason = "破損".to_owned();
    Action::Report { maker_id, reason }
}

fn dismiss(maker_id: UserId) -> Action {
    let reason = "破損".to_owned();
    Action::Dismiss { maker_id, reason }
}

fn refund(maker_id: Option<UserId>) -> Action {
    let reason = None;
    Action::Refund { maker_id, reason }
}

/// An order after these, each at its time.
fn after(makers: &[u8], actions: &[(Actor, Action, SignedDuration)]) -> Order {
    let steps = actions.iter();
    steps.fold(order(makers), |order, (actor, action, at)| {
        step(&order, *actor, action, NOW + *at).unwrap().order
    })
}

/// One that is paid for at [`NOW`].
fn sold(makers: &[u8]) -> Order {
    after(makers, &[(Payments, settle(), hours(0))])
}

/// Whoever may do something at all.
fn actor_of(action: &Action, choice: u8) -> Actor {
    match action {
        Action::Cancel { .. }
        | Action::Replace
        | Action::Receive { .. }
        | Action::Report { .. } => Customer,
        Action::Ship { .. } => Maker,
        Action::Dismiss { .. } | Action::Refund { maker_id: None, .. } => Operator,
        Action::Refund { .. } => [Maker, Operator, House][usize::from(choice) % 3],
        Action::Tick => Clock,
        Action::Resume { .. } => House,
        _ => Payments,
    }
}

fn any_maker() -> impl Strategy<Value = UserId> {
    prop::sample::select(&MAKERS[..]).prop_map(maker)
}

fn any_action() -> impl Strategy<Value = Action> {
    let of = |make: fn(UserId) -> Action| any_maker().prop_map(make).boxed();
    prop_oneof![
        Just(Action::Slip),
        prop::collection::btree_set(any_maker(), 0..2).prop_map(|gone| Action::Settle { gone }),
        Just(settle()),
        Just(settle()),
        Just(Action::Return),
        Just(Action::Expire),
        Just(Action::Fail),
        prop::option::of(any_maker()).prop_map(|maker_id| Action::Cancel { maker_id }),
        Just(Action::Replace),
        prop::sample::select(&MAKERS[..]).prop_map(ship),
        prop::sample::select(&MAKERS[..]).prop_map(ship),
        of(|maker_id| Action::Receive { maker_id }),
        of(report),
        of(dismiss),
        prop::option::of(any_maker()).prop_map(refund),
        Just(Action::Tick),
        Just(Action::Tick),
        of(|maker_id| Action::Resume { maker_id }),
        of(|maker_id| Action::Transferred { maker_id }),
        of(|maker_id| Action::TransferWaits { maker_id }),
        prop::option::of(any_maker()).prop_map(|maker_id| Action::Refunded { maker_id }),
        prop::option::of(any_maker()).prop_map(|maker_id| Action::RefundFailed { maker_id }),
        (any_maker(), 0..100_u64).prop_map(|(maker_id, owed)| Action::Reversed { maker_id, owed }),
        prop::sample::select(&[Dispute::Open, Dispute::Won, Dispute::Lost][..])
            .prop_map(|dispute| Action::Dispute { dispute }),
    ]
}

/// What happens, after how many hours, and by which of those who may.
fn lives() -> impl Strategy<Value = Vec<(Action, i64, u8)>> {
    prop::collection::vec((any_action(), 0..80_i64, any::<u8>()), 0..40)
}

/// What the stock, the customer and the makers have seen of an order.
#[derive(Default)]
struct Seen {
    /// For whose parcels stock is taken.
    taken: BTreeSet<UserId>,
    /// Of whom the customer has called off a parcel.
    put_back: BTreeSet<UserId>,
    has_paid: bool,
    told: BTreeMap<(Topic, Option<UserId>), u32>,
}

impl PartialOrd for Topic {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Topic {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (*self as u8).cmp(&(*other as u8))
    }
}

impl Seen {
    fn new(order: &Order) -> Self {
        let makers = order.parcels.iter().map(|parcel| parcel.maker_id);
        Self {
            taken: makers.collect(),
            ..Self::default()
        }
    }

    /// Sees a step. The stock is there to be taken again where `is_there`.
    fn see(&mut self, action: &Action, step: &Step) {
        let all: BTreeSet<UserId> = step.order.parcels.iter().map(|it| it.maker_id).collect();
        match &step.stock {
            Stock::Unchanged => {}
            Stock::Free => {
                assert_eq!(self.taken, all, "{action:?} frees what is not taken");
                self.taken.clear();
            }
            Stock::FreeOf(makers) => {
                assert!(makers.is_subset(&self.taken), "{action:?}");
                self.taken.retain(|maker| !makers.contains(maker));
                self.put_back.extend(makers);
            }
            Stock::Retake => {
                assert!(self.taken.is_empty(), "{action:?} takes what is taken");
                self.taken = all;
            }
        }
        // Only of an order that waits for nothing more it can be that the money goes back.
        let is_back = step.order.late != Refund::None;
        self.has_paid |= is_back || matches!(action, Action::Settle { .. });
        for mail in &step.mails {
            match mail.to {
                To::Customer => *self.told.entry((mail.about, None)).or_default() += 1,
                To::Maker => {
                    let maker = mail.makers.first().copied();
                    assert_eq!(mail.makers.len(), 1);
                    *self.told.entry((mail.about, maker)).or_default() += 1;
                }
            }
        }
    }

    /// What holds of every order at any time.
    fn agrees_with(&self, order: &Order) {
        let all: BTreeSet<UserId> = order.parcels.iter().map(|it| it.maker_id).collect();
        match order.sale {
            Sale::Open | Sale::Slip | Sale::Late => assert_eq!(self.taken, all),
            Sale::Cancelled | Sale::Expired => assert!(self.taken.is_empty()),
            // What was sold stays sold, but for what the customer has called off.
            Sale::Sold => {
                let kept = all.difference(&self.put_back).copied();
                assert_eq!(self.taken, kept.collect());
            }
        }
        // Nobody pays for nothing.
        if self.has_paid {
            assert!(
                matches!(order.sale, Sale::Sold | Sale::Late) || order.late != Refund::None,
                "{order:?}"
            );
        } else {
            assert!(order.sale != Sale::Sold && order.late == Refund::None);
        }
        for parcel in &order.parcels {
            let is_back = parcel.state == ParcelState::Refunded;
            assert_eq!(is_back, parcel.refund != Refund::None, "{parcel:?}");
            assert!(is_back || parcel.reversal == Reversal::None);
            assert!(parcel.share() + parcel.fee == parcel.amount());
            if let ParcelState::Shipped | ParcelState::Complete = parcel.state {
                assert!(parcel.shipment.is_some());
            }
            // What goes both ways comes back.
            if is_back && parcel.transfer != Transfer::None {
                assert!(parcel.reversal != Reversal::None, "{parcel:?}");
            }
        }
        for ((topic, _), times) in &self.told {
            let most = match topic {
                Topic::Refunded => 3,
                Topic::Shipped => 3,
                Topic::Reminder => 1,
                Topic::Confirmed | Topic::Sold => 1,
            };
            assert!(*times <= most, "{topic:?} {times}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn stock_and_money_are_where_the_state_says_whatever_happens_in_whatever_order(
        lives in lives(), many in 1..=3_usize,
    ) {
        let mut order = order(&MAKERS[..many]);
        let mut seen = Seen::new(&order);
        let mut now = NOW;
        for (action, later, choice) in lives {
            now += hours(later);
            let actor = actor_of(&action, choice);
            let Ok(step) = step(&order, actor, &action, now) else {
                continue;
            };
            // The same again changes nothing; of money that came late, it is to be sold next.
            if step.order.sale != Sale::Late {
                let again = super::step(&step.order, actor, &action, now);
                if let Ok(again) = again {
                    let is_retried = matches!(action, Action::Refund { .. } | Action::RefundFailed { .. });
                    prop_assert!(again == Step::to(step.order.clone()) || is_retried, "{:?}", action);
                }
            }
            if order.is_frozen() && step.order.is_frozen() {
                prop_assert!(!step.pays_out && step.mails.is_empty(), "{:?}", action);
            }
            prop_assert!(order.status() == step.order.status() || step != Step::to(order.clone()));
            // Letters and payments are of a change.
            if step.order == order {
                prop_assert_eq!(&step, &Step::to(order.clone()));
            }
            // What is to move is looked after.
            if step.order.is_asked() && !step.order.is_frozen() {
                prop_assert!(step.order.due().is_some());
            }
            seen.see(&action, &step);
            order = step.order;
            seen.agrees_with(&order);
        }
    }

    #[test]
    fn the_clock_brings_whatever_was_paid_for_to_its_end(
        lives in lives(), many in 1..=3_usize,
    ) {
        let mut order = order(&MAKERS[..many]);
        let mut now = NOW;
        for (action, later, choice) in lives {
            now += hours(later);
            if let Ok(step) = step(&order, actor_of(&action, choice), &action, now) {
                order = step.order;
            }
        }
        if let Ok(step) = step(&order, Payments, &settle(), now) {
            order = step.order;
        }
        if let Ok(step) = step(&order, Payments, &settle(), now) {
            order = step.order;
        }
        // The bank decides, the operator dismisses, the ledger moves what it is asked to.
        if order.is_frozen() {
            let dispute = Dispute::Won;
            order = step(&order, Payments, &Action::Dispute { dispute }, now).unwrap().order;
        }
        for _ in 0..60 {
            now += days(1);
            order = step(&order, Clock, &Action::Tick, now).unwrap().order;
            for digit in MAKERS {
                let maker_id = maker(digit);
                for (actor, action) in [
                    (Operator, dismiss(maker_id)),
                    (House, Action::Resume { maker_id }),
                    (Payments, Action::Transferred { maker_id }),
                    (Payments, Action::Refunded { maker_id: Some(maker_id) }),
                    (Payments, Action::Refunded { maker_id: None }),
                    (Payments, Action::Reversed { maker_id, owed: 0 }),
                ] {
                    if let Ok(step) = step(&order, actor, &action, now) {
                        order = step.order;
                    }
                }
            }
        }
        prop_assert_eq!(order.due(), None, "{:?}", &order);
        prop_assert!(!order.holds_customer());
        for parcel in &order.parcels {
            prop_assert!(!order.holds(parcel.maker_id));
        }
        match order.sale {
            Sale::Sold => {
                for parcel in &order.parcels {
                    let is_paid_out = parcel.transfer == Transfer::Done;
                    prop_assert!(is_paid_out || parcel.state == ParcelState::Refunded);
                }
            }
            _ => prop_assert!(order.late != Refund::None),
        }
    }
}
