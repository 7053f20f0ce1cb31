//! Writes inputs for `bench/run`: the demonstration, several days of it, as call records, access log and capture.
//! `bench_input DIR DAYS` writes `calls.jsonl`, `access.log` and `traffic.pcap`, and prints how many calls each holds.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::net::IpAddr;
use std::path::Path;

use model::{Call, Message, Peer, Timestamp};

/// End of the last day: a fixed moment, so that two runs measure the same bytes.
const END_S: i64 = 1_795_600_800;
const DAY_S: i64 = 86_400;
/// Bytes of TCP payload per packet.
const SEGMENT_BYTES: usize = 1_448;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, days] = arguments.as_slice() else {
        return Err(io::Error::other("usage: bench_input DIR DAYS"));
    };
    let days: i64 = days.parse().map_err(io::Error::other)?;
    let folder = Path::new(folder);
    let mut records = BufWriter::new(File::create(folder.join("calls.jsonl"))?);
    let mut log = BufWriter::new(File::create(folder.join("access.log"))?);
    let mut capture = Capture::new(BufWriter::new(File::create(folder.join("traffic.pcap"))?))?;
    let mut count = 0_u64;
    for day in 0..days {
        let end = Timestamp::from_parts(END_S - (days - 1 - day) * DAY_S, 0);
        for call in testkit::demo::calls(end, 1 + day as u64) {
            serde_json::to_writer(&mut records, &call)?;
            records.write_all(b"\n")?;
            log_line(&mut log, &call)?;
            capture.call(&call)?;
            count += 1;
        }
    }
    records.flush()?;
    log.flush()?;
    capture.out.flush()?;
    writeln!(io::stdout(), "{count}")
}

/// Combined log format with the virtual host in front.
fn log_line(out: &mut impl Write, call: &Call) -> io::Result<()> {
    let client = call.client.map_or_else(|| "-".to_owned(), |peer| peer.ip.to_string());
    let size = call.response.as_ref().and_then(|response| response.body_size).unwrap_or(0);
    let agent = call.request.as_ref().and_then(|request| request.headers.get("user-agent")).unwrap_or("-");
    let (host, method, target) = (&call.host, &call.method, &call.target);
    let (time, status) = (log_time(call.ts), call.status.unwrap_or(0));
    writeln!(
        out,
        "{host} {client} - - [{time}] \"{method} {target} HTTP/1.1\" {status} {size} \"-\" \"{agent}\""
    )
}

/// `22/Nov/2026:10:00:00 +0000` out of RFC 3339.
fn log_time(ts: Timestamp) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = ts.to_string();
    let month = text[5..7].parse::<usize>().map_or("Jan", |month| MONTHS[(month - 1) % 12]);
    format!("{}/{month}/{}:{} +0000", &text[8..10], &text[..4], &text[11..19])
}

/// A classic capture file (Ethernet, microseconds) with one TCP connection per client address and port.
struct Capture<W> {
    out: W,
    connections: HashMap<(Peer, Peer), (u32, u32)>,
}

impl<W: Write> Capture<W> {
    fn new(mut out: W) -> io::Result<Self> {
        out.write_all(&0xa1b2_c3d4_u32.to_le_bytes())?;
        out.write_all(&[2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0])?;
        out.write_all(&262_144_u32.to_le_bytes())?;
        out.write_all(&1_u32.to_le_bytes())?;
        Ok(Self { out, connections: HashMap::new() })
    }

    fn call(&mut self, call: &Call) -> io::Result<()> {
        let (Some(client), Some(mut server), Some(request), Some(response)) =
            (call.client, call.server, &call.request, &call.response)
        else {
            return Ok(());
        };
        if client.ip.is_ipv6() {
            server.ip = "2001:db8:ffff::1".parse().map_err(io::Error::other)?;
        }
        let (mut sent, mut answered) = match self.connections.get(&(client, server)) {
            Some(state) => *state,
            None => self.open(client, server, call.ts)?,
        };
        let line = format!("{} {} HTTP/1.1\r\n", call.method, call.target);
        let asked = wire(&line, request);
        let told = wire(&format!("HTTP/1.1 {} X\r\n", call.status.unwrap_or(200)), response);
        sent = self.stream((client, server), (sent, answered), call.ts, &asked)?;
        let end = Timestamp(call.ts.0 + call.duration_us.unwrap_or(1_000) as i64);
        answered = self.stream((server, client), (answered, sent), end, &told)?;
        self.connections.insert((client, server), (sent, answered));
        Ok(())
    }

    /// The three packets that open a connection.
    fn open(&mut self, client: Peer, server: Peer, ts: Timestamp) -> io::Result<(u32, u32)> {
        self.packet((client, server), (1_000, 0, 0x02), ts, &[])?;
        self.packet((server, client), (9_000, 1_001, 0x12), ts, &[])?;
        self.packet((client, server), (1_001, 9_001, 0x10), ts, &[])?;
        Ok((1_001, 9_001))
    }

    fn stream(
        &mut self,
        way: (Peer, Peer),
        (mut seq, ack): (u32, u32),
        ts: Timestamp,
        bytes: &[u8],
    ) -> io::Result<u32> {
        for segment in bytes.chunks(SEGMENT_BYTES) {
            self.packet(way, (seq, ack, 0x18), ts, segment)?;
            seq = seq.wrapping_add(segment.len() as u32);
        }
        Ok(seq)
    }

    fn packet(
        &mut self,
        (from, to): (Peer, Peer),
        (seq, ack, flags): (u32, u32, u8),
        ts: Timestamp,
        payload: &[u8],
    ) -> io::Result<()> {
        let mut tcp = Vec::with_capacity(20 + payload.len());
        tcp.extend(from.port.unwrap_or(0).to_be_bytes());
        tcp.extend(to.port.unwrap_or(0).to_be_bytes());
        tcp.extend(seq.to_be_bytes());
        tcp.extend(ack.to_be_bytes());
        tcp.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        tcp.extend(payload);
        let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
        match (from.ip, to.ip) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                frame.extend([0x08, 0x00, 0x45, 0]);
                frame.extend((20 + tcp.len() as u16).to_be_bytes());
                frame.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
                frame.extend(from.octets());
                frame.extend(to.octets());
            }
            (IpAddr::V6(from), IpAddr::V6(to)) => {
                frame.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
                frame.extend((tcp.len() as u16).to_be_bytes());
                frame.extend([6, 64]);
                frame.extend(from.octets());
                frame.extend(to.octets());
            }
            _ => return Ok(()),
        }
        frame.extend(tcp);
        let (seconds, micros) = (ts.0.div_euclid(1_000_000) as u32, ts.0.rem_euclid(1_000_000) as u32);
        for field in [seconds, micros, frame.len() as u32, frame.len() as u32] {
            self.out.write_all(&field.to_le_bytes())?;
        }
        self.out.write_all(&frame)
    }
}

/// A message of HTTP/1.1; a length is added where the message names none.
fn wire(line: &str, message: &Message) -> Vec<u8> {
    let mut bytes = line.as_bytes().to_vec();
    for (name, value) in message.headers.iter() {
        bytes.extend(format!("{name}: {value}\r\n").as_bytes());
    }
    if message.headers.get("content-length").is_none() {
        bytes.extend(b"content-length: 0\r\n");
    }
    bytes.extend(b"\r\n");
    bytes.extend(message.body());
    bytes
}
