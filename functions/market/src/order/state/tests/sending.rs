//! What is corrected, and tried again.

use super::*;

#[test]
fn a_slip_of_the_pen_is_corrected_until_the_parcel_has_come() {
    let shipped = after(
        &[1],
        &[(Payments, settle(), hours(0)), (Maker, ship(1), hours(1))],
    );
    let other = Action::Ship {
        maker_id: maker(1),
        ship_id: "EJ123456789JP".to_owned(),
        carrier: Some("日本郵便".to_owned()),
    };
    let corrected = step(&shipped, Maker, &other, NOW + hours(5)).unwrap();
    let shipment = corrected.order.parcels[0].shipment.clone().unwrap();
    assert_eq!(shipment.ship_id, "EJ123456789JP");
    assert_eq!(shipment.at, NOW + hours(1));
    assert_eq!(corrected.mails[0].about, Topic::Shipped);
    assert_eq!(corrected.order.due(), shipped.due());
    let known = step(&corrected.order, Maker, &other, NOW + hours(6)).unwrap();
    assert_eq!(known, Step::to(corrected.order));
    let maker_id = maker(1);
    let come = step(
        &shipped,
        Customer,
        &Action::Receive { maker_id },
        NOW + hours(7),
    )
    .unwrap();
    let refused = step(&come.order, Maker, &other, NOW + hours(8));
    assert_eq!(refused, Err(Refused::Status(Status::Complete)));
}

#[test]
fn money_that_does_not_reach_its_maker_is_tried_again_each_day() {
    let maker_id = maker(1);
    let waits = after(
        &[1],
        &[
            (Payments, settle(), hours(0)),
            (Maker, ship(1), hours(0)),
            (Customer, Action::Receive { maker_id }, hours(1)),
            (Payments, Action::TransferWaits { maker_id }, hours(1)),
        ],
    );
    assert_eq!(waits.parcels[0].transfer, Transfer::Waiting);
    assert_eq!(waits.due(), Some(NOW + hours(25)));
    let tick = |at| step(&waits, Clock, &Action::Tick, NOW + at).unwrap();
    assert_eq!(tick(hours(24)), Step::to(waits.clone()));
    let again = tick(hours(25));
    assert_eq!(again.order.parcels[0].transfer, Transfer::Asked);
    assert!(again.pays_out);
    assert_eq!(again.order.due(), Some(NOW + hours(26)));
    // What goes back does not wait to be passed on.
    let back = step(&waits, Operator, &refund(Some(maker_id)), NOW + hours(2)).unwrap();
    let mut order = back.order;
    for action in [
        Action::Refunded {
            maker_id: Some(maker_id),
        },
        Action::Reversed { maker_id, owed: 0 },
    ] {
        order = step(&order, Payments, &action, NOW + hours(2))
            .unwrap()
            .order;
    }
    assert_eq!(order.due(), None);
}
