//! What becomes of what, case by case.

use super::*;

/// The status after an action, or why there is none.
fn then(
    order: &Order,
    actor: Actor,
    action: Action,
    at: SignedDuration,
) -> Result<Status, Refused> {
    step(order, actor, &action, NOW + at).map(|step| step.order.status())
}

const ALL: Action = Action::Cancel { maker_id: None };

#[test]
fn an_order_is_paid_for_once_expires_once_and_is_called_off_while_it_is_open() {
    let open = order(&[1, 2]);
    assert_eq!(open.status(), Status::Pending);
    let at = hours(0);
    let end = |order: &Order, actor, action| step(order, actor, &action, NOW).unwrap();
    let paid = end(&open, Payments, settle());
    assert_eq!(
        (paid.order.status(), paid.leaves_cart),
        (Status::Paid, true)
    );
    let expired = end(&open, Payments, Action::Expire);
    assert_eq!(expired.order.status(), Status::Expired);
    assert_eq!(expired.stock, Stock::Free);
    let cancelled = end(&open, Customer, ALL);
    assert_eq!(cancelled.order.status(), Status::Cancelled);
    assert!(cancelled.ends_checkout);
    // One Checkout for all.
    let maker_id = Some(maker(1));
    let part = Action::Cancel { maker_id };
    assert_eq!(
        then(&open, Customer, part, at),
        Err(Refused::Status(Status::Pending))
    );
    // A slip cannot be taken back, and takes its lines from the cart once.
    let slip = end(&open, Payments, Action::Slip);
    assert!(slip.leaves_cart && slip.order.holds_customer());
    for action in [ALL, Action::Replace] {
        assert_eq!(then(&slip.order, Customer, action, at), Err(Refused::Slip));
    }
    let paid = end(&slip.order, Payments, settle());
    assert_eq!(
        (paid.order.status(), paid.leaves_cart),
        (Status::Paid, false)
    );
    let failed = end(&slip.order, Payments, Action::Fail);
    assert_eq!(failed.order.status(), Status::Expired);
    assert_eq!(
        (failed.stock, failed.order.holds_customer()),
        (Stock::Free, false)
    );
    for action in [ALL, Action::Replace] {
        let no = Err(Refused::Status(Status::Expired));
        assert_eq!(then(&expired.order, Customer, action, at), no);
    }
}

#[test]
fn money_that_comes_late_buys_what_is_there_and_goes_back_otherwise() {
    let expired = after(&[1], &[(Payments, Action::Expire, hours(1))]);
    let retaken = step(&expired, Payments, &settle(), NOW).unwrap();
    assert_eq!(
        (retaken.order.sale, &retaken.stock),
        (Sale::Late, &Stock::Retake)
    );
    // What is told late of the expiry changes nothing.
    let told = step(&retaken.order, Payments, &Action::Expire, NOW).unwrap();
    assert_eq!(told, Step::to(retaken.order.clone()));
    let sold = step(&retaken.order, Payments, &settle(), NOW).unwrap();
    assert_eq!(sold.order.status(), Status::Paid);
    assert!(retaken.order.due().is_some());

    let back = step(&expired, Payments, &Action::Return, NOW).unwrap();
    assert_eq!(
        (back.order.status(), back.order.late),
        (Status::Expired, Refund::Asked)
    );
    assert!(back.pays_out);
    let cancelled = after(&[1], &[(Customer, ALL, hours(0))]);
    let back = step(&cancelled, Payments, &settle(), NOW).unwrap();
    assert_eq!(
        (back.order.status(), back.order.late),
        (Status::Cancelled, Refund::Asked)
    );
    assert_eq!(back.stock, Stock::Unchanged);
}

#[test]
fn a_parcel_of_a_maker_who_has_gone_is_paid_back_when_the_rest_is_sold() {
    let gone = BTreeSet::from([maker(1)]);
    let sold = step(&order(&[1, 2]), Payments, &Action::Settle { gone }, NOW).unwrap();
    let status = |digit| {
        sold.order
            .status_of(sold.order.parcel(maker(digit)).unwrap())
    };
    assert_eq!((status(1), status(2)), (Status::Refunded, Status::Paid));
    assert_eq!(sold.order.status(), Status::Paid);
    assert!(sold.pays_out);
    let told = sold.mails.iter().map(|mail| mail.about);
    let told: Vec<_> = told.collect();
    assert_eq!(told, [Topic::Confirmed, Topic::Sold, Topic::Refunded]);
}

