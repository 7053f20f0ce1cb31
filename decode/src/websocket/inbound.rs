//! One direction of a WebSocket: bytes in any split become messages.

use model::{Anomaly, limits};

use super::deflate::Inflater;
use super::frame::{self, Frame, Header};
use super::log::Log;

/// Status codes of an ordinary end (RFC 6455 §7.4.1).
const ORDINARY: [u16; 2] = [1_000, 1_001];

/// The frame whose payload arrives.
#[derive(Debug, Clone, Copy)]
struct Payload {
    frame: Frame,
    /// Bytes of it that came by.
    done: u64,
}

/// The message whose frames arrive.
#[derive(Debug, Clone, Copy)]
struct Open {
    kind: &'static str,
    is_compressed: bool,
    /// Bytes of it are missing.
    has_gap: bool,
}

#[derive(Debug)]
pub(super) struct Inbound {
    from_client: bool,
    inflater: Option<Inflater>,
    header: Vec<u8>,
    payload: Option<Payload>,
    open: Option<Open>,
    /// Data of the open message, as it was sent.
    message: Vec<u8>,
    /// Data of the control frame that arrives.
    control: Vec<u8>,
    /// Nothing more is read: after a close frame, or when the framing is lost.
    pub is_over: bool,
}

impl Inbound {
    pub(super) fn new(from_client: bool, inflater: Option<Inflater>) -> Self {
        Self {
            from_client,
            inflater,
            header: Vec::with_capacity(frame::HEADER_BYTES_MAX),
            payload: None,
            open: None,
            message: Vec::new(),
            control: Vec::new(),
            is_over: false,
        }
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.message.len() + self.inflater.as_ref().map_or(0, Inflater::bytes)
    }

    /// The next bytes of the direction.
    pub(super) fn feed(&mut self, mut bytes: &[u8], log: &mut Log) {
        while !self.is_over {
            match self.payload {
                Some(payload) if payload.done == payload.frame.len => {
                    self.payload = None;
                    self.frame_end(payload.frame, log);
                }
                Some(payload) => {
                    let left = payload.frame.len - payload.done;
                    let (here, rest) = bytes.split_at(left.min(bytes.len() as u64) as usize);
                    if here.is_empty() {
                        return;
                    }
                    self.data(payload, here, log);
                    bytes = rest;
                }
                None => {
                    let Some((first, rest)) = bytes.split_first() else { return };
                    bytes = rest;
                    self.header.push(*first);
                    self.frame_start(log);
                }
            }
        }
    }

    /// Looks at the header so far.
    fn frame_start(&mut self, log: &mut Log) {
        let frame = match frame::read(&self.header) {
            Header::Short => return,
            Header::Bad => return self.give_up(Anomaly::BAD_FRAME, log),
            Header::Whole(frame) => frame,
        };
        self.header.clear();
        // A client masks, a server does not (RFC 6455 §5.1); both can be read anyway.
        let mut is_odd = frame.mask.is_some() != self.from_client || frame.is_padded;
        if !frame.is_control() {
            let continues = frame.opcode == frame::CONTINUATION;
            is_odd |= frame.is_compressed && (self.inflater.is_none() || continues);
            if continues != self.open.is_some() {
                is_odd = true;
                self.finish_message(log);
            }
            let kind = if frame.opcode == frame::TEXT { "text" } else { "binary" };
            let is_compressed = frame.is_compressed && self.inflater.is_some();
            self.open.get_or_insert(Open { kind, is_compressed, has_gap: false });
        }
        if is_odd {
            log.note(Anomaly::BAD_FRAME);
        }
        self.control.clear();
        self.payload = Some(Payload { frame, done: 0 });
    }

    /// Takes payload bytes.
    fn data(&mut self, payload: Payload, bytes: &[u8], log: &mut Log) {
        self.payload = Some(Payload { done: payload.done + bytes.len() as u64, ..payload });
        let is_control = payload.frame.is_control();
        let into = if is_control { &mut self.control } else { &mut self.message };
        if !is_control && self.open.is_some_and(|open| open.has_gap) {
            return;
        }
        let start = into.len();
        let room = limits::STREAM_MESSAGE_BYTES_MAX.saturating_sub(start);
        if bytes.len() > room {
            log.note(Anomaly::MESSAGES_TRUNCATED);
        }
        into.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if let Some(mut mask) = payload.frame.mask {
            mask.rotate_left((payload.done % 4) as usize);
            for four in into[start..].chunks_mut(4) {
                four.iter_mut().zip(mask).for_each(|(byte, key)| *byte ^= key);
            }
        }
    }

    fn frame_end(&mut self, frame: Frame, log: &mut Log) {
        match frame.opcode {
            frame::CLOSE => {
                self.close_frame(log);
                self.finish_cut(log);
                self.is_over = true;
            }
            frame::PING | frame::PONG => {}
            _ if frame.is_final => self.finish_message(log),
            _ => {}
        }
    }

    /// An ordinary end is no message; any other is one: the code, and the reason after a space.
    fn close_frame(&mut self, log: &mut Log) {
        let [high, low, reason @ ..] = self.control.as_slice() else { return };
        let code = u16::from_be_bytes([*high, *low]);
        if !ORDINARY.contains(&code) {
            let mut body = code.to_string().into_bytes();
            if !reason.is_empty() {
                body.push(b' ');
                body.extend_from_slice(reason);
            }
            log.push(self.from_client, "close", body);
        }
    }

