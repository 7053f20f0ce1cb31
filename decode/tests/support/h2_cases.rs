//! Conversations over HTTP/2 that the golden case keeps: each feature of the protocol once, and gRPC.

#![allow(dead_code, reason = "each test file uses a part of it")]

use super::h2::{self, END_HEADERS, END_STREAM, Encoder, PADDED, PREFACE, frame};
use super::traffic::{Conversation, Frame};

const HEADERS_END: u8 = END_HEADERS | END_STREAM;

fn request<'a>(method: &'a str, path: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![(":method", method), (":scheme", "http"), (":path", path), (":authority", "Shop.example.com")]
}

fn open<'a>(frames: &'a mut Vec<Frame>, port: u16) -> Conversation<'a> {
    let mut talk = Conversation::open(frames, port, 1_795_000_000_000_000);
    talk.request(&[PREFACE, &frame(h2::SETTINGS, 0, 0, &[])].concat());
    talk.response(&frame(h2::SETTINGS, 0, 0, &[0, 5, 0, 1, 0, 0]));
    talk
}

/// Trailers, padding, CONTINUATION, an interim response, a push, resets, a tunnel, and a malformed head.
fn features(frames: &mut Vec<Frame>) {
    let (mut client, mut server) = (Encoder::default(), Encoder::default());
    let mut talk = open(frames, 40_021);
    let block = client
        .block(&[&request("POST", "/orders?x=1")[..], &[("cookie", "a=1"), ("cookie", "b=2")]].concat());
    talk.request(&frame(h2::HEADERS, 0, 1, &block[..9]));
    talk.request(&frame(h2::CONTINUATION, END_HEADERS, 1, &block[9..]));
    talk.request(&frame(h2::DATA, PADDED | END_STREAM, 1, b"\x03{\"n\":1}\0\0\0"));
    talk.response(&frame(
        h2::HEADERS,
        END_HEADERS,
        1,
        &server.block(&[(":status", "103"), ("link", "</a.css>")]),
    ));
    let promise = server.block(&request("GET", "/a.css"));
    talk.response(&frame(h2::PUSH_PROMISE, END_HEADERS, 1, &[&[0, 0, 0, 2][..], &promise].concat()));
    talk.response(&frame(
        h2::HEADERS,
        END_HEADERS,
        1,
        &server.block(&[(":status", "201"), ("content-type", "application/json")]),
    ));
    talk.response(&frame(
        h2::HEADERS,
        END_HEADERS,
        2,
        &server.block(&[(":status", "200"), ("content-type", "text/css")]),
    ));
    talk.response(
        &[
            frame(h2::DATA, 0, 1, b"{\"id\":"),
            frame(h2::DATA, END_STREAM, 2, b"a{}"),
            frame(h2::DATA, 0, 1, b"7}"),
        ]
        .concat(),
    );
    talk.response(&frame(h2::HEADERS, HEADERS_END, 1, &server.block(&[("checksum", "abc")])));
    talk.request(&frame(h2::HEADERS, HEADERS_END, 3, &client.block(&request("GET", "/slow"))));
    talk.request(&frame(h2::RST_STREAM, 0, 3, &[0, 0, 0, 8]));
    let odd = [&request("GET", "/odd")[..], &[("transfer-encoding", "chunked")]].concat();
    talk.request(&frame(h2::HEADERS, HEADERS_END, 5, &client.block(&odd)));
    talk.response(&frame(
        h2::HEADERS,
        HEADERS_END,
        5,
        &server.block(&[(":status", "400"), ("content-length", "9")]),
    ));
    talk.request(&frame(
        h2::HEADERS,
        END_HEADERS,
        7,
        &client.block(&[(":method", "CONNECT"), (":authority", "inner.example:80")]),
    ));
    talk.response(&frame(h2::HEADERS, END_HEADERS, 7, &server.block(&[(":status", "200")])));
    talk.request(&frame(h2::DATA, 0, 7, b"GET /inside HTTP/1.1\r\nHost: inner.example\r\n\r\n"));
    talk.response(&frame(h2::DATA, 0, 7, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    talk.request(&frame(h2::HEADERS, HEADERS_END, 9, &client.block(&request("GET", "/never-answered"))));
    talk.close();
}

/// An upgrade from HTTP/1 (RFC 7540 §3.2).
fn upgrade(frames: &mut Vec<Frame>) {
    let mut talk = Conversation::open(frames, 40_022, 1_795_000_001_000_000);
    talk.request(b"GET /up HTTP/1.1\r\nHost: shop.example.com\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAUAAEAA\r\n\r\n");
    talk.response(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    let (mut client, mut server) = (Encoder::default(), Encoder::default());
    talk.response(&frame(h2::SETTINGS, 0, 0, &[]));
    talk.response(&frame(h2::HEADERS, END_HEADERS, 1, &server.block(&[(":status", "200")])));
    talk.response(&frame(h2::DATA, END_STREAM, 1, b"upgraded"));
    talk.request(&[PREFACE, &frame(h2::SETTINGS, 0, 0, &[])].concat());
    talk.request(&frame(h2::HEADERS, HEADERS_END, 3, &client.block(&request("GET", "/second"))));
    talk.response(&frame(h2::HEADERS, HEADERS_END, 3, &server.block(&[(":status", "204")])));
    talk.close();
}

/// A unary call, a stream, a refusal, and gRPC-Web over HTTP/1.
fn grpc(frames: &mut Vec<Frame>) {
    let (mut client, mut server) = (Encoder::default(), Encoder::default());
    let mut talk = open(frames, 40_023);
    let media = ("content-type", "application/grpc");
    let ok = [(":status", "200"), media];
    for (id, method) in [(1, "Add"), (3, "List"), (5, "Refuse")] {
        let path = format!("/shop.Cart/{method}");
        let head = [&request("POST", &path)[..], &[media, ("te", "trailers")]].concat();
        talk.request(&frame(h2::HEADERS, END_HEADERS, id, &client.block(&head)));
        talk.request(&frame(h2::DATA, END_STREAM, id, b"\0\0\0\0\x0a\x0a\x04milk\x12\x02\x08\x05"));
    }
    talk.response(&frame(h2::HEADERS, END_HEADERS, 1, &server.block(&ok)));
    talk.response(&frame(h2::DATA, 0, 1, b"\0\0\0\0\x02\x08\x01"));
    talk.response(&frame(h2::HEADERS, HEADERS_END, 1, &server.block(&[("grpc-status", "0")])));
    talk.response(&frame(h2::HEADERS, END_HEADERS, 3, &server.block(&ok)));
    talk.response(&frame(h2::DATA, 0, 3, b"\0\0\0\0\x06\x0a\x04milk\0\0\0\0\x07\x0a\x05b"));
    talk.response(&frame(h2::DATA, 0, 3, b"read\0\0\0\0\0"));
    talk.response(&frame(h2::HEADERS, HEADERS_END, 3, &server.block(&[("grpc-status", "0")])));
    let refused = [(":status", "200"), media, ("grpc-status", "7"), ("grpc-message", "no %E2%82%AC")];
    talk.response(&frame(h2::HEADERS, HEADERS_END, 5, &server.block(&refused)));
    talk.close();
    let mut web = Conversation::open(frames, 40_024, 1_795_000_002_000_000);
    web.request(b"POST /shop.Cart/Add HTTP/1.1\r\nHost: shop.example.com\r\nContent-Type: application/grpc-web+proto\r\nContent-Length: 7\r\n\r\n\0\0\0\0\x02\x08\x05");
    web.response(b"HTTP/1.1 200 OK\r\nContent-Type: application/grpc-web+proto\r\nContent-Length: 28\r\n\r\n\0\0\0\0\x02\x08\x01\x80\0\0\0\x10grpc-status: 0\r\n");
    web.close();
}

/// Writes the frames of a case.
type Writer = fn(&mut Vec<Frame>);

/// The cases by name.
pub const CASES: [(&str, Writer); 3] =
    [("http2-features", features), ("http2-upgrade", upgrade), ("grpc", grpc)];
