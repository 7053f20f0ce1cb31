//! Apache Thrift: binary and compact messages, bare, framed or with headers (THeader). Calls and replies pair by
//! sequence number and method; sequence numbers may repeat, so that after a loss the pair needs evidence.

mod envelope;
mod skim;
mod value;
mod wire;

use model::limits::BODY_BYTES_MAX;
use model::{Anomaly, Headers, Rpc, THRIFT_MESSAGE_TYPE};

use crate::rpc::{Dialect, Framing, Head, Parsed, Role};
use envelope::{Around, Envelope, ONE_WAY, around, envelope};
use skim::Skim;
use wire::Lack;

/// Whether a message begins here, from its head and the first field behind it. `old`: also the form of the
/// head that has no version, inside a frame.
pub(crate) fn begins(bytes: &[u8], old: bool) -> Framing {
    match head(bytes, old) {
        Ok((head, message)) => {
            let inner = message.bytes.get(message.body..).unwrap_or_default();
            let first = message.envelope.wire.field(inner, 0);
            match first {
                Ok(_) => Framing::Message(head),
                Err(Lack::More) => Framing::Short,
                Err(Lack::Bad) => Framing::No,
            }
        }
        Err(Lack::More) => Framing::Short,
        Err(Lack::Bad) => Framing::No,
    }
}

/// A message as far as it is here.
struct Message<'a> {
    around: Around,
    envelope: Envelope,
    /// The message without what is around it.
    bytes: std::borrow::Cow<'a, [u8]>,
    /// Where its struct begins.
    body: usize,
}

/// The head of a message; its length is 0 where nothing states it.
fn head(bytes: &[u8], old: bool) -> Result<(Head, Message<'_>), Lack> {
    let around = around(bytes)?;
    let whole = match &around {
        Around::Nothing => None,
        Around::Frame(len) | Around::Headers { len, .. } => Some(4 + len),
    };
    let is_here = whole.is_some_and(|whole| bytes.len() >= whole);
    if matches!(around, Around::Headers { inflate: true, .. }) && !is_here {
        return Err(Lack::More);
    }
    let message = around.message(bytes).ok_or(Lack::Bad)?;
    let old = old && matches!(around, Around::Frame(_));
    let (envelope, body) = match envelope(&message, old) {
        Err(Lack::More) if is_here => return Err(Lack::Bad),
        read => read?,
    };
    let outside = whole.map_or(0, |whole| whole.saturating_sub(message.len()).min(whole));
    let seq = if let Around::Headers { id, .. } = around { id } else { envelope.id };
    let head = Head {
        len: whole.unwrap_or(0) as u64,
        overhead: if is_here || whole.is_none() { (outside + body) as u64 } else { 4 + body as u64 },
        id: identity(seq, &envelope.name),
        role: match envelope.kind {
            envelope::CALL => Role::Request { one_way: false },
            ONE_WAY => Role::Request { one_way: true },
            _ => Role::Response,
        },
    };
    Ok((head, Message { around, envelope, bytes: message, body }))
}

/// A reply repeats the name of the method, without the service that a multiplexed call has before it.
fn identity(seq: u32, name: &str) -> u64 {
    let method = name.rsplit(':').next().unwrap_or_default();
    let hash =
        method.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    u64::from(hash) << 32 | u64::from(seq)
}

/// Thrift.
#[derive(Debug, Default)]
pub(crate) struct Thrift {
    /// Messages without a frame whose end is looked for.
    skims: [Option<Skim>; 2],
}

impl Dialect for Thrift {
    const PROTOCOL: &'static str = "thrift";
    const HEAD_BYTES_MAX: usize = BODY_BYTES_MAX;
    const IDS_REPEAT: bool = true;

    fn frame(&mut self, dir: usize, bytes: &[u8], strict: bool) -> Framing {
        let (head, message) = match head(bytes, !strict) {
            Ok(found) => found,
            Err(Lack::More) => return Framing::Short,
            Err(Lack::Bad) => return Framing::No,
        };
        if head.len > 0 {
            return if strict { begins(bytes, false) } else { Framing::Message(head) };
        }
        let skim = self.skims[dir].get_or_insert_with(|| Skim::new(message.envelope.wire, message.body));
        match skim.end(bytes) {
            Ok(end) => Framing::Message(Head { len: end as u64, ..head }),
            Err(Lack::More) => Framing::Short,
            Err(Lack::Bad) => Framing::No,
        }
    }