    fn finish_message(&mut self, log: &mut Log) {
        let Some(open) = self.open.take() else { return };
        let mut body = std::mem::take(&mut self.message);
        if open.has_gap {
            log.note(Anomaly::GAP);
        }
        if let Some(inflater) = self.inflater.as_mut().filter(|_| open.is_compressed) {
            let (plain, anomaly) = inflater.message(body, log.room());
            body = plain;
            match anomaly {
                Some(_) if open.has_gap => {}
                Some(anomaly) => log.note(anomaly),
                None => {}
            }
            if open.has_gap {
                inflater.lose();
            }
        }
        log.push(self.from_client, open.kind, body);
    }

    /// The stream ends inside a frame or message.
    pub(super) fn finish_cut(&mut self, log: &mut Log) {
        if self.is_over {
            return;
        }
        if self.open.is_some() || self.payload.is_some() || !self.header.is_empty() {
            log.note(Anomaly::CUT_OFF);
        }
        (self.payload, self.is_over) = (None, true);
        self.header.clear();
        self.finish_message(log);
    }

    /// `len` bytes will never be seen: harmless inside the payload of one frame, the end otherwise.
    pub(super) fn gap(&mut self, len: u64, log: &mut Log) {
        match &mut self.payload {
            _ if self.is_over => {}
            Some(payload) if len <= payload.frame.len - payload.done => {
                payload.done += len;
                match &mut self.open {
                    Some(open) if !payload.frame.is_control() => open.has_gap = true,
                    _ => log.note(Anomaly::GAP),
                }
                self.feed(&[], log);
            }
            _ => {
                if let Some(open) = &mut self.open {
                    open.has_gap = true;
                }
                self.give_up(Anomaly::GAP, log);
            }
        }
    }

    /// The framing is lost, and with it the rest of the direction.
    pub(super) fn give_up(&mut self, anomaly: Anomaly, log: &mut Log) {
        log.note(anomaly);
        self.is_over = true;
        self.finish_message(log);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], step: usize, from_client: bool) -> (Vec<(String, String)>, Vec<Anomaly>) {
        let (mut inbound, mut log) = (Inbound::new(from_client, None), Log::default());
        bytes.chunks(step).for_each(|part| inbound.feed(part, &mut log));
        inbound.finish_cut(&mut log);
        let text = |body: &[u8]| String::from_utf8_lossy(body).into_owned();
        (log.messages.iter().map(|it| (it.kind.to_string(), text(&it.body))).collect(), log.anomalies)
    }

    #[track_caller]
    fn check(bytes: &[u8], expect: &[(&str, &str)], anomalies: &[Anomaly]) {
        let expect: Vec<_> = expect.iter().map(|(kind, body)| ((*kind).into(), (*body).into())).collect();
        for step in [1, 2, 3, 7, bytes.len()] {
            assert_eq!(read(bytes, step, false), (expect.clone(), anomalies.to_vec()), "steps of {step}");
        }
    }

    #[test]
    fn fragments_with_control_frames_between() {
        check(b"\x81\x02hi\x82\x00", &[("text", "hi"), ("binary", "")], &[]);
        check(b"\x01\x02he\x89\x01!\x00\x01l\x80\x02lo", &[("text", "hello")], &[]);
        check(b"\x88\x02\x03\xe8\x81\x01x", &[], &[]);
        check(b"\x88\x06\x03\xf0stop", &[("close", "1008 stop")], &[]);
        check(b"\x88\x00", &[], &[]);
    }

    #[test]
    fn what_breaks_the_rules() {
        check(b"\x80\x02hi", &[("binary", "hi")], &[Anomaly::BAD_FRAME]);
        check(b"\x01\x02he\x81\x02hi", &[("text", "he"), ("text", "hi")], &[Anomaly::BAD_FRAME]);
        check(b"\xc1\x02hi", &[("text", "hi")], &[Anomaly::BAD_FRAME]);
        check(b"\x81\x02hi\x87\x00\x81\x02hi", &[("text", "hi")], &[Anomaly::BAD_FRAME]);
        check(b"\x81\x05hel", &[("text", "hel")], &[Anomaly::CUT_OFF]);
    }

    #[test]
    fn masks_over_any_split() {
        // RFC 6455 §5.7.
        let masked = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
        for step in 1..=masked.len() {
            assert_eq!(read(masked, step, true), (vec![("text".into(), "Hello".into())], vec![]));
        }
        assert_eq!(read(masked, 5, false).1, [Anomaly::BAD_FRAME]);
    }

    #[test]
    fn gaps_inside_and_outside_a_payload() {
        let (mut inbound, mut log) = (Inbound::new(false, None), Log::default());
        inbound.feed(b"\x81\x05ab", &mut log);
        inbound.gap(3, &mut log);
        inbound.feed(b"\x81\x02hi\x81", &mut log);
        inbound.gap(1, &mut log);
        inbound.feed(b"\x81\x02no", &mut log);
        let bodies: Vec<&[u8]> = log.messages.iter().map(|message| message.body.as_slice()).collect();
        assert_eq!((bodies, log.anomalies), (vec![&b"ab"[..], b"hi"], vec![Anomaly::GAP]));
    }
}
