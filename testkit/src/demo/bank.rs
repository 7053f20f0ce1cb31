//! `m.bank.example`, the mobile gateway of a bank: Chinese envelopes, signed tokens that expire, masking that
//! is mostly right. Planted: a customer interface of old that asks for no credential and counts its ids.

use model::Scheme;
use serde_json::{Value, json};

use super::ask::{Ask, ask, encode};
use super::scene::{Scene, Site, Visit, address_of};
use crate::{Person, Rng, jwt};

static SITE: Site = Site {
    host: "m.bank.example",
    scheme: Scheme::Https,
    server: "10.20.1.11:8443",
    software: "nginx/1.24.0",
};

const AGENTS: &[&str] = &[
    "BankApp/7.3.1 (iPhone; iOS 18.5; Scale/3.00)",
    "BankApp/7.3.0 (Android 15; PLK-AL10)",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "okhttp/4.12.0",
];
const CURRENCIES: &[&str] =
    &["USD", "EUR", "HKD", "JPY", "GBP", "AUD", "CAD", "CHF", "SGD", "NZD", "THB", "KRW", "SEK", "NOK"];
const PRODUCTS: &[&str] = &[
    "WX-2031", "WX-2044", "WX-2107", "ZY-0881", "ZY-0913", "ZY-1022", "TJ-3001", "TJ-3004", "TJ-3018",
    "AY-7720",
];
const SECRET: &[u8] = b"b3f1c95e0a7d4e62-8a90-gateway-2026-kq7V";

pub(super) fn play(scene: &mut Scene) {
    let crowd: Vec<Person> = (0..120).map(|index| scene.person(index)).collect();
    for _ in 0..470 {
        let person = &crowd[scene.rng.below(crowd.len() as u64) as usize];
        session(scene, person);
    }
    hammered_but_limited(scene, &crowd[5]);
    forgotten_interface(scene);
}

fn ok(data: &Value) -> Value {
    json!({"code": "0000", "message": "成功", "data": data})
}

fn sign_in(scene: &mut Scene, visit: &mut Visit, person: &Person) {
    let issued = visit.now / 1_000_000;
    let claims = json!({"sub": format!("U{:08}", 20_410_000 + person.index), "iat": issued, "exp": issued + 7_200,
        "iss": SITE.host, "scope": "retail"});
    let token = jwt::hs256(&claims, SECRET);
    let device = scene.rng.uuid();
    if scene.rng.chance(25) {
        let sms = ask("POST", "/gateway/auth/sms-code", &[])
            .send(&json!({"mobile": person.mobile, "scene": "login"}));
        scene.send(visit, sms.json(200, &ok(&json!({"expiresIn": 300}))).took(120), 9_000);
    }
    // The password is encrypted in the app: nothing in it is readable.
    let body = json!({"mobile": person.mobile, "credential": format!("RSA:{}", scene.rng.hex(128)), "deviceId": device});
    let answer = ok(&json!({"accessToken": token, "tokenType": "Bearer", "expiresIn": 7200,
        "userName": mask_name(&person.name)}));
    let login = ask("POST", "/gateway/auth/login", &[]).send(&body);
    if scene.rng.chance(6) {
        let wrong = json!({"code": "1003", "message": "用户名或密码错误", "data": null});
        scene.send(
            visit,
            ask("POST", "/gateway/auth/login", &[]).send(&body).json(401, &wrong).took(180),
            6_000,
        );
    }
    scene.send(visit, login.json(200, &answer).took(210), 1_200);
    visit.credential = Some(("authorization", format!("Bearer {token}")));
}

/// `张*`, `欧**`, `A**** B****`.
fn mask_name(name: &str) -> String {
    let mut first = true;
    let mask = |c: char| match (std::mem::replace(&mut first, c == ' '), c) {
        (true, _) | (_, ' ') => c,
        _ => '*',
    };
    name.chars().map(mask).collect()
}

