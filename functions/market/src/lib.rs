//! market: makers sell what they make by hand.
//!
//! | function | endpoint or event | what |
//! |---|---|---|
//! | [`items`], [`search`] | `GET /api/item`, `/api/item/search` | what is sold, in lists and by a keyword |
//! | [`find_item`] | `GET /api/item/{item_id}` | all of an item |
//! | [`me`], [`delete_me`] | `GET`, `DELETE /api/user` | me as a customer |
//! | [`set_profile`], [`update_profile`] | `POST`, `PATCH /api/profile` | what I want to be called |
//! | [`set_address`], [`update_address`] | `POST`, `PATCH /api/address` | where parcels to me go |
//! | [`become_maker`] | `POST /api/makers` | sells |
//! | [`my_maker`], [`update_maker`] | `GET`, `PATCH /api/makers/me` | me as a maker |
//! | [`find_maker`] | `GET /api/makers/{maker_id}` | who sells |
//! | [`onboard`], [`dashboard`] | `GET /api/stripe/create`, `/api/stripe/mypage` | where a maker tells Stripe about themselves, and sees their money |
//! | [`account`] | `stripe.account.updated` | whether money can be passed on to a maker |
//! | [`products`], [`add_product`] | `GET`, `POST /api/products` | what I make |
//! | [`update_product`], [`delete_product`] | `PATCH`, `DELETE /api/products/{item_id}` | changes it, takes it away |
//! | [`add_image`], [`order_images`] | `POST`, `PUT /images/{item_id}` | where to send a picture of it; which are shown, in which order |
//! | [`delete_image`] | `DELETE /images/{item_id}/{image_id}` | takes a picture away |
//! | [`sweep_images`] | each quarter of an hour | deletes pictures that are no item's |
//! | [`show_cart`], [`add_to_cart`] | `GET`, `POST /api/cart` | my cart |
//! | [`change_cart`], [`clear_cart`] | `PATCH`, `DELETE /api/cart` | how many of something, or none |
//! | [`buy`] | `POST /api/buy` | buys what is in my cart |
//! | [`transactions`], [`find_transaction`] | `GET /api/transaction`, `/api/transaction/{transaction_id}` | what I have bought |
//! | [`cancel`] | `POST /api/transaction/{transaction_id}/cancel` | calls it off |
//! | [`settle`] | `payment.processing`, `settled`, `failed`, `expired` of orders | whether it is paid for |
//! | [`favourites`] | `GET /api/favourites` | what I like |
//! | [`add_favourite`], [`remove_favourite`] | `POST`, `DELETE /api/favourites` | likes an item, or not any more |
//! | [`place_item`] | `PATCH /api/operator/items/{item_id}` | puts it in its place, hides it |
//! | [`suspend_maker`] | `PATCH /api/operator/makers/{maker_id}` | keeps them from selling |
//! | [`sales`] | `GET /api/sales` | what I have sold, and where it goes |
//! | [`ship`], [`refund_sale`] | `POST /api/sales/{transaction_id}/ship`, `/refund` | sends my parcel, or gives back what it has cost |
//! | [`receive`], [`report`] | `POST /api/transaction/{transaction_id}/received`, `/report` | it has come, or not as it was sold |
//! | [`refund`] | `POST /api/operator/transactions/{transaction_id}/refund` | an operator gives back what a parcel has cost |
//! | [`reports`], [`dismiss_report`] | `GET`, `PUT /api/operator/reports` | what waits for operators; finds no fault with a parcel |
//! | [`pay_out`](mod@pay_out) | `market.payout_owed`; `payment.refunded`, `refund_failed`, `reversed`, `disputed`, `dispute_won`, `dispute_lost` of orders | moves the money of an order, and notes what became of it |
//! | [`follow_maker`] | `market.maker_changed` | gives back what a suspended maker has not sent, passes on what waited for one |
//! | [`erase`](mod@erase) | `account.deleted` | forgets who has closed their account |
//! | [`sweep`] | each minute | reminds makers, gives back what is not sent, passes on what was, completes orders; erases closed accounts once more |
//! | [`index`](mod@index) | the table's stream | what lists and search say of items |
//!
//! [`customer`], [`item`], [`maker`] and [`order`] hold what is stored, [`cart`] what somebody wants to buy, [`held`] what
//! orders hold back, [`preview`] what is seen of it and by whom, [`list`] where it
//! stands in lists, [`text`] how texts are compared, [`posting`], [`facts`] and [`document`] what a search
//! reads, [`find`] how pages of lists and searches are read, [`cached`] how everybody is answered alike,
//! [`rebuild`] all that follows from items, [`pictures`] whose a picture is.
//!
//! The table, `MARKET_TABLE` (keys `pk` / `sk`; reads of lists, facts and pairs that begin with a character
//! are eventually consistent, all others consistent):
//!
//! | access pattern | key | requests | capacity units |
//! |---|---|---|---|
//! | a page of a list ¹ | `LIST#<order>#<top>#<color>#<series>#<maker>` / `<status>#<position>` | 1 query a status; up to 6 narrowed by price and ordered otherwise | 0.5 R for each 4 KB of rows |
//! | which items have a pair of characters ² | `GRAM#<first>` / `<second>#<shard>` | 1 batch get for 25 pairs | 4 R a pair, 1 a 4 KB |
//! | which have one character | `GRAM#<character>` | 1 query | 0.5 R for each 4 KB |
//! | what orders and narrows what is found, of more than 100 | `FACTS` / `<ordinal / 256>` | 1 query a megabyte: of 30,000 items | 72 R of 20,000 items |
//! | what is shown of an item that is found, and its text | `DOCUMENT#<ordinal>` / `DOCUMENT` | 1 batch get for 100, 6 requests a page in all | 1 R for each 4 KB |
//! | an item, with its maker | `ITEM#<item>` / `ITEM`, `MAKER#<maker>` / `MAKER` | 2 gets | 2–3 R |
//! | what there is of an item | `STOCK#<item>#<bucket>` / `STOCK` | 1 batch get for 50 items | 2 R each |
//! | a maker's items, the newest first | `MAKER#<maker>` / `ITEM#<ordinal>`, with the maker, items, stock and what is held | 1 get, 2 queries, 2 batch gets | 3 R and 3–4 each |
//! | what open orders hold back of a maker's items | `HELD#<maker>` / `<item>#<order>` | 1 query | 0.5 R for each 4 KB |
//! | a customer, with their account ³ | `USER#<user>` / `CUSTOMER` | 2 gets | 2 R |
//! | change a customer | that, where the account is open | with it 1 transaction | 2 R, 4 W |
//! | forget a customer | customer, cart, favourites; their account | 1 get, 1 transaction | 1 R, 6 W |
//! | become a maker | maker; ³ account | 1 transaction | 4 W |
//! | a cart, with its items, their makers and stock | `USER#<user>` / `CART` | 1 get, 3 batch gets | 1 R, and 4–5 a line |
//! | change a cart | that (and idempotency) | with it 1 transaction | from 2 W |
//! | what somebody likes, 500 items at the most | `USER#<user>` / `FAVOURITES` | 1 get; 1 update, beside the item | 1–5 R; 1–20 W |
//! | whose an account of Stripe's is | `STRIPE#<account>` / `STRIPE` | 1 get; with the maker 1 transaction | 1 R; 4 W |
//! | what an operator did with an item or a maker | `AUDIT#<month>` / `<time>#<id>`, with it | 1 get, 1 transaction | 1 R, 4 W |
//! | add an item | item, its place among the maker's, its stock, `NEXT` / `ITEM`; the maker stands (and idempotency) | 1 update of the throttle, 1 batch get, 1 transaction | 2 R, from 13 W |
//! | allow a picture | item; throttle; `UPLOADS` / `<image>` | 1 get, 1 update, 1 put | 1 R, 2 W |
//! | show pictures, or one less | item; the uploads that they were, or that it was | 1 get, 1 batch get, 1 transaction | from 2 W |
//! | delete pictures that are no item's | `UPLOADS` / `<image>`, as old as their ids | 1 query a hundred; 1–2 writes each | 1–2 W each |
//! | change an item | item, stock (and idempotency) | 1–2 gets, 1 transaction | 2–4 R, 2–8 W |
//! | erase somebody | maker, items as when they are taken away, customer; `ERASURES` (`enishi_shared::erasure`) | 2 writes, 1 query, 1 transaction; of each item 1 get, 1 transaction | 1 R; 8 W, and 8 W of each item |
//! | take an item away | item, its place among the maker's, stock, its pictures | 1 get, 1 transaction | 1 R, from 8 W |
//! | what a maker has sold | `SALES#<maker>` / `<order>`, with the maker, the orders and what was bought | 1 get, 1 query, 1 batch get | 2 R and 2–4 each |
//! | a step of a parcel ⁵ | the order and what was bought; the step, ³ account, outbox | 1 batch get, 1 transaction | 2–4 R, from 6 W |
//! | move the money of an order | the order; ⁶ its payment; the maker; and the step | 1 get; for each parcel 3 of ⁶ and a step | from 6 R, 10 W |
//! | orders that are due | `due` of index `due`: `ORDER`, by `due_at` | 1 query a hundred | 1 R |
//! | orders that wait for a maker to be reached by money | `WAITS#<maker>` / `<order>`, with the step | 1 query | 1 R; 1 W |
//! | what waits for operators | `REPORTS` / `<order>#<kind>#<maker>`, with the step | 1 query | 0.5–2 R; 1 W |
//! | buy a cart ⁴ | cart, purchases (`USER#<user>` / `PURCHASES`), customer; items, makers, stock; order (`ORDER#<order>` / `ORDER`), what was bought (`CONTENTS` beside it), that it is mine; ³ account, the ledger's record | 4 batch gets, 1 transaction | 6 R and 4–5 a line, 24 W and 6 a line |
//! | an order, with what was bought | `ORDER#<order>` / `ORDER`, `CONTENTS` | 1 batch get | 2 R |
//! | a step of an order | that, and its record (`STEP#<version>` beside it); purchases, stock, cart, ³ accounts, `SALES#<maker>` / `<order>`, letters and announcements, as it needs | with it 1 transaction | 2 R, from 8 W |
//! | what somebody has bought, the newest first | `USER#<user>` / `ORDER#<order>`, with the orders | 1 query, 1 batch get for 50 | 2 R, and 2 each |
//! | which orders the clock has something to do with | index `due`: `ORDER` / `<time>` | 1 query | 0.5 R for each 4 KB |
//! | write what an order holds back | `HELD#<maker>` / `<item>#<order>` a line; the order stands | 1 batch get, 1 transaction | 2 R, 2 W and 2 a line |
//! | write what follows from an item | document, facts, 24 or 48 rows of lists; item and maker stand | 3 reads, 1 transaction | 5 R, 60–250 W |
//! | enter a text, or take one away | document; each pair of its characters | 1 update each | 1 W a pair, and 1 for each 4 KB of its row |
//!
//! ¹ by `order` (`order`, `made`, `price`); `*` for what may be anything ([`list`]).
//! ² the characters of names, descriptions, series and makers, folded ([`text`]).
//! ³ in `IDENTITY_TABLE`: `enishi_shared::accounts`.
//! ⁴ `enishi-bench buy` prints what it takes.
//! ⁵ sent, received, reported, given back ([`order::advance`](order::advance)).
//! ⁶ in `PAYMENTS_TABLE`: `enishi_shared::payments`.