    fn forget(&mut self, dir: usize) {
        self.skims[dir] = None;
    }

    fn cut(&self, bytes: &[u8]) -> Option<Head> {
        let (head, _) = head(bytes, false).ok()?;
        Some(Head { len: head.len.max(bytes.len() as u64), ..head })
    }

    fn request(&mut self, bytes: &[u8]) -> Parsed {
        parse(bytes)
    }

    fn response(&mut self, bytes: &[u8]) -> Parsed {
        parse(bytes)
    }
}

fn parse(bytes: &[u8]) -> Parsed {
    let Ok((_, message)) = head(bytes, true) else { return Parsed::default() };
    let body = message.bytes.get(message.body..).unwrap_or_default();
    let (body, whole) = value::to_json(message.envelope.wire, body);
    let mut headers = match message.around {
        Around::Headers { headers, .. } => headers,
        _ => Headers::default(),
    };
    if message.envelope.kind == envelope::EXCEPTION {
        headers.push(THRIFT_MESSAGE_TYPE, "exception");
    }
    let (service, method) = message.envelope.name.split_once(':').unwrap_or(("", &message.envelope.name));
    Parsed {
        rpc: Some(Rpc { service: service.to_owned(), method: method.to_owned() }),
        status: None,
        headers,
        body,
        anomaly: (!whole).then_some(Anomaly::BAD_ENCODING),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: &[u8] = b"\x80\x01\0\x01\0\0\0\x04ping\0\0\0\x07\x08\0\x01\0\0\0\x05\0";

    fn framed(message: &[u8]) -> Vec<u8> {
        [&(message.len() as u32).to_be_bytes(), message].concat()
    }

    #[track_caller]
    fn check(bytes: &[u8], expect: Option<(u64, &str)>) {
        let Framing::Message(head) = Thrift::default().frame(0, bytes, false) else {
            assert_eq!(expect, None);
            return;
        };
        let parsed = parse(&bytes[..head.len as usize]);
        let rpc = parsed.rpc.expect("a name");
        let headers: Vec<String> =
            parsed.headers.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let line = format!(
            "{}/{} {} {}",
            rpc.service,
            rpc.method,
            headers.join(","),
            String::from_utf8_lossy(&parsed.body)
        );
        assert_eq!(Some((head.len, line.as_str())), expect);
        assert_eq!(parsed.anomaly, None);
    }

    #[test]
    fn messages() {
        check(&[PING, b"more"].concat(), Some((24, "/ping  {\"1\":5}")));
        check(&framed(PING), Some((28, "/ping  {\"1\":5}")));
        check(&framed(b"\0\0\0\x04ping\x01\0\0\0\x07\0"), Some((18, "/ping  {}")));
        check(b"\x82\x41\x07\x05a:add\x15\x0a\0", Some((12, "a/add  {\"1\":5}")));
        check(
            b"\x82\x61\x07\x03add\x18\x02no\0",
            Some((12, "/add thrift-message-type=exception {\"1\":\"no\"}")),
        );
        check(&PING[..20], None);
        check(b"GET / HTTP/1.1", None);
    }

    #[test]
    fn headers_and_transforms() {
        let message = |header: &[u8], payload: &[u8]| {
            let mut header = header.to_vec();
            header.resize(header.len().next_multiple_of(4), 0);
            let words = (header.len() as u16 / 4).to_be_bytes();
            framed(&[b"\x0f\xff\0\0\0\0\0\x07", words.as_slice(), &header, payload].concat())
        };
        let plain = message(b"\x00\x00\x01\x01\x05Trace\x02xy", PING);
        check(&plain, Some((plain.len() as u64, "/ping trace=xy {\"1\":5}")));
        let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, PING).expect("a Vec takes everything");
        let packed = message(b"\x00\x01\x01", &packed.finish().expect("a Vec takes everything"));
        check(&packed, Some((packed.len() as u64, "/ping  {\"1\":5}")));
        check(&packed[..packed.len() - 1], None);
        check(&message(b"\x00\x01\x03", PING), None);
    }
}
