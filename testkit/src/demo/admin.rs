//! `admin.corp.example`, the internal administration over plain HTTP: tokens signed with a secret from any list,
//! an export that hands out hundreds of customers, debug variables open to whoever is in the network.

use model::Scheme;
use serde_json::{Value, json};

use super::ask::ask;
use super::scene::{Scene, Site, Visit};
use crate::{Person, jwt};

static SITE: Site = Site {
    host: "admin.corp.example",
    scheme: Scheme::Http,
    server: "10.8.0.5:8080",
    software: "Apache-Coyote/1.1",
};
const AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36";
const SECRET: &[u8] = b"secret";
/// People in one answer of the export.
const EXPORTED: usize = 420;

pub(super) fn play(scene: &mut Scene) {
    let staff: Vec<Person> = (900..922).map(|index| scene.citizen(index)).collect();
    for round in 0..110 {
        let person = &staff[round % staff.len()];
        shift(scene, person);
    }
    exports(scene, &staff[3]);
    debug(scene);
}

fn sign_in(scene: &mut Scene, visit: &mut Visit, person: &Person) {
    let issued = visit.now / 1_000_000;
    let claims = json!({"sub": person.login, "role": "operator", "iat": issued, "exp": issued + 28_800});
    let token = jwt::hs256(&claims, SECRET);
    let body = json!({"username": person.login, "password": person.password});
    if scene.rng.chance(10) {
        let wrong = json!({"username": person.login, "password": person.password.to_uppercase()});
        let refused = json!({"success": false, "message": "登录失败"});
        scene.send(visit, ask("POST", "/login", &[]).send(&wrong).json(401, &refused), 4_000);
    }
    let answer = json!({"success": true, "token": token});
    scene.send(visit, ask("POST", "/login", &[]).send(&body).json(200, &answer).took(95), 1_500);
    visit.credential = Some(("authorization", format!("Bearer {token}")));
}

fn arrive(scene: &mut Scene, person: &Person, at: i64) -> Visit {
    let client = format!("10.8.{}.{}", 10 + person.index % 4, 20 + person.index % 200);
    let mut visit = scene.visit(&SITE, &client, AGENT, at);
    sign_in(scene, &mut visit, person);
    visit
}

fn shift(scene: &mut Scene, person: &Person) {
    let at = scene.moment();
    let mut visit = arrive(scene, person, at);
    let board = json!({"openCases": 14, "approvals": 3, "slaBreaches": 0});
    scene.send(&mut visit, ask("GET", "/api/dashboard", &[]).json(200, &board), 4_000);
    for _ in 0..scene.rng.between(3, 9) {
        match scene.rng.below(8) {
            0 => colleagues(scene, &mut visit),
            1 | 2 => customer(scene, &mut visit),
            3 => approve(scene, &mut visit),
            4 => report(scene, &mut visit),
            5 => audit(scene, &mut visit),
            _ => case(scene, &mut visit),
        }
    }
}

/// Eight digits spread over their whole range: not to be counted through.
fn staff_number(index: usize) -> String {
    format!("{:08}", (index as u64).wrapping_mul(2_654_435_761) % 90_000_000 + 10_000_000)
}

fn colleagues(scene: &mut Scene, visit: &mut Visit) {
    let page = scene.rng.between(1, 6);
    let row = |person: &Person| {
        json!({"empNo": staff_number(person.index), "name": person.name, "mobile": person.masked_mobile(),
            "department": "运营管理部"})
    };
    let people: Vec<Person> = (0..6).map(|i| scene.citizen(900 + page as usize * 6 + i)).collect();
    let answer = json!({"total": 36, "rows": people.iter().map(row).collect::<Vec<_>>()});
    let request = ask("GET", "/api/employees", &[]).query(&format!("dept=ops&page={page}"));
    scene.send(visit, request.json(200, &answer).took(70), 4_000);
    let one = &people[scene.rng.below(6) as usize];
    let number = staff_number(one.index);
    let record =
        json!({"empNo": number, "name": one.name, "email": one.email, "mobile": one.masked_mobile()});
    scene.send(visit, ask("GET", "/api/employees/{empNo}", &[&number]).json(200, &record), 3_000);
    if scene.rng.chance(25) {
        let change = json!({"department": "风险管理部"});
        let done = json!({"success": true});
        scene.send(
            visit,
            ask("PUT", "/api/employees/{empNo}", &[&number]).send(&change).json(200, &done),
            2_000,
        );
    }
}

