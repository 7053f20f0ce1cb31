//! Live capture on a pair of virtual interfaces, one end in a network namespace of its own. Needs root and `ip`
//! (iproute2) on Linux; says why it does nothing otherwise.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, UdpSocket};
use std::process::Command;
use std::time::{Duration, Instant};

use capture::live::{Attached, Counters, Filter, Options, Ring, open};

/// Requests sent one after another.
const REQUESTS: usize = 20;

/// Two interfaces joined by a virtual cable; the far one in a namespace. Gone with the value.
struct Cable {
    near: String,
    far: String,
    namespace: String,
    /// Third part of the addresses 198.18.N.1 (near) and 198.18.N.2 (far).
    net: u8,
}

fn ip(arguments: &str) -> bool {
    let output = Command::new("ip").args(arguments.split(' ')).output();
    output.is_ok_and(|output| output.status.success())
}

impl Cable {
    /// `None` where namespaces cannot be made.
    fn new(number: u8) -> Option<Self> {
        let id = format!("{}x{number}", std::process::id() % 100_000);
        let net = number + (std::process::id() % 20 * 10) as u8;
        let cable =
            Self { near: format!("ap{id}"), far: format!("aq{id}"), namespace: format!("ap{id}"), net };
        if ip(&format!("netns add {}", cable.namespace)) && cable.plug_in() {
            return Some(cable);
        }
        eprintln!("skipped: a namespace with a virtual cable cannot be made (needs root and iproute2)");
        None
    }

    /// Makes both interfaces; true when that went well.
    fn plug_in(&self) -> bool {
        let Self { near, far, namespace, net } = self;
        let steps = [
            format!("link add {near} type veth peer name {far}"),
            format!("link set {far} netns {namespace} up"),
            format!("addr add 198.18.{net}.1/24 dev {near}"),
            format!("link set {near} up"),
            format!("-n {namespace} addr add 198.18.{net}.2/24 dev {far}"),
        ];
        steps.iter().all(|step| ip(step))
    }

    /// Removes both interfaces.
    fn pull_out(&self) {
        ip(&format!("link del {}", self.near));
    }

    /// A server on this side; every request comes from the other side over a connection of its own.
    fn requests(&self, address: &str) {
        let listener = TcpListener::bind(format!("{address}:0")).expect("an address of ours");
        let port = listener.local_addr().expect("bound").port();
        let server = std::thread::spawn(move || {
            for _ in 0..REQUESTS {
                let (mut stream, _) = listener.accept().expect("a client");
                let (mut request, mut byte) = (Vec::new(), [0]);
                // All of it, or closing would reset the connection.
                while !request.ends_with(b"\r\n\r\n") {
                    stream.read_exact(&mut byte).expect("a request");
                    request.extend(byte);
                }
                stream.write_all(b"HTTP/1.0 200 OK\r\n\r\nhello").expect("a client that listens");
            }
        });
        let get = format!(
            "exec 3<>/dev/tcp/{address}/{port}; printf 'GET /'$i' HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3"
        );
        let script = format!("for i in $(seq {REQUESTS}); do ({get}) >/dev/null; done");
        let status =
            Command::new("ip").args(["netns", "exec", &self.namespace, "bash", "-c", &script]).status();
        assert!(status.is_ok_and(|status| status.success()), "the requests run");
        server.join().expect("the server ends");
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.pull_out();
        ip(&format!("netns del {}", self.namespace));
    }
}

fn rings(cable: &Cable, threads: usize, filter: &str) -> Vec<Ring> {
    open(&Options { filter: filter.to_owned(), threads, ..Options::new(&cable.near) })
        .expect("root may capture")
}

/// Frames of each ring that has been quiet for a moment.
fn frames(rings: &mut [Ring]) -> Vec<Vec<Vec<u8>>> {
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut frames = vec![Vec::new(); rings.len()];
    for (ring, frames) in rings.iter_mut().zip(&mut frames) {
        while Instant::now() < deadline {
            let mut take = |frame: capture::live::Frame<'_>| {
                assert_eq!((frame.link, frame.original as usize), (1, frame.data.len()));
                frames.push(frame.data.to_vec());
            };
            if ring.read(Duration::from_millis(300), &mut take).expect("the interface is up") == 0 {
                break;
            }
        }
    }
    frames
}