fn session(scene: &mut Scene, person: &Person) {
    let (now, agent) = (scene.moment(), AGENTS[person.index % AGENTS.len()]);
    let mut visit = scene.visit(&SITE, &address_of(person), agent, now);
    sign_in(scene, &mut visit, person);
    let account = account_number(person);
    home(scene, &mut visit, person, &account);
    for _ in 0..scene.rng.between(1, 4) {
        match scene.rng.below(10) {
            0..=2 => statement(scene, &mut visit, person, &account),
            3..=4 => transfer(scene, &mut visit, person),
            5 => payees(scene, &mut visit, person),
            6 => wealth(scene, &mut visit),
            7 => card(scene, &mut visit, person),
            8 => rates(scene, &mut visit),
            _ => inbox(scene, &mut visit),
        }
    }
    if scene.rng.chance(15) {
        let answer = ok(
            &json!({"accessToken": jwt::hs256(&json!({"sub": format!("U{:08}", 20_410_000 + person.index),
            "iat": visit.now / 1_000_000, "exp": visit.now / 1_000_000 + 7_200}), SECRET), "expiresIn": 7200}),
        );
        scene.send(
            &mut visit,
            ask("POST", "/gateway/auth/refresh", &[]).send(&json!({})).json(200, &answer),
            800,
        );
    }
    if scene.rng.chance(35) {
        let answer = ok(&Value::Null);
        scene.send(
            &mut visit,
            ask("POST", "/gateway/auth/logout", &[]).send(&json!({})).json(200, &answer),
            100,
        );
    }
}

/// Sixteen digits that fail the Luhn check: an account, not a card.
fn account_number(person: &Person) -> String {
    let head = format!("9558{:011}", person.index as u64 * 7_919_003 % 100_000_000_000);
    let wrong = crate::luhn_digit(&head).and_then(|c| c.to_digit(10)).unwrap_or(0);
    format!("{head}{}", (wrong + 5) % 10)
}

fn home(scene: &mut Scene, visit: &mut Visit, person: &Person, account: &str) {
    let profile = ok(&json!({"name": mask_name(&person.name), "mobile": person.masked_mobile(),
        "idNo": person.masked_id(), "email": crate::mask_middle(&person.email, 2, 12), "level": "GOLD",
        "branch": "营业部"}));
    scene.send(visit, ask("GET", "/gateway/user/profile", &[]).json(200, &profile), 150);
    let balance = format!("{}.{:02}", scene.rng.between(80, 480_000), scene.rng.below(100));
    let accounts = ok(&json!({"accounts": [
        {"accountNo": account, "type": "CURRENT", "currency": "CNY", "balance": balance},
        {"cardNo": person.masked_card(), "type": "DEBIT", "currency": "CNY", "balance": balance}]}));
    scene.send(visit, ask("GET", "/gateway/accounts", &[]).json(200, &accounts).took(65), 2_500);
    let balance =
        ok(&json!({"accountNo": account, "available": balance, "frozen": "0.00", "currency": "CNY"}));
    scene.send(
        visit,
        ask("GET", "/gateway/accounts/{accountNo}/balance", &[account]).json(200, &balance),
        3_000,
    );
}

fn statement(scene: &mut Scene, visit: &mut Visit, person: &Person, account: &str) {
    for page in 1..=scene.rng.between(1, 3) {
        let entry = |scene: &mut Scene| {
            let partner = scene.rng.below(400) as usize + 1_000;
            let partner = scene.person(partner);
            let rng = &mut scene.rng;
            json!({"id": rng.uuid(), "amount": format!("-{}.{:02}", rng.between(3, 2_900), rng.below(100)),
                "time": format!("2026-{:02}-{:02} {:02}:{:02}:{:02}", rng.between(1, 11), rng.between(1, 28),
                    rng.between(7, 22), rng.below(60), rng.below(60)),
                "summary": rng.pick(&["手机支付", "转账汇款", "水电煤缴费", "信用卡还款", "超市消费"]),
                "counterparty": mask_name(&partner.name)})
        };
        let list: Vec<Value> = (0..10).map(|_| entry(scene)).collect();
        let answer = ok(&json!({"total": 24 + person.index, "page": page, "list": list}));
        let request = ask("GET", "/gateway/accounts/{accountNo}/transactions", &[account])
            .query(&format!("page={page}&size=10&from=2026-01-01"));
        scene.send(visit, request.json(200, &answer).took(95), 4_000);
    }
}

