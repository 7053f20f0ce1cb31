//! `shop.example.com`, browsing and accounts: session cookies, slugs, GraphQL, static files. Planted here:
//! a registration that sends the password back, a kiosk login in clear text, a login that nobody slows down.

use model::Scheme;
use serde_json::{Value, json};

use super::ask::{ask, encode};
use super::scene::{Scene, Site, Visit, address_of};
use super::shop_orders;
use crate::Person;

pub(super) static SITE: Site =
    Site { host: "shop.example.com", scheme: Scheme::Https, server: "10.30.2.5:443", software: "openresty" };
/// The same site as the tills in the branches still reach it.
static KIOSK: Site =
    Site { host: "shop.example.com", scheme: Scheme::Http, server: "10.30.2.5:80", software: "openresty" };

const AGENTS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Safari/605.1.15",
    "Mozilla/5.0 (Linux; Android 15; 23127PN0CC) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
];
pub(super) const SLUGS: &[&str] = &[
    "linen-shirt",
    "oak-side-table",
    "ceramic-teapot",
    "wool-blanket",
    "desk-lamp-brass",
    "canvas-tote",
    "steel-thermos",
    "bamboo-cutting-board",
    "rain-jacket",
    "trail-running-shoes",
    "noise-free-headphones",
    "mechanical-keyboard",
    "usb-c-dock",
    "pour-over-kettle",
    "espresso-grinder",
    "yoga-mat-cork",
    "cast-iron-skillet",
    "graphite-pencils",
    "sketchbook-a4",
    "travel-adapter",
    "bike-light-set",
    "tent-two-person",
    "camping-stove",
    "down-pillow",
    "silk-scarf",
    "leather-wallet",
    "field-notebook",
    "reading-glasses",
];
const CATEGORIES: &[&str] =
    &["kitchen", "outdoor", "office", "clothing", "audio", "bedroom", "cycling", "stationery"];
const WORDS: &[&str] =
    &["茶壶", "lamp", "雨衣", "keyboard", "帐篷", "teapot", "running shoes", "毛毯", "台灯", "tote"];

pub(super) fn play(scene: &mut Scene) {
    let crowd: Vec<Person> = (100..260).map(|index| scene.person(index)).collect();
    for _ in 0..560 {
        let person = &crowd[scene.rng.below(crowd.len() as u64) as usize];
        session(scene, person);
    }
    for index in 600..640 {
        let person = scene.person(index);
        register(scene, &person);
    }
    kiosks(scene);
    hammered(scene, &crowd);
    shop_orders::walked_through(scene);
}

fn session(scene: &mut Scene, person: &Person) {
    let (now, agent) = (scene.moment(), AGENTS[person.index % AGENTS.len()]);
    let mut visit = scene.visit(&SITE, &address_of(person), agent, now);
    page_load(scene, &mut visit);
    for _ in 0..scene.rng.between(1, 4) {
        browse(scene, &mut visit);
    }
    if scene.rng.chance(55) {
        sign_in(scene, &mut visit, person);
        account(scene, &mut visit, person);
        if scene.rng.chance(70) {
            shop_orders::buy(scene, &mut visit, person);
        } else {
            shop_orders::look_back(scene, &mut visit, person);
        }
    }
}

