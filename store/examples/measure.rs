//! Measures the embedded stores: accepting, sealing, and queries over many calls; saving a large catalogue.
//! `cargo run -p store --example measure -- [CALLS]`, figures go to stderr. See `docs/decisions/0002-*`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{Call, CallId, Headers, LoggedCall, Message, Timestamp, ValueHash};
use store::conformance::sample;
use store::{CallLog, CallQuery, Knowledge, Position, Store, StoreError};

/// A number that looks random, the same in every run.
fn scatter(n: u64) -> u64 {
    let mut x = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// A call of about 1 kB, as an application makes them.
fn call(n: u64) -> Call {
    let r = scatter(n);
    let headers: Headers = [
        ("host", "shop.example.com"),
        ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0"),
        ("accept", "application/json, text/plain, */*"),
        ("authorization", &format!("Bearer {:016x}{:016x}", scatter(r), scatter(r + 1))),
        ("content-type", "application/json"),
    ]
    .into_iter()
    .collect();
    let body = format!(
        r#"{{"order":{n},"customer":{{"id":{},"name":"wanfang{}","phone":"138{:08}"}},"items":[{{"sku":"{:08x}","count":{},"price":{}}},{{"sku":"{:08x}","count":1,"price":12.5}}],"note":"please ring twice","total":{}}}"#,
        r % 100_000,
        r % 5_000,
        r % 100_000_000,
        scatter(r + 2) as u32,
        r % 9,
        r % 1_000,
        scatter(r + 3) as u32,
        r % 5_000,
    );
    let message =
        |body: String| Message { headers: headers.clone(), body_size: None, body: Some(body.into_bytes()) };
    let mut call = sample::call(n * 12);
    call.id = CallId::new(format!("{:016x}", scatter(n + 7)));
    call.ts = Timestamp(sample::START + n as i64 * 1_000);
    call.target = format!("/api/v{}/orders/{n}?page={}", r % 40, r % 9);
    call.request = Some(message(String::new()));
    call.response = Some(message(body));
    call.messages.clear();
    call
}

fn logged(n: u64) -> LoggedCall {
    let mut row = sample::logged(n * 2);
    row.call = call(n);
    row.observation.endpoint = model::EndpointId(scatter(scatter(n) % 200));
    row.observation.account =
        Some((format!("shop.example.com/wanfang{}", scatter(n) % 5_000), model::AccountEvidence::Jwt));
    for (index, hit) in row.observation.data.iter_mut().enumerate() {
        // Each value comes back in about ten calls.
        hit.hash = Some(ValueHash(scatter(scatter(n + index as u64) % 100_000)));
    }
    row
}

fn say(what: &str, count: u64, took: Duration) {
    let per_second = count as f64 / took.as_secs_f64();
    eprintln!("{what:44} {:>9.1} ms {:>12.0} /s", took.as_secs_f64() * 1e3, per_second);
}

async fn accepting(log: &Arc<dyn CallLog>) -> Result<(), StoreError> {
    for (batch, senders) in [(100u64, 1u64), (1_000, 1), (100, 8), (1_000, 8)] {
        let calls: Arc<Vec<Call>> = Arc::new((0..batch).map(call).collect());
        let rounds = 40_000 / batch / senders;
        let bytes = log.stats().await?.journal_bytes;
        let start = Instant::now();
        let tasks: Vec<_> = (0..senders)
            .map(|_| {
                let (log, calls) = (Arc::clone(log), Arc::clone(&calls));
                tokio::spawn(async move {
                    for _ in 0..rounds {
                        log.accept(&calls).await?;
                    }
                    Ok::<_, StoreError>(())
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic")?;
        }
        let count = rounds * batch * senders;
        say(&format!("accept, batches of {batch}, {senders} senders"), count, start.elapsed());
        eprintln!("  journal bytes per call: {}", (log.stats().await?.journal_bytes - bytes) / count);
    }
    Ok(())
}

async fn filling(log: &Arc<dyn CallLog>, calls: u64) -> Result<(), StoreError> {
    let json: usize = (0..100).map(|n| serde_json::to_vec(&call(n)).map_or(0, |json| json.len())).sum();
    eprintln!("call record: {} bytes", json / 100);
    let (mut accept, mut append, mut seal) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let mut at = log.positions().await?.0;
    log.append(Vec::new(), at).await?;
    for block in 0..calls.div_ceil(10_000) {
        let range = block * 10_000..calls.min(block * 10_000 + 10_000);
        let raw: Vec<Call> = range.clone().map(call).collect();
        let rows: Vec<LoggedCall> = range.map(logged).collect();
        let start = Instant::now();
        at = log.accept(&raw).await?;
        accept += start.elapsed();
        let start = Instant::now();
        log.append(rows, at).await?;
        append += start.elapsed();
        if block % 20 == 19 {
            let start = Instant::now();
            let covered = log.seal().await?;
            log.release(covered).await?;
            seal += start.elapsed();
        }
    }
    let start = Instant::now();
    log.seal().await?;
    seal += start.elapsed();
    let stats = log.stats().await?;
    say("accept, batches of 10000", calls, accept);
    say("append", calls, append);
    say("seal", calls, seal);
    eprintln!("  {} segments, {} bytes per call", stats.segments, stats.segment_bytes / stats.calls);
    Ok(())
}

async fn queries(log: &Arc<dyn CallLog>, calls: u64) -> Result<(), StoreError> {
    let page = CallQuery { limit: 50, ..CallQuery::default() };
    let row = logged(calls / 3);
    let value = row.observation.data.first().and_then(|hit| hit.hash);
    let account = row.observation.account.as_ref().map(|(id, _)| id.clone());
    let cases = [
        ("newest 50", page.clone()),
        ("page 1000 of all", CallQuery { offset: 50_000, ..page.clone() }),
        ("by endpoint", CallQuery { endpoints: vec![row.observation.endpoint], ..page.clone() }),
        ("by account", CallQuery { account, ..page.clone() }),
        ("by value hash", CallQuery { value, ..page.clone() }),
        ("by value hash that is nowhere", CallQuery { value: Some(ValueHash(1)), ..page.clone() }),
        ("by data type", CallQuery { data_type: Some("CN_MOBILE".into()), ..page.clone() }),
        ("by text", CallQuery { text: Some(format!("ORDERS/{}", calls / 2)), ..page.clone() }),
        ("errors only", CallQuery { status: Some((400, 599)), ..page.clone() }),
    ];
    for (name, query) in cases {
        let mut times = Vec::new();
        let mut total = 0;
        for _ in 0..5 {
            let start = Instant::now();
            total = log.query(&query).await?.total;
            times.push(start.elapsed());
        }
        times.sort();
        eprintln!(
            "{name:44} {:>9.1} ms (first of 5: worst {:.1}), {total} calls",
            times[2].as_secs_f64() * 1e3,
            times[4].as_secs_f64() * 1e3
        );
    }
    for (name, id) in [("get by id", row.call.id.clone()), ("get by id that is nowhere", CallId::new("x"))] {
        let start = Instant::now();
        let found = log.get(&id).await?.is_some();
        eprintln!("{name:44} {:>9.1} ms, {found}", start.elapsed().as_secs_f64() * 1e3);
    }
    for (name, query) in [
        ("histogram of all", CallQuery::default()),
        (
            "histogram of an endpoint",
            CallQuery { endpoints: vec![row.observation.endpoint], ..CallQuery::default() },
        ),
    ] {
        let start = Instant::now();
        let buckets = log.histogram(&query, 120).await?;
        eprintln!("{name:44} {:>9.1} ms, {} buckets", start.elapsed().as_secs_f64() * 1e3, buckets.len());
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), StoreError> {
    let calls = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let dir = tempfile::tempdir().expect("a temporary directory");
    let store = Store::open(dir.path()).await?;
    accepting(&store.log).await?;
    filling(&store.log, calls).await?;
    queries(&store.log, calls).await?;
    let knowledge = Knowledge {
        endpoints: (0..10_000).map(sample::endpoint).collect(),
        accounts: (0..100_000).map(sample::account).collect(),
        findings: (0..2_000).map(|n| sample::finding("no-auth", n, model::Severity::Low)).collect(),
        ..Knowledge::default()
    };
    for what in ["save 10000 endpoints, 100000 accounts", "save them again"] {
        let start = Instant::now();
        store.catalogue.save(&knowledge).await?;
        say(what, 112_000, start.elapsed());
    }
    let start = Instant::now();
    let log = store.log.clone();
    drop(store);
    let (calls, next) = log.accepted(Position(0), 1).await?;
    eprintln!(
        "{:44} {:>9.1} ms ({} calls, at {})",
        "accepted",
        start.elapsed().as_secs_f64() * 1e3,
        calls.len(),
        next.0
    );
    Ok(())
}