fn transfer(scene: &mut Scene, visit: &mut Visit, person: &Person) {
    let partner = scene.person(300 + person.index % 40);
    let amount = format!("{}.00", scene.rng.between(10, 20_000));
    let id = scene.rng.uuid();
    let body = json!({"toCard": partner.card, "toName": partner.name, "amount": amount, "remark": "还款"});
    let created = ok(&json!({"transferId": id, "status": "PENDING", "toCard": partner.masked_card()}));
    scene.send(
        visit,
        ask("POST", "/gateway/transfers", &[]).send(&body).json(200, &created).took(140),
        5_000,
    );
    let confirm = json!({"smsCode": scene.rng.digits(6)});
    let path = "/gateway/transfers/{transferId}/confirm";
    let (status, answer) = match scene.rng.chance(8) {
        true => (422, json!({"code": "2107", "message": "验证码错误或已过期", "data": null})),
        false => (200, ok(&json!({"transferId": id, "status": "SUCCESS"}))),
    };
    scene.send(visit, ask("POST", path, &[&id]).send(&confirm).json(status, &answer).took(380), 1_500);
    let state = ok(
        &json!({"transferId": id, "status": "SUCCESS", "amount": amount, "toName": mask_name(&partner.name)}),
    );
    scene.send(visit, ask("GET", "/gateway/transfers/{transferId}", &[&id]).json(200, &state), 2_000);
}

/// The list masks the mobile number, the detail shows it: masking that is not consistent.
fn payees(scene: &mut Scene, visit: &mut Visit, person: &Person) {
    let known: Vec<Person> = (0..3).map(|i| scene.person(400 + person.index % 50 + i)).collect();
    let id = |payee: &Person| format!("{:08x}", (payee.index as u32).wrapping_mul(0x9e37_79b1));
    let row = |payee: &Person| {
        json!({"payeeId": id(payee), "name": mask_name(&payee.name), "card": payee.masked_card(),
            "mobile": payee.masked_mobile()})
    };
    let list = ok(&json!({"payees": known.iter().map(row).collect::<Vec<_>>()}));
    scene.send(visit, ask("GET", "/gateway/payees", &[]).json(200, &list), 2_500);
    let one = &known[scene.rng.below(3) as usize];
    let detail = ok(&json!({"payeeId": id(one), "name": one.name, "card": one.card, "mobile": one.mobile}));
    scene.send(visit, ask("GET", "/gateway/payees/{payeeId}", &[&id(one)]).json(200, &detail), 2_500);
    if scene.rng.chance(40) {
        let new = scene.person(500 + person.index % 60);
        let body = json!({"name": new.name, "card": new.card, "mobile": new.mobile});
        let answer = ok(&json!({"payeeId": id(&new)}));
        scene.send(visit, ask("POST", "/gateway/payees", &[]).send(&body).json(201, &answer), 2_000);
        let gone = ask("DELETE", "/gateway/payees/{payeeId}", &[&id(one)]).status(204);
        scene.send(visit, gone, 1_000);
    }
}

fn wealth(scene: &mut Scene, visit: &mut Visit) {
    let row = |code: &str| json!({"code": code, "name": format!("稳盈理财 {code}"), "annualYield": "2.85%", "risk": "R2"});
    let list = ok(&json!({"products": PRODUCTS.iter().map(|code| row(code)).collect::<Vec<_>>()}));
    let request = ask("GET", "/gateway/wealth/products", &[]).query("risk=R2&page=1");
    scene.send(visit, request.json(200, &list).took(55), 3_000);
    let code = scene.rng.pick(PRODUCTS);
    let detail =
        ok(&json!({"code": code, "name": format!("稳盈理财 {code}"), "termDays": 180, "minAmount": 1000}));
    scene.send(visit, ask("GET", "/gateway/wealth/products/{code}", &[code]).json(200, &detail), 3_500);
}

