//! Topics of Kafka, from a small cluster inside the test: what is in a topic arrives, also after the server was
//! killed.

use std::collections::BTreeSet;
use std::time::Duration;

use capture::kafka::rdkafka::config::ClientConfig;
use capture::kafka::rdkafka::mocking::MockCluster;
use capture::kafka::rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::support::{Server, apiarist, one_line};

fn send(brokers: &str, records: impl Iterator<Item = String>) {
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", brokers).create().expect("a producer");
    for (record, n) in records.zip(0..) {
        let to: BaseRecord<'_, (), String> = BaseRecord::to("api-traffic").partition(n % 3);
        producer.send(to.payload(&record)).expect("queued");
    }
    producer.flush(Duration::from_secs(30)).expect("sent");
}

/// A record that deletes its key.
fn send_tombstone(brokers: &str) {
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", brokers).create().expect("a producer");
    let record: BaseRecord<'_, str, ()> = BaseRecord::to("api-traffic").key("k0");
    producer.send(record).expect("queued");
    producer.flush(Duration::from_secs(30)).expect("sent");
}

fn record(n: usize) -> String {
    format!(r#"{{"id":"k{n}","method":"GET","host":"shop.example.com","target":"/item/{n}","status":200}}"#)
}

#[test]
fn records_arrive_and_the_group_goes_on_after_a_kill() {
    let cluster = MockCluster::new(1).expect("a cluster");
    cluster.create_topic("api-traffic", 3, 1).expect("a topic");
    let brokers = cluster.bootstrap_servers();
    let dir = tempfile::tempdir().expect("a folder");
    let (data, config) = (dir.path().join("data"), dir.path().join("apiarist.toml"));
    let text = format!(
        "[[source]]\nkind = \"kafka\"\nbrokers = {brokers:?}\ntopics = [\"api-traffic\"]\n\
         options = {{ \"session.timeout.ms\" = \"6000\" }}\n"
    );
    std::fs::write(&config, text).expect("written");
    let arguments = ["--config", config.to_str().expect("a path")];
    let log_line = "10.0.0.7 - - [02/Jan/2026:10:00:00 +0000] \"GET /item/300 HTTP/1.1\" 200 5";
    let client_span = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":3}]}]}]}"#;
    let no_records = r#"{"resourceLogs":[]}"#;
    let others = [log_line, "no call", client_span, no_records].map(str::to_owned);
    send(&brokers, (0..300).map(record).chain(others));
    send_tombstone(&brokers);
    let mut server = Server::start_with(&data, &arguments);
    let cookie = server.enter();
    server.wait_for(&cookie, 301);
    let (accepted, dropped) = server.source(&cookie, "kafka:api-traffic", 305);
    let expect = [("empty".to_owned(), 2), ("not_a_call".to_owned(), 1), ("unknown".to_owned(), 1)];
    assert_eq!((accepted, dropped), (301, expect.into()));
    server.kill();

    send(&brokers, (301..400).map(record));
    let server = Server::start_with(&data, &arguments);
    let cookie = server.enter();
    server.wait_for(&cookie, 400);
    let rows = server.get("/api/v1/calls?size=500", &cookie);
    let targets = rows["rows"].as_array().expect("rows").iter().filter_map(|row| row["target"].as_str());
    let distinct: BTreeSet<&str> = targets.collect();
    assert_eq!(distinct.len(), 400);
}

#[test]
fn a_setting_that_is_none_gets_one_line() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = dir.path().join("apiarist.toml");
    let text = "[[source]]\nkind = \"kafka\"\nbrokers = \"127.0.0.1:9\"\ntopics = [\"t\"]\n\
                options = { \"no.such\" = \"1\" }\n";
    std::fs::write(&config, text).expect("written");
    let data = dir.path().join("data");
    let output = apiarist(&[
        "serve",
        "--config",
        config.to_str().expect("a path"),
        "--data",
        data.to_str().expect("a path"),
        "--listen",
        "127.0.0.1:0",
    ]);
    let line = one_line(&output);
    assert!(
        output.status.code() == Some(2) && line.contains("source kafka:t") && line.contains("no.such"),
        "{line}"
    );
}