fn customer(scene: &mut Scene, visit: &mut Visit) {
    let index = scene.rng.below(120) as usize;
    let person = scene.person(index);
    let id = format!("U{:08}", 20_410_000 + person.index);
    let rows = json!({"rows": [{"customerId": id, "name": person.name, "mobile": person.masked_mobile()}]});
    let request = ask("GET", "/api/customers/search", &[]).query(&format!("mobile={}", person.mobile));
    scene.send(visit, request.json(200, &rows).took(130), 3_000);
    let note = json!({"customerId": id, "text": "客户来电咨询转账限额"});
    scene.send(
        visit,
        ask("POST", "/api/customers/notes", &[]).send(&note).json(201, &json!({"success": true})),
        2_000,
    );
}

fn approve(scene: &mut Scene, visit: &mut Visit) {
    let id = scene.rng.uuid();
    let rows = json!({"rows": [{"id": id, "kind": "LIMIT_RAISE", "amount": 50000}]});
    scene.send(visit, ask("GET", "/api/approvals", &[]).query("state=open").json(200, &rows), 4_000);
    let body = json!({"decision": "APPROVED", "comment": "同意"});
    let request = ask("POST", "/api/approvals/{approvalId}/decision", &[&id]).send(&body);
    scene.send(visit, request.json(200, &json!({"success": true})), 2_000);
}

fn report(scene: &mut Scene, visit: &mut Visit) {
    let month = format!("2026-{:02}", scene.rng.between(1, 11));
    let answer = json!({"month": month, "newCustomers": 412, "transfers": 90_112, "complaints": 7});
    let request = ask("GET", "/api/reports/{month}/summary", &[&month]);
    scene.send(visit, request.json(200, &answer).took(320), 5_000);
}

fn audit(scene: &mut Scene, visit: &mut Visit) {
    let row =
        |i: i64| json!({"at": format!("2026-11-21T09:{i:02}:00+08:00"), "action": "LOGIN", "result": "OK"});
    let rows: Vec<Value> = (10..18).map(row).collect();
    let page = scene.rng.between(1, 20);
    let request = ask("GET", "/api/audit/logs", &[]).query(&format!("page={page}"));
    scene.send(visit, request.json(200, &json!({"rows": rows})), 4_000);
}

fn case(scene: &mut Scene, visit: &mut Visit) {
    let id = format!("CASE-{}-{}", scene.rng.between(2024, 2026), scene.rng.digits(7));
    let answer = json!({"caseId": id, "state": "OPEN", "title": "疑似重复扣款", "priority": "P2"});
    scene.send(visit, ask("GET", "/api/cases/{caseId}", &[&id]).json(200, &answer), 6_000);
    if scene.rng.chance(40) {
        let body = json!({"text": "已联系商户核实"});
        let request = ask("POST", "/api/cases/{caseId}/comments", &[&id]).send(&body);
        scene.send(visit, request.json(201, &json!({"success": true})), 3_000);
    }
}

/// Hundreds of customers in one answer, nothing masked; most often by one person, once after midnight.
fn exports(scene: &mut Scene, person: &Person) {
    for (hour, branch) in
        [(10, "上海徐汇支行"), (15, "深圳南山支行"), (17, "成都锦江支行"), (0, "上海徐汇支行")]
    {
        let at = scene.at_local(hour, 41);
        let mut visit = arrive(scene, person, at);
        let offset = branch.len() * 400 + hour as usize * EXPORTED + 5_000;
        let row = |i: usize| {
            let customer = scene.citizen(offset + i);
            json!({"name": customer.name, "idCard": customer.resident_id, "mobile": customer.mobile,
                "cardNo": customer.card, "address": customer.address})
        };
        let rows: Vec<Value> = (0..EXPORTED).map(row).collect();
        let answer = json!({"branch": branch, "count": rows.len(), "rows": rows});
        let query = format!("branch={}&format=json", super::ask::encode(branch));
        let request = ask("GET", "/api/customers/export", &[]).query(&query);
        scene.send(&mut visit, request.json(200, &answer).took(2_400), 3_000);
    }
}

/// Runtime variables that a developer left open, read by a dashboard without any credential.
fn debug(scene: &mut Scene) {
    for hour in 0..24 {
        let at = scene.at_local(hour, 17);
        let mut visit = scene.visit(&SITE, "10.8.0.90", "Go-http-client/1.1", at);
        let answer = json!({"cmdline": ["/opt/admin/bin/server", "-env=prod"], "memstats": {"Alloc": 48_812_032,
            "NumGC": 901 + hour}, "db": {"open": 12, "dsn": "oracle://10.8.0.60:1521/CORE"}});
        scene.send(&mut visit, ask("GET", "/debug/vars", &[]).json(200, &answer).took(8), 1_000);
    }
}
