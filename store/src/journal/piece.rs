//! Calls as the journal holds them: pieces of call records (JSON), each compressed with zstd level 1.
//! A frame is a row of pieces; a piece says how many calls it holds, so that a reader skips without unpacking.
//! A piece without calls is a mark: the id of the batch whose calls stand before it.

use model::{Call, Message};

use crate::limits::{FRAME_BYTES_MAX, PIECE_CALLS_MAX};
use crate::{BatchId, StoreError};

/// Calls, unpacked bytes, packed bytes.
const HEADER: usize = 12;
/// Id and calls of a batch.
const MARK: usize = 20;

pub(crate) fn too_large() -> StoreError {
    StoreError::Refused("a batch of calls over 1 GiB".into())
}

/// Bytes of bodies and messages: about what packing has to work through.
pub(crate) fn weight(calls: &[Call]) -> usize {
    let body = |message: &Option<Message>| {
        message.as_ref().and_then(|message| message.body.as_ref()).map_or(0, Vec::len)
    };
    let stream = |call: &Call| call.messages.iter().map(|message| message.body.len()).sum::<usize>();
    calls.iter().map(|call| body(&call.request) + body(&call.response) + stream(call)).sum()
}

/// Packs calls into pieces, one after the other.
pub(crate) fn pack(calls: &[Call]) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    for piece in calls.chunks(PIECE_CALLS_MAX) {
        let json = serde_json::to_vec(piece)
            .map_err(|source| StoreError::Engine { what: "writing calls", source: source.into() })?;
        let packed = zstd::bulk::compress(&json, 1)
            .map_err(|source| StoreError::Engine { what: "compressing calls", source: source.into() })?;
        if json.len().max(packed.len()) > FRAME_BYTES_MAX || bytes.len() > FRAME_BYTES_MAX - packed.len() {
            return Err(too_large());
        }
        for number in [piece.len(), json.len(), packed.len()] {
            bytes.extend_from_slice(&(number as u32).to_le_bytes());
        }
        bytes.extend_from_slice(&packed);
    }
    Ok(bytes)
}

/// The mark of a batch: a piece of no calls, with the id and the number of calls that belong to it.
pub(crate) fn mark(id: BatchId, count: u32) -> Vec<u8> {
    let mut bytes = vec![0; HEADER];
    bytes[8..].copy_from_slice(&(MARK as u32).to_le_bytes());
    bytes.extend_from_slice(&id.0);
    bytes.extend_from_slice(&count.to_le_bytes());
    bytes
}

/// The marks of a frame: id, calls of the batch, calls of the frame up to its end.
pub(crate) fn marks(mut bytes: &[u8]) -> Vec<(BatchId, u32, u64)> {
    let (mut found, mut calls) = (Vec::new(), 0);
    while let Some((header, rest)) = bytes.split_at_checked(HEADER) {
        let word = |at: usize| header[at..at + 4].try_into().map(u32::from_le_bytes).expect("four bytes");
        let Some((content, rest)) = rest.split_at_checked(word(8) as usize) else { break };
        calls += u64::from(word(0));
        if let (0, Some((id, count))) = (word(0), content.split_first_chunk())
            && let Ok(count) = count.try_into()
        {
            found.push((BatchId(*id), u32::from_le_bytes(count), calls));
        }
        bytes = rest;
    }
    found
}

/// Unpacks the calls of a frame after the first `skip`, at least until `enough` are there.
/// `None` when the pieces are not what [`pack`] wrote.
pub(crate) fn unpack(mut bytes: &[u8], mut skip: usize, enough: usize) -> Option<Vec<Call>> {
    let mut calls = Vec::new();
    while !bytes.is_empty() && calls.len() < enough {
        let (header, rest) = bytes.split_at_checked(HEADER)?;
        let word = |at: usize| header[at..at + 4].try_into().map(u32::from_le_bytes).expect("four bytes");
        let (count, json_len) = (word(0) as usize, word(4) as usize);
        let (packed, rest) = rest.split_at_checked(word(8) as usize)?;
        bytes = rest;
        if skip >= count {
            skip -= count;
            continue;
        }
        if json_len > FRAME_BYTES_MAX {
            return None;
        }
        let json = zstd::bulk::decompress(packed, json_len).ok()?;
        let piece: Vec<Call> = serde_json::from_slice(&json).ok()?;
        if piece.len() != count {
            return None;
        }
        calls.extend(piece.into_iter().skip(skip));
        skip = 0;
    }
    Some(calls)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(count: usize) -> Vec<Call> {
        (0..count).map(|n| Call { target: format!("/{n}"), ..Call::default() }).collect()
    }

    #[track_caller]
    fn check(count: usize, skip: usize, enough: usize, expect: Option<&str>) {
        let bytes = pack(&calls(count)).expect("packed");
        let back = unpack(&bytes, skip, enough).expect("pieces");
        assert_eq!(back.first().map(|call| call.target.as_str()), expect);
        assert!(back.len() >= enough.min(count - skip));
    }

    #[test]
    fn pieces_are_skipped_and_cut() {
        check(3, 0, 3, Some("/0"));
        check(3, 2, 9, Some("/2"));
        check(3, 3, 9, None);
        check(2_500, 1_030, 1, Some("/1030"));
        check(2_500, 2_499, 1, Some("/2499"));
    }

    #[test]
    fn marks_stand_between_pieces_and_hold_no_call() {
        let (one, two) = (BatchId([1; 16]), BatchId([2; 16]));
        let packed = |count| pack(&calls(count)).expect("packed");
        let bytes = [packed(3), mark(one, 3), packed(1_100), packed(2), mark(two, 2)].concat();
        assert_eq!(marks(&bytes), [(one, 3, 3), (two, 2, 1_105)]);
        let back = unpack(&bytes, 2, 9_999).expect("pieces");
        assert_eq!((back.len(), back[0].target.as_str()), (1_103, "/2"));
    }

    #[test]
    fn garbage_is_not_a_piece() {
        let bytes = pack(&calls(2)).expect("packed");
        for len in 1..bytes.len() {
            assert_eq!(unpack(&bytes[..len], 0, 9), None);
        }
    }
}
