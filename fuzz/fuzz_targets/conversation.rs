//! One TCP connection as a capture file, from pieces: who sends, what, and what becomes of it on the way.

/// A piece of the stream of one side.
pub struct Piece<'a> {
    pub from_server: bool,
    /// The capture does not have it.
    pub lost: bool,
    /// It is seen after the next one.
    pub late: bool,
    pub bytes: &'a [u8],
}

fn packet(from_server: bool, seq: [u32; 2], payload: &[u8]) -> Vec<u8> {
    let (from, to) = if from_server { (2, 1) } else { (1, 2) };
    let own = usize::from(from_server);
    let mut ip = vec![0x45, 0];
    ip.extend((40 + payload.len() as u16).to_be_bytes());
    ip.extend([0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, from, 10, 0, 0, to, 0, from, 0, to]);
    ip.extend(seq[own].to_be_bytes());
    ip.extend(seq[1 - own].to_be_bytes());
    ip.extend([0x50, 0x10, 0, 0, 0, 0, 0, 0]);
    ip.extend(payload);
    ip
}

/// The capture file. Pieces have to fit into packets.
pub fn capture<'a>(pieces: impl Iterator<Item = Piece<'a>>) -> Vec<u8> {
    let mut file: Vec<u8> =
        [0xa1b2_c3d4_u32, 0, 0, 0, 0, 101].iter().flat_map(|word| word.to_le_bytes()).collect();
    let (mut seq, mut clock, mut late) = ([1_u32, 1_u32], 0_u32, Vec::new());
    let mut write = |ip: &[u8]| {
        clock += 100;
        let len = ip.len() as u32;
        file.extend([0, clock, len, len].iter().flat_map(|word| word.to_le_bytes()));
        file.extend(ip);
    };
    for piece in pieces {
        let ip = packet(piece.from_server, seq, piece.bytes);
        let own = usize::from(piece.from_server);
        seq[own] = seq[own].wrapping_add(piece.bytes.len() as u32);
        if piece.late {
            late.push(ip);
        } else if !piece.lost {
            write(&ip);
            late.drain(..).for_each(|ip| write(&ip));
        }
    }
    file
}