#[test]
fn both_directions_reach_the_same_ring_and_every_packet_comes_once() {
    let Some(cable) = Cable::new(1) else { return };
    let (mut one, mut two) = (rings(&cable, 1, "tcp"), rings(&cable, 2, "tcp"));
    cable.requests(&format!("198.18.{}.1", cable.net));
    let (one, two) = (frames(&mut one), frames(&mut two));
    let mut all: Vec<_> = two.concat();
    all.sort();
    let mut expect = one.concat();
    expect.sort();
    assert_eq!(all.len(), expect.len());
    assert!(all == expect, "two rings see what one sees");
    // The client's port stands first or second in the TCP header, and says which connection it is.
    let mut owners: BTreeMap<u16, Vec<usize>> = BTreeMap::new();
    for (ring, frames) in two.iter().enumerate() {
        for frame in frames {
            let port = |at: usize| u16::from_be_bytes([frame[at], frame[at + 1]]);
            let client = if frame[29] == 2 { port(34) } else { port(36) };
            owners.entry(client).or_default().push(ring);
        }
    }
    assert_eq!(owners.len(), REQUESTS);
    assert!(owners.values().all(|rings| rings.iter().all(|ring| *ring == rings[0])), "{owners:?}");
    assert!(two.iter().all(|frames| !frames.is_empty()), "both rings have connections");
}

/// A frame to nobody, with these bytes after the addresses.
fn frame_of(type_and_rest: &[u8]) -> Vec<u8> {
    let mut frame = [&b"\x02ap--a\x02ap--b"[..], type_and_rest].concat();
    frame.resize(80, 0);
    frame
}

#[test]
fn tags_that_the_kernel_took_out_are_back() {
    let Some(cable) = Cable::new(2) else { return };
    let sent = [
        frame_of(&[0x81, 0, 0x20, 7, 8, 0, 0x45]),
        frame_of(&[0x88, 0xa8, 0, 9, 0x81, 0, 0, 7, 8, 0, 0x45]),
        frame_of(&[8, 0, 0x45]),
    ];
    let mut file = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1].map(u32::to_le_bytes).concat();
    for frame in &sent {
        file.extend([1, 0, frame.len() as u32, frame.len() as u32].map(u32::to_le_bytes).concat());
        file.extend(frame);
    }
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("tags.pcap");
    std::fs::write(&path, file).expect("written");
    let mut all = rings(&cable, 1, "vlan or net 0.0.0.0/0");
    let (mut seven, mut eight) = (rings(&cable, 1, "vlan 7"), rings(&cable, 1, "vlan 8"));
    let replay = Command::new("ip")
        .args(["netns", "exec", &cable.namespace, "tcpreplay", "--quiet", "-i", &cable.far])
        .arg(&path)
        .output();
    if !replay.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: tcpreplay is missing");
        return;
    }
    let from_us = |frame: &Vec<u8>| frame.starts_with(b"\x02ap--a");
    let seen: Vec<_> = frames(&mut all).concat().into_iter().filter(from_us).collect();
    assert_eq!(seen, sent);
    assert_eq!(frames(&mut seven).concat(), sent[..1]);
    assert!(frames(&mut eight).concat().is_empty());
}