#[test]
fn an_order_stands_where_its_least_advanced_parcel_does_that_is_not_paid_back() {
    let mut order = sold(&[1, 2, 3]);
    let mut does = |actor, action: Action| {
        order = step(&order, actor, &action, NOW).unwrap().order;
        order.status()
    };
    let of = |digit: u8| maker(digit);
    assert_eq!(does(Maker, ship(1)), Status::Paid);
    assert_eq!(does(Maker, ship(2)), Status::Paid);
    let refund = |digit| refund(Some(of(digit)));
    assert_eq!(does(Maker, refund(3)), Status::Shipped);
    assert_eq!(
        does(Customer, Action::Receive { maker_id: of(1) }),
        Status::Shipped
    );
    assert_eq!(
        does(Customer, Action::Receive { maker_id: of(2) }),
        Status::Complete
    );
    assert_eq!(does(Operator, refund(1)), Status::Complete);
    assert_eq!(does(Operator, refund(2)), Status::Refunded);
}

#[test]
fn only_what_was_not_sent_is_called_off_and_only_that_is_for_sale_again() {
    let order = after(
        &[1, 2],
        &[(Payments, settle(), hours(0)), (Maker, ship(1), hours(1))],
    );
    let off = step(&order, Customer, &ALL, NOW).unwrap();
    assert_eq!(off.stock, Stock::FreeOf(BTreeSet::from([maker(2)])));
    assert_eq!(off.order.status(), Status::Shipped);
    let of = |digit| Action::Cancel {
        maker_id: Some(maker(digit)),
    };
    let shipped = Err(Refused::Status(Status::Shipped));
    assert_eq!(
        then(&off.order, Customer, of(1), hours(0)),
        Err(Refused::Status(Status::Shipped))
    );
    assert_eq!(
        then(&order, Customer, of(1), hours(0)).map(|_| ()),
        Err(Refused::Status(Status::Paid))
    );
    assert_eq!(
        then(&off.order, Customer, of(2), hours(0)),
        Ok(Status::Shipped)
    );
    assert_eq!(
        then(&off.order, Customer, of(3), hours(0)),
        Err(Refused::NoParcel)
    );
    // Whoever does not send a thing may not have it.
    for (actor, digit) in [(Maker, 2), (Operator, 2), (House, 2)] {
        let refund = refund(Some(maker(digit)));
        assert_eq!(
            step(&order, actor, &refund, NOW).unwrap().stock,
            Stock::Unchanged
        );
    }
    let refund = refund(Some(maker(1)));
    assert_eq!(then(&order, House, refund, hours(0)), shipped);
}

#[test]
fn after_14_days_to_the_second_what_was_not_sent_is_paid_back_once() {
    let second = SignedDuration::from_secs(1);
    let sold = sold(&[1]);
    assert_eq!(sold.due(), Some(NOW + days(3)));
    let tick = |order: &Order, at| step(order, Clock, &Action::Tick, NOW + at).unwrap();
    assert_eq!(tick(&sold, days(3) - second), Step::to(sold.clone()));
    let reminded = tick(&sold, days(3));
    assert_eq!(reminded.mails[0].about, Topic::Reminder);
    assert_eq!(reminded.order.due(), Some(NOW + days(14)));
    let before = tick(&reminded.order, days(14) - second);
    assert_eq!(before, Step::to(reminded.order.clone()));
    for order in [&reminded.order, &sold] {
        let back = tick(order, days(14));
        assert_eq!(
            (back.order.status(), back.pays_out),
            (Status::Refunded, true)
        );
        // No reminder of what is over.
        assert!(back.mails.iter().all(|mail| mail.about == Topic::Refunded));
        let again = tick(&back.order, days(14));
        assert_eq!(again, Step::to(back.order.clone()));
        // It is asked for again until it has moved.
        let later = tick(&back.order, days(14) + hours(1));
        assert!(later.pays_out && later.mails.is_empty());
        let maker_id = Some(maker(1));
        let moved = step(&later.order, Payments, &Action::Refunded { maker_id }, NOW).unwrap();
        assert_eq!(moved.order.due(), None);
        assert!(order.holds(maker(1)) && !moved.order.holds(maker(1)));
    }
}