pub mod account;
pub mod add_favourite;
pub mod add_image;
pub mod add_product;
pub mod add_to_cart;
pub mod become_maker;
pub mod buy;
pub mod cached;
pub mod cancel;
pub mod cart;
pub mod change_cart;
pub mod clear_cart;
pub mod customer;
pub mod dashboard;
pub mod delete_image;
pub mod delete_me;
pub mod delete_product;
pub mod dismiss_report;
pub mod document;
pub mod erase;
pub mod events;
pub mod facts;
pub mod favourites;
pub mod fee;
pub mod find;
pub mod find_item;
pub mod find_maker;
pub mod find_transaction;
pub mod follow_maker;
pub mod held;
pub mod index;
pub mod item;
pub mod items;
pub mod letters;
pub mod list;
pub mod maker;
pub mod me;
pub mod my_maker;
pub mod onboard;
pub mod order;
pub mod order_images;
pub mod pay_out;
pub mod pictures;
pub mod place_item;
pub mod posting;
pub mod preview;
pub mod product;
pub mod products;
pub mod rebuild;
pub mod receive;
pub mod refund;
pub mod refund_sale;
pub mod remove_favourite;
pub mod report;
pub mod reports;
pub mod sale;
pub mod sales;
pub mod search;
pub mod set_address;
pub mod set_profile;
pub mod settle;
pub mod ship;
pub mod show_cart;
pub mod suspend_maker;
pub mod sweep;
pub mod sweep_images;
pub mod text;
pub mod transaction;
pub mod transactions;
pub mod trouble;
pub mod update_address;
pub mod update_maker;
pub mod update_product;
pub mod update_profile;
pub mod waits;

