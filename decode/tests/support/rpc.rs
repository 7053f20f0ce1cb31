//! Builds messages of RPC protocols.

#![allow(dead_code, reason = "each test file uses a part of it")]

/// A Dubbo message.
pub fn dubbo(flags: u8, status: u8, id: u64, body: &[u8]) -> Vec<u8> {
    let mut message = vec![0xda, 0xbb, flags, status];
    message.extend(id.to_be_bytes());
    message.extend((body.len() as u32).to_be_bytes());
    message.extend(body);
    message
}

/// A request whose argument is its number, `filler` bytes long.
pub fn ask(id: u64, filler: usize) -> Vec<u8> {
    let mut body = b"\x052.0.2\x05a.Svc\x050.0.0\x03add\x03[BJB".to_vec();
    body.extend((filler as u16).to_be_bytes());
    body.extend(vec![b'x'; filler]);
    body.extend([b'L'].into_iter().chain(id.to_be_bytes()));
    body.extend(b"HZ");
    dubbo(0xc2, 0, id, &body)
}

/// The response to [`ask`].
pub fn reply(id: u64, filler: usize) -> Vec<u8> {
    let mut body = vec![0x91, 0x7a, b'B'];
    body.extend((filler as u16).to_be_bytes());
    body.extend(vec![b'x'; filler]);
    body.extend([b'L'].into_iter().chain(id.to_be_bytes()));
    dubbo(0x02, 20, id, &body)
}

/// A strict binary Thrift message of the method `add` with some text and a number.
pub fn thrift(kind: u8, seq: u32, number: u32, filler: usize) -> Vec<u8> {
    let mut message = vec![0x80, 1, 0, kind, 0, 0, 0, 3];
    message.extend(b"add");
    message.extend(seq.to_be_bytes());
    message.extend([0x0b, 0, 1]);
    message.extend((filler as u32).to_be_bytes());
    message.extend(vec![b'x'; filler]);
    message.extend([8, 0, 2]);
    message.extend(number.to_be_bytes());
    message.push(0);
    message
}

/// A Thrift message in a frame.
pub fn framed(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u32).to_be_bytes(), message].concat()
}

/// A SOFARPC request (version 1) of `a.Svc/add`, its content in the Hessian of its library.
pub fn sofarpc_request(id: u8) -> Vec<u8> {
    let pairs =
        b"\0\0\0\x18sofa_head_target_service\0\0\0\x07a.Svc:1\0\0\0\x15sofa_head_method_name\0\0\0\x03add";
    let content = b"O\x91R\x91\x01ao\x90NO\x93a.C\x92\x04name\x03ageo\x91\x04Zh\xc3\xa9 \xcb\xe7";
    let sizes = [0, 3, 0, pairs.len() as u8, 0, 0, 0, content.len() as u8];
    [b"\x01\x01\0\x01\x01\0\0\0".as_slice(), &[id, 1, 0, 0, 0x27, 0x10], &sizes, b"a.C", pairs, content]
        .concat()
}

/// The response to it.
pub fn sofarpc_response(id: u8) -> Vec<u8> {
    let content = b"O\x91P\x92\x07isError\x0bappResponseo\x90F\x02ok";
    let sizes = [0, 3, 0, 0, 0, 0, 0, content.len() as u8];
    [b"\x01\0\0\x02\x01\0\0\0".as_slice(), &[id, 1, 0, 0], &sizes, b"a.P", content].concat()
}

/// A bRPC request of `a.S/m` or, with a status, the response to it.
pub fn brpc(id: u8, status: Option<u8>) -> Vec<u8> {
    let meta = match status {
        None => [b"\x0a\x08\x0a\x03a.S\x12\x01m\x20".as_slice(), &[id]].concat(),
        Some(status) => vec![0x12, 2, 8, status, 0x20, id],
    };
    let sizes = [0, 0, 0, meta.len() as u8 + 4, 0, 0, 0, meta.len() as u8];
    [b"PRPC".as_slice(), &sizes, &meta, b"\x0a\x02hi"].concat()
}