#[test]
fn a_makers_money_moves_after_seven_days_or_when_it_has_come_and_not_what_is_reported() {
    let shipped = after(
        &[1],
        &[(Payments, settle(), hours(0)), (Maker, ship(1), days(1))],
    );
    let maker_id = maker(1);
    assert_eq!(shipped.due(), Some(NOW + days(8)));
    let tick = |order: &Order, at| step(order, Clock, &Action::Tick, NOW + at).unwrap();
    let transfer = |order: &Order| order.parcels[0].transfer;
    let due = tick(&shipped, days(8));
    assert_eq!(
        (transfer(&due.order), due.pays_out),
        (Transfer::Asked, true)
    );
    let come = step(
        &shipped,
        Customer,
        &Action::Receive { maker_id },
        NOW + days(2),
    )
    .unwrap();
    assert_eq!(
        (transfer(&come.order), come.pays_out),
        (Transfer::Asked, true)
    );
    assert_eq!(come.order.status(), Status::Complete);
    let reported = step(&shipped, Customer, &report(maker_id), NOW + days(2)).unwrap();
    assert_eq!(reported.order.due(), None);
    assert_eq!(
        tick(&reported.order, days(90)),
        Step::to(reported.order.clone())
    );
    // Dismissed, it goes on as if nothing had been said.
    let dismissed = step(&reported.order, Operator, &dismiss(maker_id), NOW).unwrap();
    assert_eq!(
        tick(&dismissed.order, days(8)).order.parcels[0].transfer,
        Transfer::Asked
    );
    // Complete 14 days after it was sent.
    let done = Action::Transferred { maker_id };
    let done = step(&due.order, Payments, &done, NOW + days(8))
        .unwrap()
        .order;
    assert_eq!(done.due(), Some(NOW + days(15)));
    assert_eq!(tick(&done, days(15)).order.status(), Status::Complete);
    assert_eq!(done.status(), Status::Shipped);
}

#[test]
fn a_dispute_stops_all_until_it_is_decided() {
    let sold = sold(&[1, 2]);
    let disputed = |order: &Order, dispute| {
        step(
            order,
            Payments,
            &Action::Dispute { dispute },
            NOW + days(20),
        )
        .unwrap()
    };
    let open = disputed(&sold, Dispute::Open).order;
    assert_eq!(open.due(), None);
    for (actor, action) in [
        (Maker, ship(1)),
        (Customer, ALL),
        (Operator, refund(Some(maker(1)))),
    ] {
        assert_eq!(then(&open, actor, action, days(20)), Err(Refused::Disputed));
    }
    let tick = step(&open, Clock, &Action::Tick, NOW + days(60)).unwrap();
    assert_eq!(tick, Step::to(open.clone()));
    // The makers have their 14 days again.
    let won = disputed(&open, Dispute::Won).order;
    assert_eq!(won.due(), Some(NOW + days(23)));
    assert_eq!(disputed(&won, Dispute::Open), Step::to(won.clone()));
    let lost = disputed(&open, Dispute::Lost);
    assert_eq!(
        (lost.order.status(), lost.pays_out),
        (Status::Refunded, false)
    );
    assert!(
        lost.order
            .parcels
            .iter()
            .all(|parcel| parcel.refund == Refund::Lost)
    );
    // What a maker got before comes back.
    let given = after(
        &[1],
        &[
            (Payments, settle(), hours(0)),
            (Maker, ship(1), hours(1)),
            (Customer, Action::Receive { maker_id: maker(1) }, hours(2)),
            (
                Payments,
                Action::Transferred { maker_id: maker(1) },
                hours(3),
            ),
        ],
    );
    let lost = disputed(&given, Dispute::Lost);
    assert_eq!(lost.order.parcels[0].reversal, Reversal::Asked);
    assert!(lost.pays_out && lost.order.holds(maker(1)));
    // Nothing is known of an order that was never paid for.
    let none = step(
        &order(&[1]),
        Payments,
        &Action::Dispute {
            dispute: Dispute::Open,
        },
        NOW,
    );
    assert_eq!(none, Err(Refused::Status(Status::Pending)));
}
