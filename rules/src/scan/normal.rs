//! Full-width letters, digits and signs (`１３８`, `＊`, `＠`) as their ASCII forms, with a map back to the source.

/// A narrowed text and, per byte of it, the byte of the source.
pub(super) struct Narrowed {
    pub(super) text: String,
    origins: Vec<u32>,
}

impl Narrowed {
    /// Where a byte of the narrowed text stands in the source.
    pub(super) fn origin(&self, at: usize) -> usize {
        self.origins[at.min(self.origins.len() - 1)] as usize
    }
}

/// `None` when there is nothing to narrow, the common case.
pub(super) fn narrow(text: &str) -> Option<Narrowed> {
    // Full-width forms U+FF01 to U+FF5E begin with the bytes EF BC or EF BD.
    if !text.as_bytes().windows(2).any(|pair| pair[0] == 0xef && matches!(pair[1], 0xbc | 0xbd)) {
        return None;
    }
    let mut narrowed = Narrowed { text: String::with_capacity(text.len()), origins: Vec::new() };
    for (at, c) in text.char_indices() {
        let c = match c {
            // Chinese punctuation keeps its width: it separates, and ASCII signs would join.
            '，' | '：' | '；' | '！' | '？' | '（' | '）' => c,
            '\u{ff01}'..='\u{ff5e}' => char::from((c as u32 - 0xfee0) as u8),
            _ => c,
        };
        narrowed.text.push(c);
        narrowed.origins.resize(narrowed.text.len(), at as u32);
    }
    narrowed.origins.push(text.len() as u32);
    Some(narrowed)
}

#[cfg(test)]
mod tests {
    use super::narrow;

    #[test]
    fn wide_digits_become_narrow_and_find_back() {
        let narrowed = narrow("号１３8，x").expect("something to narrow");
        assert_eq!(narrowed.text, "号138，x");
        assert_eq!((narrowed.origin(3), narrowed.origin(6)), (3, 10));
        assert!(narrow("号码 138").is_none());
    }
}