/// The page and the files that a browser fetches with it.
fn page_load(scene: &mut Scene, visit: &mut Visit) {
    let html = "<!doctype html><html><head><title>Shop</title></head><body><div id=app></div></body></html>";
    scene.send(visit, ask("GET", "/", &[]).noise().text(200, "text/html; charset=utf-8", html), 60);
    let files = [
        ("/static/js/app.3f2a91c4.js", "application/javascript", "(()=>{\"use strict\";})();"),
        ("/static/css/app.8d10b2e7.css", "text/css", "body{margin:0}"),
        ("/static/img/logo.svg", "image/svg+xml", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
        ("/favicon.ico", "image/x-icon", "\u{0}\u{0}\u{1}"),
    ];
    let count = scene.rng.between(1, 4) as usize;
    for (path, kind, body) in files.iter().take(count) {
        let file = ask("GET", path, &[]).noise().text(200, kind, *body);
        scene.send(visit, file.answer_header("cache-control", "public, max-age=31536000").took(6), 20);
    }
}

fn product(slug: &str) -> Value {
    json!({"slug": slug, "title": slug.replace('-', " "), "price": 19.9 + slug.len() as f64, "currency": "CNY",
        "stock": slug.len() * 7, "tags": ["new", "sale"]})
}

fn browse(scene: &mut Scene, visit: &mut Visit) {
    let slug = scene.rng.pick(SLUGS);
    match scene.rng.below(6) {
        0 => {
            let category = scene.rng.pick(CATEGORIES);
            let page = scene.rng.between(1, 5);
            let rows: Vec<Value> = SLUGS.iter().take(8).map(|slug| product(slug)).collect();
            let answer = json!({"items": rows, "page": page, "total": 112});
            let request = ask("GET", "/api/v1/categories/{name}/products", &[category]);
            scene.send(visit, request.query(&format!("page={page}")).json(200, &answer).took(48), 5_000);
        }
        1 => {
            let word = scene.rng.pick(WORDS);
            let rows: Vec<Value> =
                SLUGS.iter().skip(word.len() % 9).take(4).map(|slug| product(slug)).collect();
            let request = ask("GET", "/api/v1/search", &[]).query(&format!("q={}", encode(word)));
            scene.send(visit, request.json(200, &json!({"items": rows, "total": 4})).took(110), 4_000);
        }
        2 => {
            let query = "query products { products(first: 6) { slug title price } }";
            let rows: Vec<Value> = SLUGS.iter().skip(3).take(6).map(|slug| product(slug)).collect();
            let request =
                ask("POST", "/graphql", &[]).operation("query products").send(&json!({"query": query}));
            scene.send(visit, request.json(200, &json!({"data": {"products": rows}})).took(70), 4_000);
        }
        _ => {
            scene.send(
                visit,
                ask("GET", "/api/v1/products/{slug}", &[slug]).json(200, &product(slug)),
                3_500,
            );
            let reviews = json!({"items": [{"nickname": "茶客", "stars": 5, "text": "很好用，推荐。"},
                {"nickname": "hiker_77", "stars": 4, "text": "Solid, arrived in two days."}]});
            let request = ask("GET", "/api/v1/products/{slug}/reviews", &[slug]);
            scene.send(visit, request.json(200, &reviews), 3_000);
            let image = format!("/static/img/p/{slug}.webp");
            let file =
                ask("GET", "{file}", &[&image]).noise().text(200, "image/webp", "RIFF\u{4}\u{0}WEBPVP8 ");
            scene.send(visit, file.took(9), 200);
        }
    }
}

fn sign_in(scene: &mut Scene, visit: &mut Visit, person: &Person) {
    let body = json!({"username": person.login, "password": person.password});
    if scene.rng.chance(8) {
        let wrong = json!({"username": person.login, "password": person.password.to_lowercase()});
        let refused = json!({"error": "invalid_credentials"});
        scene.send(
            visit,
            ask("POST", "/api/v1/login", &[]).send(&wrong).json(401, &refused).took(160),
            5_000,
        );
    }
    let session = scene.rng.hex(32);
    let request = ask("POST", "/api/v1/login", &[])
        .send(&body)
        .json(200, &json!({"ok": true, "nickname": person.login}));
    let cookie = format!("SESSION={session}; Path=/; HttpOnly; Secure; SameSite=Lax");
    scene.send(visit, request.answer_header("set-cookie", cookie).took(170), 1_500);
    visit.credential = Some(("cookie", format!("SESSION={session}")));
}

fn account(scene: &mut Scene, visit: &mut Visit, person: &Person) {
    let me = json!({"username": person.login, "name": person.name, "email": person.email,
        "phone": person.masked_mobile(), "points": person.index * 13});
    scene.send(visit, ask("GET", "/api/v1/me", &[]).json(200, &me), 2_000);
    if scene.rng.chance(20) {
        let change = json!({"nickname": format!("{}_x", person.login)});
        scene.send(visit, ask("PATCH", "/api/v1/me", &[]).send(&change).json(200, &me), 2_000);
    }
    if scene.rng.chance(50) {
        let rows = json!({"items": [{"id": scene.rng.hex(8), "receiver": person.name, "phone": person.mobile,
            "address": person.address, "default": true}]});
        scene.send(visit, ask("GET", "/api/v1/me/addresses", &[]).json(200, &rows), 2_000);
    }
    if scene.rng.chance(15) {
        let body = json!({"receiver": person.name, "phone": person.mobile, "address": person.address});
        let answer = json!({"id": scene.rng.hex(8)});
        scene.send(visit, ask("POST", "/api/v1/me/addresses", &[]).send(&body).json(201, &answer), 2_000);
    }
    if scene.rng.chance(25) {
        let slug = scene.rng.pick(SLUGS);
        let query = "mutation addToWishlist($slug: ID!) { addToWishlist(slug: $slug) { count } }";
        let request = ask("POST", "/graphql", &[]).operation("mutation addToWishlist");
        let body = json!({"query": query, "variables": {"slug": slug}});
        let answer = json!({"data": {"addToWishlist": {"count": 3}}});
        scene.send(visit, request.send(&body).json(200, &answer), 2_000);
    }
    if scene.rng.chance(20) {
        let review = json!({"stars": scene.rng.between(3, 5), "text": "包装很好"});
        let slug = scene.rng.pick(SLUGS);
        let request = ask("POST", "/api/v1/products/{slug}/reviews", &[slug]).send(&review);
        scene.send(visit, request.json(201, &json!({"accepted": true})), 2_000);
    }
}

/// Registration answers with the whole record that was stored, password included.
fn register(scene: &mut Scene, person: &Person) {
    let now = scene.moment();
    let mut visit = scene.visit(&SITE, &address_of(person), AGENTS[person.index % AGENTS.len()], now);
    page_load(scene, &mut visit);
    let body = json!({"username": person.login, "password": person.password, "email": person.email});
    let answer = json!({"id": scene.rng.hex(12), "username": person.login, "password": person.password,
        "status": "ACTIVE"});
    scene.send(
        &mut visit,
        ask("POST", "/api/v1/register", &[]).send(&body).json(201, &answer).took(230),
        4_000,
    );
    sign_in(scene, &mut visit, person);
    account(scene, &mut visit, person);
}

/// Tills in the branches log in over plain HTTP, from the company network.
fn kiosks(scene: &mut Scene) {
    for till in 0..24_i64 {
        let clerk = scene.person(700 + till as usize);
        let at = scene.at_local(8, 20 + till);
        let mut visit =
            scene.visit(&KIOSK, &format!("10.40.{}.21", till + 1), "KioskTill/2.4 (Windows Embedded)", at);
        let body = format!("username={}&password={}&till={till}", clerk.login, encode(&clerk.password));
        let request = ask("POST", "/kiosk/login", &[]).send_text("application/x-www-form-urlencoded", body);
        let session = scene.rng.hex(32);
        let request = request.answer_header("set-cookie", format!("TILL={session}; Path=/kiosk"));
        scene.send(&mut visit, request.json(200, &json!({"ok": true})), 60_000);
        visit.credential = Some(("cookie", format!("TILL={session}")));
        for _ in 0..6 {
            let slug = scene.rng.pick(SLUGS);
            let answer = json!({"slug": slug, "onHand": scene.rng.between(0, 40)});
            scene.send(&mut visit, ask("GET", "/kiosk/stock/{slug}", &[slug]).json(200, &answer), 3_600_000);
        }
    }
}

/// One address tries passwords against many accounts, and the shop answers each time as fast as before.
fn hammered(scene: &mut Scene, crowd: &[Person]) {
    let at = scene.at_local(3, 15);
    let mut visit = scene.visit(&SITE, "192.0.2.251", "python-httpx/0.28.1", at);
    for attempt in 0..220 {
        let person = &crowd[attempt % 40];
        let guess = scene.rng.pick(&["123456", "password", "qwerty123", "abc123456", "iloveyou", "888888"]);
        let body = json!({"username": person.login, "password": guess});
        let refused = json!({"error": "invalid_credentials"});
        scene.send(
            &mut visit,
            ask("POST", "/api/v1/login", &[]).send(&body).json(401, &refused).took(120),
            900,
        );
    }
}
