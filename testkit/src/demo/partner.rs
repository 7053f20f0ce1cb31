//! `api.old.example`, an interface for partners from another age: one address with `method=`, SOAP, JSON-RPC,
//! Basic credentials. Planted: tokens that never expire, and database errors handed to the caller.

use model::Scheme;
use serde_json::json;

use super::ask::{Ask, ask, encode};
use super::scene::{Scene, Site, Visit};
use crate::jwt;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

static SITE: Site = Site {
    host: "api.old.example",
    scheme: Scheme::Https,
    server: "10.20.9.4:443",
    software: "Microsoft-IIS/7.5",
};
const PARTNERS: &[(&str, &str, &str)] = &[
    ("hetao-travel", "198.51.100.20", "Java/1.8.0_341"),
    ("northwind-pay", "198.51.100.41", "PostmanRuntime/7.44.1"),
    ("qinghe-retail", "203.0.113.8", "PHP-SOAP/7.4.33"),
    ("blue-ferry", "192.0.2.17", "axios/1.9.0"),
];
const SECRET: &[u8] = b"0d5e9b7a-partner-77c1-4f6e-b2a8-93d1";
const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";
const XML: &str = "text/xml; charset=utf-8";
const ORACLE: &str = "<?xml version=\"1.0\"?><response><code>500</code><msg>java.sql.SQLSyntaxErrorException: ORA-00933: \
    SQL command not properly ended&#10;  at oracle.jdbc.driver.T4CTTIoer.processError(T4CTTIoer.java:450)&#10;  at \
    com.old.api.OrderDao.query(OrderDao.java:118)</msg></response>";

pub(super) fn play(scene: &mut Scene) {
    for (name, address, agent) in PARTNERS {
        for _ in 0..34 {
            let at = scene.moment();
            let mut visit = scene.visit(&SITE, address, agent, at);
            token(scene, &mut visit, name);
            for _ in 0..scene.rng.between(3, 9) {
                gateway(scene, &mut visit, name);
            }
            match scene.rng.below(3) {
                0 => policy(scene, &mut visit),
                1 => balance(scene, &mut visit),
                _ => member(scene, &mut visit, name),
            }
        }
    }
}

/// The token carries no `exp`: once lost, good for ever.
fn token(scene: &mut Scene, visit: &mut Visit, partner: &str) {
    let claims = json!({"sub": partner, "iat": visit.now / 1_000_000, "scope": "order pay"});
    let token = jwt::hs256(&claims, SECRET);
    let body =
        format!("grant_type=client_credentials&client_id={partner}&client_assertion={}", scene.rng.hex(40));
    let request = ask("POST", "/oauth/token", &[]).send_text(FORM, body);
    scene.send(
        visit,
        request.json(200, &json!({"access_token": token, "token_type": "Bearer"})).took(60),
        700,
    );
    visit.credential = Some(("authorization", format!("Bearer {token}")));
}

fn gateway_call(scene: &mut Scene, partner: &str, operation: &'static str, content: &str) -> Ask {
    let body = format!(
        "app_id={partner}&format=xml&version=1.0&sign={}&biz_content={}",
        scene.rng.hex(32),
        encode(content)
    );
    ask("POST", "/gateway.do", &[]).operation(operation).query(operation).send_text(FORM, body).took(110)
}

fn gateway(scene: &mut Scene, visit: &mut Visit, partner: &str) {
    let index = scene.rng.below(60) as usize;
    let person = scene.person(800 + index);
    let number = format!("OLD{}", scene.rng.digits(14));
    let done = |inner: &str| format!("<?xml version=\"1.0\"?><response><code>200</code>{inner}</response>");
    let request = match scene.rng.below(12) {
        0..=1 => {
            let content = json!({"member": person.login}).to_string();
            let answer =
                format!("<member><level>2</level><mobile>{}</mobile></member>", person.masked_mobile());
            gateway_call(scene, partner, "method=user.query", &content).text(200, XML, done(&answer))
        }
        2..=4 => {
            let content =
                json!({"sku": "A-1044", "receiver": person.name, "mobile": person.mobile}).to_string();
            let answer = format!("<order><no>{number}</no></order>");
            gateway_call(scene, partner, "method=order.create", &content).text(200, XML, done(&answer))
        }
        5..=7 => {
            let bad = scene.rng.chance(7);
            let content = json!({"no": if bad { "OLD'" } else { number.as_str() }}).to_string();
            let request = gateway_call(scene, partner, "method=order.query", &content);
            if bad {
                request.text(500, XML, ORACLE)
            } else {
                request.text(200, XML, done(&format!("<order><no>{number}</no><state>SENT</state></order>")))
            }
        }
        8..=9 => {
            let content = json!({"no": number, "amount": "88.00", "state": "PAID"}).to_string();
            gateway_call(scene, partner, "method=pay.notify", &content).text(200, XML, done("<ack>1</ack>"))
        }
        10 => {
            let content = json!({"member": person.login, "points": 20}).to_string();
            gateway_call(scene, partner, "method=point.add", &content).text(
                200,
                XML,
                done("<points>120</points>"),
            )
        }
        _ => {
            let content = json!({"mobile": person.mobile, "template": "T-07"}).to_string();
            gateway_call(scene, partner, "method=sms.send", &content).text(200, XML, done("<sent>1</sent>"))
        }
    };
    scene.send(visit, request, 1_800);
}

fn policy(scene: &mut Scene, visit: &mut Visit) {
    let number = scene.rng.digits(12);
    let wrap = |inner: &str| {
        format!(
            "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>{inner}</soap:Body>\
             </soap:Envelope>"
        )
    };
    let asked = format!("<queryPolicy xmlns=\"urn:old:policy\"><policyNo>{number}</policyNo></queryPolicy>");
    let told = format!(
        "<queryPolicyResponse xmlns=\"urn:old:policy\"><policyNo>{number}</policyNo><state>VALID</state>\
         </queryPolicyResponse>"
    );
    let request = ask("POST", "/services/PolicyService", &[])
        .operation("{urn:old:policy}queryPolicy")
        .header("soapaction", "\"urn:old:policy/queryPolicy\"");
    scene.send(visit, request.send_text(XML, wrap(&asked)).text(200, XML, wrap(&told)).took(150), 2_000);
}

fn balance(scene: &mut Scene, visit: &mut Visit) {
    for id in 1..=scene.rng.between(1, 3) {
        let body =
            json!({"jsonrpc": "2.0", "id": id, "method": "balance.get", "params": {"currency": "CNY"}});
        let answer =
            json!({"jsonrpc": "2.0", "id": id, "result": {"balance": "120032.50", "currency": "CNY"}});
        let request = ask("POST", "/rpc", &[]).operation("balance.get").send(&body);
        scene.send(visit, request.json(200, &answer).took(45), 1_500);
    }
}

/// Basic credentials over TLS: old, but no weakness by itself.
fn member(scene: &mut Scene, visit: &mut Visit, partner: &str) {
    let pair = STANDARD.encode(format!("{partner}:Kd8#{}", partner.len() * 7_919));
    let bearer = visit.credential.replace(("authorization", format!("Basic {pair}")));
    let id = scene.rng.uuid();
    let answer = json!({"openid": id, "level": 3, "since": "2019-06-01"});
    scene.send(visit, ask("GET", "/open/v1/members/{openid}", &[&id]).json(200, &answer), 1_500);
    visit.credential = bearer;
}
