//! Pushes that the binary does not take: clients that send all of a body before they look for an answer get it.

use std::io::Write as _;
use std::net::TcpStream;

use crate::support::Server;

/// Pushes worked on at once (`INGEST_PARALLEL_MAX`).
const PLACES: usize = 4;

#[test]
fn a_client_that_sends_all_of_it_first_is_told_to_come_back() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::start(dir.path());
    let cookie = server.enter();
    // Bodies that never come hold all places.
    let held: Vec<TcpStream> = (0..PLACES)
        .map(|_| {
            let mut stream = TcpStream::connect(&server.address).expect("a connection");
            let head = format!(
                "POST /api/v1/ingest HTTP/1.1\r\nhost: a\r\ncookie: {cookie}\r\nx-requested-with: apiarist\r\n\
                 content-length: 9\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).expect("a server that reads");
            stream
        })
        .collect();
    let body = vec![b'\n'; 32 << 20];
    let headers = [("content-type", "application/x-ndjson"), ("cookie", cookie.as_str())];
    // A place may still be free for the first of them.
    let refused = (0..50).find_map(|_| {
        let (status, head, _) = server.request("POST /api/v1/ingest", &headers, &body).expect("an answer");
        (status == 429).then_some(head)
    });
    let head = refused.expect("too much at once");
    assert!(head.to_ascii_lowercase().contains("retry-after: 1"), "{head}");
    drop(held);
}
