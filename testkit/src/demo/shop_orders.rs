//! `shop.example.com`, from cart to parcel. Planted here: order numbers that can be counted through,
//! a token in the address of the invoice, stack traces from the parcel tracking.

use serde_json::{Value, json};

use super::ask::ask;
use super::scene::{Scene, Visit};
use super::shop::{SITE, SLUGS};
use crate::{Person, Rng, jwt};

const SECRET: &[u8] = b"9c1d-invoice-2f77-a1e0-55d2b8c3f4e6";
const TRACE: &str = "java.lang.NumberFormatException: For input string: \"SF\"\n\
    \tat java.base/java.lang.NumberFormatException.forInputString(NumberFormatException.java:67)\n\
    \tat java.base/java.lang.Long.parseLong(Long.java:721)\n\
    \tat com.example.shop.shipping.TrackingService.find(TrackingService.java:88)\n\
    \tat com.example.shop.shipping.TrackingController.show(TrackingController.java:41)\n\
    \tat org.springframework.web.servlet.FrameworkServlet.service(FrameworkServlet.java:903)\n";

/// Orders are numbered one after the other as time goes by.
fn number_at(scene: &Scene, at: i64) -> i64 {
    880_300 + (at - scene.start()) / 150_000_000
}

fn order(number: i64, person: &Person, slug: &str) -> Value {
    json!({"orderId": number, "status": "PAID", "total": 128.5, "currency": "CNY",
        "items": [{"slug": slug, "quantity": 1, "price": 128.5}],
        "receiver": {"name": person.name, "phone": person.mobile, "address": person.address}})
}

/// Cart, order, payment, parcel.
pub(super) fn buy(scene: &mut Scene, visit: &mut Visit, person: &Person) {
    let slug = scene.rng.pick(SLUGS);
    let item = scene.rng.uuid();
    let cart = json!({"items": [{"itemId": item, "slug": slug, "quantity": 1}], "total": 128.5});
    let add = json!({"slug": slug, "quantity": 1});
    scene.send(visit, ask("POST", "/api/v1/cart/items", &[]).send(&add).json(201, &cart), 3_000);
    if scene.rng.chance(40) {
        let two = json!({"quantity": 2});
        scene.send(
            visit,
            ask("PUT", "/api/v1/cart/items/{itemId}", &[&item]).send(&two).json(200, &cart),
            2_000,
        );
    }
    if scene.rng.chance(12) {
        scene.send(visit, ask("DELETE", "/api/v1/cart/items/{itemId}", &[&item]).status(204), 1_000);
        return;
    }
    scene.send(visit, ask("GET", "/api/v1/cart", &[]).json(200, &cart), 3_000);
    if scene.rng.chance(45) {
        coupon(scene, visit);
    }
    let number = number_at(scene, visit.now);
    let body =
        json!({"receiver": person.name, "phone": person.mobile, "address": person.address, "coupon": null});
    let answer = json!({"orderId": number, "status": "CREATED", "total": 128.5});
    scene.send(visit, ask("POST", "/api/v1/orders", &[]).send(&body).json(201, &answer).took(190), 4_000);
    let pay =
        json!({"orderId": number, "channel": scene.rng.pick(&["alipay", "wechat", "card"]), "amount": 128.5});
    let paid = json!({"paymentId": scene.rng.uuid(), "status": "SUCCESS"});
    scene.send(visit, ask("POST", "/api/v1/payments", &[]).send(&pay).json(200, &paid).took(420), 3_000);
    show(scene, visit, person, number);
}

fn coupon(scene: &mut Scene, visit: &mut Visit) {
    let code = scene.rng.pick(&["SPRING26", "WELCOME10", "FREESHIP", "NEWUSER", "VIPDAY", "TEA5OFF"]);
    let (status, answer) = match code {
        "VIPDAY" => (410, json!({"error": "expired"})),
        _ => (200, json!({"code": code, "off": 10})),
    };
    scene.send(visit, ask("GET", "/api/v1/coupons/{code}", &[code]).json(status, &answer), 2_000);
}

