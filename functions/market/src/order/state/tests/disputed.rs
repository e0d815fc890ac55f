//! What the customer's bank disputes, once or more often, and for all of the charge or a part of it.

use super::*;

/// After what is told of disputes, 20 days after [`NOW`].
fn disputed(order: &Order, told: Action) -> Step {
    step(order, Payments, &told, NOW + days(20)).unwrap()
}

/// Of one maker, who has sent it and has the money.
fn passed_on() -> Order {
    let maker_id = maker(1);
    let life = [
        (Payments, settle(), hours(0)),
        (Maker, ship(1), hours(1)),
        (Customer, Action::Receive { maker_id }, hours(2)),
        (Payments, Action::Transferred { maker_id }, hours(3)),
    ];
    after(&[1], &life)
}

fn lost_of(order: &Order) -> Vec<u64> {
    order.parcels.iter().map(|parcel| parcel.lost).collect()
}

/// The makers who are told that something is lost.
fn told(step: &Step) -> Vec<UserId> {
    let mails = step.mails.iter();
    let lost = mails.filter(|mail| (mail.to, mail.about) == (To::Maker, Topic::Lost));
    lost.flat_map(|mail| mail.makers.iter().copied()).collect()
}

#[test]
fn a_dispute_stops_all_until_it_is_decided() {
    let sold = sold(&[1, 2]);
    let open = disputed(&sold, disputes(1, 0, 0)).order;
    assert_eq!(open.due(), None);
    let cancel = Action::Cancel { maker_id: None };
    for (actor, action) in [
        (Maker, ship(1)),
        (Customer, cancel),
        (Operator, refund(Some(maker(1)))),
    ] {
        let refused = step(&open, actor, &action, NOW + days(20));
        assert_eq!(refused, Err(Refused::Disputed));
    }
    let tick = step(&open, Clock, &Action::Tick, NOW + days(60)).unwrap();
    assert_eq!(tick, Step::to(open.clone()));
    // The makers have their 14 days again.
    let won = disputed(&open, disputes(1, 1, 0));
    assert_eq!(won.order.due(), Some(NOW + days(23)));
    assert!(won.mails.is_empty());
    // What is told late changes nothing.
    let late = disputed(&won.order, disputes(1, 0, 0));
    assert_eq!(late, Step::to(won.order));
    // Nothing is known of an order that was never paid for.
    let none = step(&order(&[1]), Payments, &disputes(1, 0, 0), NOW);
    assert_eq!(none, Err(Refused::Status(Status::Pending)));
}

#[test]
fn what_is_lost_is_paid_back_by_the_bank_and_each_maker_is_told_and_gives_back_what_they_got() {
    let open = disputed(&sold(&[1, 2]), disputes(1, 0, 0)).order;
    let lost = disputed(&open, disputes(1, 1, open.amount()));
    assert_eq!(
        (lost.order.status(), lost.pays_out),
        (Status::Refunded, false)
    );
    let mut parcels = lost.order.parcels.iter();
    assert!(parcels.all(|parcel| parcel.refund == Refund::Lost && parcel.kept() == 0));
    assert_eq!(told(&lost), [maker(1), maker(2)]);

    let given = passed_on();
    let lost = disputed(&given, disputes(1, 1, given.amount()));
    assert_eq!(lost.order.parcels[0].reversal, Reversal::Asked);
    assert!(lost.pays_out && lost.order.holds(maker(1)));
}

#[test]
fn a_second_dispute_after_one_that_was_won_stops_all_again() {
    let mut order = sold(&[1]);
    for won in 0..3 {
        order = disputed(&order, disputes(won + 1, won, 0)).order;
        let refused = step(&order, Maker, &ship(1), NOW + days(20));
        assert_eq!(refused, Err(Refused::Disputed), "{won}");
        order = disputed(&order, disputes(won + 1, won + 1, 0)).order;
    }
    assert!(step(&order, Maker, &ship(1), NOW + days(20)).is_ok());
    // One that stands keeps what another one has taken from being spread.
    let both = disputed(&order, disputes(5, 4, 1_000)).order;
    assert_eq!((both.is_frozen(), lost_of(&both)), (true, vec![0]));
    let decided = disputed(&both, disputes(5, 5, 1_000));
    assert_eq!(lost_of(&decided.order), [1_000]);
    assert_eq!(decided.order.status(), Status::Paid);
}

