//! Topics of Kafka, read as a member of a consumer group. What was read is committed only when the caller says
//! so: after a crash the group goes on at the last committed record, so every record comes at least once.

/// The client library, for tests that need brokers of their own.
#[doc(hidden)]
pub use rdkafka;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::{ClientContext, Offset, TopicPartitionList};

use crate::limits::{KAFKA_READ_BYTES, KAFKA_READ_RECORDS, KAFKA_WAITING_KIB_MAX};

/// What is read, and how the brokers are reached.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `host:port` of brokers, separated by commas.
    pub brokers: String,
    /// Names of topics; one that starts with `^` is a pattern.
    pub topics: Vec<String>,
    /// The consumer group; its members share the partitions.
    pub group: String,
    /// Settings of librdkafka that go before ours: `security.protocol`, `sasl.mechanism`, `ssl.ca.location`, ...
    pub settings: BTreeMap<String, String>,
}

/// What goes wrong with a broker.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Error {
    what: &'static str,
    #[source]
    source: KafkaError,
}

impl Error {
    fn new(what: &'static str) -> impl FnOnce(KafkaError) -> Self {
        move |source| Self { what, source }
    }
}

/// One record of a topic.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Name of the topic.
    pub topic: &'a str,
    /// Number of the partition.
    pub partition: i32,
    /// Position in the partition.
    pub offset: i64,
    /// When it was written, microseconds since the epoch; as the producer or the broker says.
    pub ts_us: Option<i64>,
    /// The value; `None` deletes the key in compacted topics.
    pub payload: Option<&'a [u8]>,
}

/// Keeps what the client says about its connections: it speaks on threads of its own.
#[derive(Default)]
struct Told(Mutex<BTreeSet<String>>);

impl ClientContext for Told {
    fn log(&self, level: RDKafkaLogLevel, _facility: &str, text: &str) {
        if (level as i32) <= RDKafkaLogLevel::Error as i32 {
            self.note(text);
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.note(&format!("{error}: {reason}"));
    }
}

impl ConsumerContext for Told {}

impl Told {
    fn note(&self, text: &str) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < crate::limits::KAFKA_TOLD_MAX {
            told.insert(text.to_owned());
        }
    }
}

/// A member of a consumer group.
pub struct Topics {
    consumer: BaseConsumer<Told>,
    /// The next offset of each partition of which something was read since the last commit.
    read: BTreeMap<(String, i32), i64>,
}