/// The order, its invoice behind a token in the query, and where the parcel is.
fn show(scene: &mut Scene, visit: &mut Visit, person: &Person, number: i64) {
    let text = number.to_string();
    let slug = scene.rng.pick(SLUGS);
    let request = ask("GET", "/api/v1/orders/{orderId}", &[&text]);
    scene.send(visit, request.json(200, &order(number, person, slug)).took(40), 3_000);
    if scene.rng.chance(40) {
        let issued = visit.now / 1_000_000;
        let claims = json!({"sub": person.login, "order": number, "iat": issued, "exp": issued + 600});
        let token = jwt::hs256(&claims, SECRET);
        let answer = json!({"invoiceNo": format!("INV-{number}"), "title": person.name, "amount": 128.5});
        let request = ask("GET", "/api/v1/orders/{orderId}/invoice", &[&text]);
        scene.send(visit, request.query(&format!("access_token={token}")).json(200, &answer).took(85), 2_000);
    }
    if scene.rng.chance(60) {
        track(scene, visit, person);
    }
}

/// A number with letters in front is more than the service can parse: it answers with its stack.
fn track(scene: &mut Scene, visit: &mut Visit, person: &Person) {
    let digits = Rng::new(person.index as u64 + 5).digits(13);
    if scene.rng.chance(9) {
        let request = ask("GET", "/api/v1/shipping/{trackingNo}", &[&format!("SF{digits}")]);
        scene.send(visit, request.text(500, "text/plain;charset=UTF-8", TRACE).took(60), 4_000);
    }
    let answer = json!({"trackingNo": digits, "courier": "顺丰速运", "phone": person.masked_mobile(),
        "events": [{"at": "2026-11-20 18:04", "text": "已揽收"}, {"at": "2026-11-21 09:12", "text": "运输中"}]});
    let request = ask("GET", "/api/v1/shipping/{trackingNo}", &[&digits]);
    scene.send(visit, request.json(200, &answer).took(75), 3_000);
}

/// Past orders.
pub(super) fn look_back(scene: &mut Scene, visit: &mut Visit, person: &Person) {
    let newest = 880_000 + (person.index as i64 * 37) % 290;
    let row = |number: i64| json!({"orderId": number, "status": "DONE", "total": 88.0});
    let rows: Vec<Value> = [newest, newest - 31, newest - 64].into_iter().map(row).collect();
    let request = ask("GET", "/api/v1/orders", &[]).query("page=1&size=10");
    scene.send(visit, request.json(200, &json!({"items": rows})), 3_000);
    show(scene, visit, person, newest);
}

/// One account asks for order after order, and gets other people's.
pub(super) fn walked_through(scene: &mut Scene) {
    let walker = scene.person(131);
    let at = scene.at_local(1, 5);
    let mut visit = scene.visit(&SITE, "203.0.113.77", "python-requests/2.32.3", at);
    let session = scene.rng.hex(32);
    let body = json!({"username": walker.login, "password": walker.password});
    let request = ask("POST", "/api/v1/login", &[])
        .send(&body)
        .json(200, &json!({"ok": true, "nickname": walker.login}));
    scene.send(
        &mut visit,
        request.answer_header("set-cookie", format!("SESSION={session}; Path=/; HttpOnly")),
        900,
    );
    visit.credential = Some(("cookie", format!("SESSION={session}")));
    for number in 880_020..880_260 {
        let owner = scene.person(100 + (number as usize * 7) % 160);
        let slug = scene.rng.pick(SLUGS);
        let request = ask("GET", "/api/v1/orders/{orderId}", &[&number.to_string()]);
        scene.send(&mut visit, request.json(200, &order(number, &owner, slug)).took(40), 700);
    }
}