#[test]
fn a_part_that_is_lost_falls_on_what_is_not_paid_back_in_proportion_to_the_yen() {
    // 1,501, 2,501 and 3,501 yen.
    let order = sold(&[1, 2, 3]);
    let lost = disputed(&order, disputes(1, 1, 1_000));
    assert_eq!(lost_of(&lost.order), [201, 333, 466]);
    assert_eq!(lost.order.status(), Status::Paid);
    assert_eq!(told(&lost).len(), 3);
    let parcel = &lost.order.parcels[0];
    assert_eq!(
        (parcel.left(), parcel.kept(), parcel.share()),
        (1_300, 129, 1_171)
    );
    assert_eq!(disputed(&lost.order, disputes(1, 1, 1_000)).mails, []);

    // What was paid back bears nothing of it.
    let maker_id = Some(maker(1));
    let mut rest = step(&order, Maker, &refund(maker_id), NOW).unwrap().order;
    for lost in [1_000, 1_600, 6_002] {
        rest = disputed(&rest, disputes(1, 1, lost)).order;
        let of = lost_of(&rest);
        assert_eq!((of[0], of[1] + of[2]), (0, lost));
    }
    assert_eq!(rest.status(), Status::Refunded);
    assert_eq!(rest.parcels[0].refund, Refund::Asked);
    // What nobody else covers is not given back twice.
    let all = disputed(&rest, disputes(2, 2, 7_503)).order;
    assert_eq!(all.parcels[0].refund, Refund::Lost);
}

#[test]
fn of_what_was_passed_on_the_makers_part_of_the_loss_comes_back() {
    let lost = disputed(&passed_on(), disputes(1, 1, 500));
    let parcel = &lost.order.parcels[0];
    assert_eq!(parcel.state, ParcelState::Complete);
    assert_eq!(
        (parcel.transfer, parcel.reversal),
        (Transfer::Done, Reversal::Asked)
    );
    assert!(lost.pays_out && lost.order.holds(maker(1)));
    let reversed = Action::Reversed {
        maker_id: maker(1),
        owed: 0,
    };
    let done = step(&lost.order, Payments, &reversed, NOW).unwrap().order;
    assert!(done.due().is_none() && !done.holds(maker(1)));
    // More is lost: more comes back.
    let more = disputed(&done, disputes(2, 2, 501));
    assert_eq!(more.order.parcels[0].reversal, Reversal::Asked);
}

proptest! {
    #[test]
    fn whatever_is_lost_is_borne_to_the_yen_by_what_there_is(
        lives in lives(), told in prop::collection::vec((1..4_u32, 0..4_u32, 0..9_000_u64), 1..5),
    ) {
        let mut order = sold(&MAKERS);
        for (action, _, choice) in lives {
            if let Ok(step) = step(&order, actor_of(&action, choice), &action, NOW) {
                order = step.order;
            }
        }
        for (count, decided, lost) in told {
            order = disputed(&order, disputes(count, decided.min(count), lost)).order;
        }
        let Disputes { count, lost, .. } = order.disputes;
        let before = order.clone();
        // The last one ends them all.
        order = disputed(&order, disputes(count + 1, count + 1, lost)).order;
        let bears = |parcel: &&Parcel| !matches!(parcel.refund, Refund::Done | Refund::Lost);
        let there: u64 = before.parcels.iter().filter(bears).map(Parcel::left).sum();
        let borne = |order: &Order| lost_of(order).iter().sum::<u64>();
        prop_assert_eq!(borne(&order), borne(&before) + (lost - borne(&before)).min(there));
        for parcel in &order.parcels {
            prop_assert!(parcel.lost <= parcel.amount());
        }
    }
}