/// What an engine sees of requests and of a filter that only libpcap knows.
#[cfg(feature = "pcap")]
#[test]
fn libpcap_sees_what_the_ring_sees() {
    use capture::live::Engine;
    let Some(cable) = Cable::new(5) else { return };
    let library = |filter: &str| {
        let filter = filter.to_owned();
        open(&Options { engine: Engine::Pcap, filter, ..Options::new(&cable.near) })
            .expect("root may capture")
    };
    let (mut ring, mut all, mut syns) =
        (rings(&cable, 1, "tcp"), library("tcp"), library("tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn"));
    cable.requests(&format!("198.18.{}.1", cable.net));
    let expect = frames(&mut ring).concat();
    assert_eq!(frames(&mut all).concat(), expect);
    assert_eq!(frames(&mut syns).concat().len(), REQUESTS);
    let Counters { packets, drops, .. } = all[0].counters();
    assert_eq!((packets, drops), (expect.len() as u64, 0));
    assert_eq!(all[0].attach().map_err(drop), Ok(Attached::Still));
    cable.pull_out();
    assert!(all[0].attach().is_err(), "libpcap does not take up another");
    let options = Options { engine: Engine::Pcap, threads: 2, ..Options::new("lo") };
    assert!(open(&options).is_err());
    let wrong = Options { engine: Engine::Pcap, filter: "no such words".to_owned(), ..Options::new("lo") };
    assert!(open(&wrong).is_err());
}

#[test]
fn an_interface_that_is_made_again_is_read_again() {
    let Some(cable) = Cable::new(6) else { return };
    let (mut one, mut two) = (rings(&cable, 1, "tcp"), rings(&cable, 2, "tcp"));
    let attach = |ring: &mut Ring| ring.attach().map_err(|error| error.to_string());
    assert_eq!(attach(&mut one[0]), Ok(Attached::Still));
    cable.requests(&format!("198.18.{}.1", cable.net));
    let before = frames(&mut one).concat().len();
    assert!(ip(&format!("link set {} down", cable.near)));
    // Down is not gone.
    assert_eq!((attach(&mut one[0]), attach(&mut two[1])), (Ok(Attached::Still), Ok(Attached::Still)));
    cable.pull_out();
    let told = one[0].read(Duration::from_millis(300), &mut |_| {});
    assert!(told.is_err(), "{told:?}");
    assert_eq!(attach(&mut one[0]), Ok(Attached::Missing));
    let refused = attach(&mut two[0]).expect_err("the kernel binds it no second time");
    assert!(refused.contains("several threads"), "{refused}");
    assert!(cable.plug_in(), "the same interface once more");
    assert_eq!(attach(&mut one[0]), Ok(Attached::Again));
    assert_eq!(attach(&mut one[0]), Ok(Attached::Still));
    cable.requests(&format!("198.18.{}.1", cable.net));
    let after = frames(&mut one).concat().len();
    assert!(before > 8 * REQUESTS && after > 8 * REQUESTS, "{before} frames, then {after}");
}

#[test]
fn packets_for_which_there_is_no_room_are_counted() {
    let Some(cable) = Cable::new(3) else { return };
    let mut rings = rings(&cable, 1, "udp port 9");
    let socket = UdpSocket::bind(format!("198.18.{}.1:0", cable.net)).expect("an address of ours");
    let far = format!("198.18.{}.2:9", cable.net);
    let sent = (0..70_000).filter(|_| socket.send_to(&[0; 1_400], &far).is_ok()).count() as u64;
    let kept = frames(&mut rings).concat().len() as u64;
    let Counters { packets, drops, freezes } = rings[0].counters();
    assert_eq!(packets, kept + drops);
    assert!(packets <= sent && drops > 0 && freezes > 0, "{sent} sent, {kept} kept, {drops} dropped");
    eprintln!("{sent} sent, {kept} kept, {drops} dropped");
}

#[test]
fn what_cannot_be_opened_is_said() {
    let Some(_cable) = Cable::new(4) else { return };
    let error = open(&Options::new("nosuch0")).expect_err("no such interface").to_string();
    assert!(error.starts_with("nosuch0: no such interface; there are: lo, "), "{error}");
    let error = open(&Options { threads: 0, ..Options::new("lo") }).expect_err("no thread").to_string();
    assert!(error.contains("from 1 to"), "{error}");
    let error = Filter::parse("tcp port").expect_err("cut").to_string();
    assert!(error.contains("at character 9"), "{error}");
}
