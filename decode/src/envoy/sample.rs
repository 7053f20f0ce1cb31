//! Messages and entries as Envoy sends them, for tests.

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A field with a length.
pub(super) fn bytes(number: u64, content: &[u8]) -> Vec<u8> {
    [varint(number << 3 | 2), varint(content.len() as u64), content.to_vec()].concat()
}

/// A field with a number.
pub(super) fn number(number: u64, value: u64) -> Vec<u8> {
    [varint(number << 3), varint(value)].concat()
}

/// A GET of this path and its answer.
pub(super) fn call(path: &str) -> Vec<u8> {
    let request = [number(1, 1), bytes(3, b"Shop.example"), bytes(5, path.as_bytes())].concat();
    let response = bytes(1, &number(1, 200));
    [bytes(3, &request), bytes(4, &response)].concat()
}

/// The same while it lasts.
pub(super) fn intermediate() -> Vec<u8> {
    [bytes(1, &number(33, 5)), call("/lasting")].concat()
}