fn card(scene: &mut Scene, visit: &mut Visit, person: &Person) {
    let id = Rng::new(person.index as u64).uuid();
    let answer =
        ok(&json!({"cardId": id, "cardNo": person.masked_card(), "status": "ACTIVE", "limit": 20000}));
    scene.send(visit, ask("GET", "/gateway/cards/{cardId}", &[&id]).json(200, &answer), 2_000);
    if scene.rng.chance(30) {
        let answer = ok(&json!({"cardId": id, "status": "FROZEN"}));
        let body = json!({"reason": "LOST"});
        scene.send(
            visit,
            ask("POST", "/gateway/cards/{cardId}/freeze", &[&id]).send(&body).json(200, &answer),
            900,
        );
    }
}

fn rates(scene: &mut Scene, visit: &mut Visit) {
    for _ in 0..scene.rng.between(1, 4) {
        let currency = scene.rng.pick(CURRENCIES);
        let answer = ok(&json!({"currency": currency, "buy": 698 + scene.rng.below(40), "sell": 741}));
        scene.send(
            visit,
            ask("GET", "/gateway/rates/{currency}", &[currency]).json(200, &answer).took(12),
            2_000,
        );
    }
    let city = scene.rng.pick(&["上海市", "深圳市", "成都市"]);
    let answer = ok(&json!({"branches": [{"name": format!("{city}分行营业部"), "open": "09:00-17:00"}]}));
    let request = ask("GET", "/gateway/branches", &[]).query(&format!("city={}", encode(city)));
    scene.send(visit, request.json(200, &answer), 2_000);
}

fn inbox(scene: &mut Scene, visit: &mut Visit) {
    let cursor = scene.rng.hex(12);
    let answer =
        ok(&json!({"items": [{"title": "账单提醒", "read": false}, {"title": "系统维护公告", "read": true}],
        "next": cursor}));
    let request = ask("GET", "/gateway/messages", &[]).query(&format!("cursor={cursor}"));
    scene.send(visit, request.json(200, &answer), 2_000);
}

/// A row of failed logins that the gateway slows down: no weakness, and must not be taken for one.
fn hammered_but_limited(scene: &mut Scene, victim: &Person) {
    let at = scene.at_local(4, 10);
    let mut visit = scene.visit(&SITE, "198.51.100.233", "python-requests/2.32.3", at);
    for attempt in 0..40 {
        let body = json!({"mobile": victim.mobile, "credential": format!("RSA:{}", scene.rng.hex(128)), "deviceId": "x"});
        let (status, answer) = match attempt {
            0..=4 => (401, json!({"code": "1003", "message": "用户名或密码错误", "data": null})),
            _ => (429, json!({"code": "1029", "message": "尝试次数过多，请稍后再试", "data": null})),
        };
        scene.send(&mut visit, login_try(&body, status, &answer), 1_100);
    }
}

fn login_try(body: &Value, status: u16, answer: &Value) -> Ask {
    ask("POST", "/gateway/auth/login", &[]).send(body).json(status, answer).took(90)
}

/// Version 1 of a customer interface: a nightly batch still reads it, and so does somebody from outside.
fn forgotten_interface(scene: &mut Scene) {
    let batch = ("10.20.7.33", "Apache-HttpClient/4.5.13 (Java/1.8.0_202)", scene.at_local(2, 0), 36, 4_000);
    let stranger = ("203.0.113.199", "curl/8.5.0", scene.at_local(23, 40), 28, 900);
    for (client, agent, at, count, pace) in [batch, stranger] {
        let mut visit = scene.visit(&SITE, client, agent, at);
        for i in 0..count {
            let person = scene.citizen(2_000 + i);
            let id = (100_231 + i).to_string();
            let answer = json!({"id": 100_231 + i, "name": person.name, "idCard": person.resident_id,
                "mobile": person.mobile, "address": person.address, "cardNo": person.card});
            let request = ask("GET", "/api/v1/legacy/customers/{id}", &[&id]);
            scene.send(&mut visit, request.json(200, &answer).took(160), pace);
        }
    }
}