use enishi_shared::Function;

/// Every function of this service.
pub const FUNCTIONS: &[Function] = &[
    items::FUNCTION,
    search::FUNCTION,
    find_item::FUNCTION,
    me::FUNCTION,
    delete_me::FUNCTION,
    set_profile::FUNCTION,
    update_profile::FUNCTION,
    set_address::FUNCTION,
    update_address::FUNCTION,
    become_maker::FUNCTION,
    my_maker::FUNCTION,
    update_maker::FUNCTION,
    find_maker::FUNCTION,
    products::FUNCTION,
    add_product::FUNCTION,
    update_product::FUNCTION,
    delete_product::FUNCTION,
    onboard::FUNCTION,
    dashboard::FUNCTION,
    account::FUNCTION,
    place_item::FUNCTION,
    suspend_maker::FUNCTION,
    show_cart::FUNCTION,
    add_to_cart::FUNCTION,
    change_cart::FUNCTION,
    clear_cart::FUNCTION,
    favourites::FUNCTION,
    add_favourite::FUNCTION,
    remove_favourite::FUNCTION,
    erase::FUNCTION,
    buy::FUNCTION,
    transactions::FUNCTION,
    find_transaction::FUNCTION,
    cancel::FUNCTION,
    settle::FUNCTION,
    sales::FUNCTION,
    ship::FUNCTION,
    refund_sale::FUNCTION,
    receive::FUNCTION,
    report::FUNCTION,
    refund::FUNCTION,
    reports::FUNCTION,
    dismiss_report::FUNCTION,
    pay_out::FUNCTION,
    follow_maker::FUNCTION,
    sweep::FUNCTION,
    index::FUNCTION,
    add_image::FUNCTION,
    order_images::FUNCTION,
    delete_image::FUNCTION,
    sweep_images::FUNCTION,
];