impl Topics {
    /// Joins the group. Brokers that do not answer are waited for while reading.
    ///
    /// # Errors
    /// A setting that the library does not know or take.
    pub fn open(options: &Options) -> Result<Self, Error> {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &options.brokers)
            .set("group.id", &options.group)
            .set("client.id", "apiarist")
            .set("auto.offset.reset", "earliest")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("queued.max.messages.kbytes", KAFKA_WAITING_KIB_MAX.to_string())
            .set("topic.metadata.refresh.interval.ms", "30000");
        for (name, value) in &options.settings {
            config.set(name, value);
        }
        // Not to be changed: committing before calls are kept would lose them.
        config.set("enable.auto.commit", "false").set("enable.auto.offset.store", "false");
        let consumer: BaseConsumer<Told> =
            config.create_with_context(Told::default()).map_err(Error::new("a setting is refused"))?;
        let topics: Vec<&str> = options.topics.iter().map(String::as_str).collect();
        consumer.subscribe(&topics).map_err(Error::new("the topics cannot be read"))?;
        Ok(Self { consumer, read: BTreeMap::new() })
    }

    /// Waits for a record at most so long, and hands out what there is then; returns how many. To be called again
    /// within `max.poll.interval.ms` (five minutes), or the group goes on without this member.
    ///
    /// # Errors
    /// What the broker says; records that were handed out before count as read. Reading can go on.
    pub fn read(&mut self, wait: Duration, take: &mut dyn FnMut(Record<'_>)) -> Result<usize, Error> {
        let (mut count, mut bytes, mut wait) = (0, 0, wait);
        while count < KAFKA_READ_RECORDS && bytes < KAFKA_READ_BYTES {
            let Some(message) = self.consumer.poll(wait) else { break };
            let message = message.map_err(Error::new("reading failed"))?;
            let (topic, partition, offset) = (message.topic(), message.partition(), message.offset());
            let payload = message.payload();
            bytes += payload.map_or(0, <[u8]>::len);
            let ts_us = message.timestamp().to_millis().map(|millis| millis.saturating_mul(1_000));
            take(Record { topic, partition, offset, ts_us, payload });
            self.read.insert((topic.to_owned(), partition), offset + 1);
            count += 1;
            wait = Duration::ZERO;
        }
        Ok(count)
    }

    /// Tells the group that everything read so far need not come again. Partitions that another member has meanwhile
    /// are left to it: it reads those records again.
    ///
    /// # Errors
    /// The group does not take it; the next time it is told again.
    pub fn commit(&mut self) -> Result<(), Error> {
        if self.read.is_empty() {
            return Ok(());
        }
        let assigned = self.consumer.assignment().map_err(Error::new("partitions are not known"))?;
        self.read.retain(|(topic, partition), _| assigned.find_partition(topic, *partition).is_some());
        let mut offsets = TopicPartitionList::new();
        for ((topic, partition), offset) in &self.read {
            offsets
                .add_partition_offset(topic, *partition, Offset::Offset(*offset))
                .map_err(Error::new("an offset is refused"))?;
        }
        if offsets.count() > 0 {
            self.consumer
                .commit(&offsets, CommitMode::Sync)
                .map_err(Error::new("offsets cannot be committed"))?;
        }
        self.read.clear();
        Ok(())
    }

    /// What the client has said about its connections since the last time.
    pub fn told(&self) -> Vec<String> {
        let told = &self.consumer.context().0;
        std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::mocking::MockCluster;
    use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
    use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
    use std::time::Instant;

    /// Reads until so many records have come.
    #[track_caller]
    fn read(topics: &mut Topics, expect: usize) -> Vec<(i32, i64, String)> {
        let (mut found, deadline) = (Vec::new(), Instant::now() + Duration::from_secs(60));
        while found.len() < expect {
            assert!(Instant::now() < deadline, "{found:?}, told {:?}", topics.told());
            let outcome = topics.read(Duration::from_millis(200), &mut |record| {
                let text = String::from_utf8_lossy(record.payload.unwrap_or_default()).into_owned();
                assert_eq!((record.topic, record.ts_us.is_some()), ("calls", true));
                found.push((record.partition, record.offset, text));
            });
            drop(outcome);
        }
        found.sort();
        found
    }

    #[test]
    fn what_was_not_committed_comes_again() {
        let cluster = MockCluster::new(1).expect("a cluster");
        cluster.create_topic("calls", 2, 1).expect("a topic");
        let brokers = cluster.bootstrap_servers();
        let producer: BaseProducer =
            ClientConfig::new().set("bootstrap.servers", &brokers).create().expect("a producer");
        let send = |from: i64, to: i64| {
            for n in from..to {
                let record: BaseRecord<'_, (), String> = BaseRecord::to("calls").partition((n % 2) as i32);
                producer.send(record.payload(&format!("record {n}"))).expect("queued");
            }
            producer.flush(Duration::from_secs(30)).expect("sent");
        };
        let records = |from: i64, to: i64| {
            let mut records: Vec<_> =
                (from..to).map(|n| ((n % 2) as i32, n / 2, format!("record {n}"))).collect();
            records.sort();
            records
        };
        let options = Options {
            brokers: brokers.clone(),
            topics: vec!["calls".to_owned()],
            group: "apiarist".to_owned(),
            settings: BTreeMap::from([("session.timeout.ms".to_owned(), "6000".to_owned())]),
        };
        send(0, 10);
        let mut first = Topics::open(&options).expect("a member");
        assert_eq!(read(&mut first, 10), records(0, 10));
        first.commit().expect("committed");
        send(10, 16);
        assert_eq!(read(&mut first, 6), records(10, 16));
        drop(first);
        let mut second = Topics::open(&options).expect("a member");
        assert_eq!(read(&mut second, 6), records(10, 16));
        second.commit().expect("committed");
        drop(second);
        send(16, 18);
        let mut third = Topics::open(&options).expect("a member");
        assert_eq!(read(&mut third, 2), records(16, 18));
    }

    #[test]
    fn offsets_that_were_not_taken_are_told_again() {
        let cluster = MockCluster::new(1).expect("a cluster");
        cluster.create_topic("calls", 1, 1).expect("a topic");
        let brokers = cluster.bootstrap_servers();
        let producer: BaseProducer =
            ClientConfig::new().set("bootstrap.servers", &brokers).create().expect("a producer");
        let send = |text: &str| {
            let record: BaseRecord<'_, (), str> = BaseRecord::to("calls");
            producer.send(record.payload(text)).expect("queued");
            producer.flush(Duration::from_secs(30)).expect("sent");
        };
        let options = Options {
            brokers,
            topics: vec!["calls".to_owned()],
            group: "g".to_owned(),
            ..Options::default()
        };
        send("first");
        let mut member = Topics::open(&options).expect("a member");
        assert_eq!(read(&mut member, 1), [(0, 0, "first".to_owned())]);
        let refused = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED];
        cluster.request_errors(RDKafkaApiKey::OffsetCommit, &refused);
        assert!(member.commit().is_err());
        // Nothing was read since: what failed is all that there is to commit.
        member.commit().expect("committed");
        drop(member);
        send("second");
        let mut next = Topics::open(&options).expect("a member");
        assert_eq!(read(&mut next, 1), [(0, 1, "second".to_owned())]);
    }

    #[test]
    fn a_wrong_setting_is_named() {
        let settings = BTreeMap::from([("no.such.setting".to_owned(), "1".to_owned())]);
        let error = Topics::open(&Options { settings, ..Options::default() }).err().expect("refused");
        let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        assert!(source.contains("no.such.setting"), "{source}");
    }
}
