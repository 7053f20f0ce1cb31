//! The dynamic table (RFC 7541 §2.3.2) as far as it is known. Indices count from the newest entry, so entries
//! that were seen to be inserted stay right whatever lies behind them; only what is older than the first
//! insertion that was seen is unknown. An encoder never refers to an evicted entry: keeping one too many is harmless.

use std::collections::VecDeque;

use model::limits;

/// What an entry costs beside its text (RFC 7541 §4.1).
const ENTRY_OVERHEAD: usize = 32;
/// The size before any update (RFC 9113 §6.5.2).
const SIZE_DEFAULT: usize = 4_096;

/// A field of the table; a name of `None` was taken over from an entry that is unknown.
#[derive(Debug)]
pub(super) struct Entry {
    text: Box<[u8]>,
    name_len: Option<u32>,
}

impl Entry {
    pub(super) fn new(name: Option<&[u8]>, value: &[u8]) -> Self {
        let text = [name.unwrap_or_default(), value].concat().into_boxed_slice();
        Self { text, name_len: name.map(|name| name.len() as u32) }
    }

    /// Name and value, when both are known.
    pub(super) fn field(&self) -> Option<(&[u8], &[u8])> {
        self.name_len.map(|len| self.text.split_at(len as usize))
    }

    /// Its size, or the least it can be.
    fn size(&self) -> usize {
        self.text.len() + ENTRY_OVERHEAD
    }
}

#[derive(Debug)]
pub(super) struct Table {
    /// Newest first.
    entries: VecDeque<Entry>,
    size: usize,
    /// Size that the encoder keeps to; `None`: not known.
    max: Option<usize>,
    /// Nothing is missing.
    whole: bool,
}

impl Table {
    pub(super) fn new() -> Self {
        Self { entries: VecDeque::new(), size: 0, max: Some(SIZE_DEFAULT), whole: true }
    }

    /// An unknown number of insertions was missed: indices of older entries mean nothing any more.
    pub(super) fn forget(&mut self) {
        self.entries.clear();
        (self.size, self.max, self.whole) = (0, None, false);
    }

    /// The entry of an index, 0 being the newest.
    pub(super) fn get(&self, index: usize) -> Option<&Entry> {
        self.entries.get(index)
    }

    /// An index without an entry can only be a mistake of the sender.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    pub(super) fn insert(&mut self, entry: Entry) {
        let max = self.max.unwrap_or(limits::HPACK_TABLE_BYTES_MAX);
        let size = entry.size();
        // An entry that does not fit empties the table (RFC 7541 §4.4). Without the size being known it may
        // have fitted; it is kept, for nothing will refer to it otherwise.
        let fits = size <= max;
        self.evict(max.saturating_sub(size));
        if fits {
            self.size += size;
            self.entries.push_front(entry);
        } else if self.max.is_none() {
            self.forget();
        }
    }

    /// A dynamic table size update (RFC 7541 §6.3).
    pub(super) fn resize(&mut self, max: usize) {
        self.max = Some(max.min(limits::HPACK_TABLE_BYTES_MAX));
        self.evict(max);
        self.whole = (self.whole || max == 0) && max <= limits::HPACK_TABLE_BYTES_MAX;
    }

    fn evict(&mut self, room: usize) {
        while self.size > room
            && let Some(entry) = self.entries.pop_back()
        {
            self.size -= entry.size();
        }
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(table: &Table, index: usize, expect: Option<&str>) {
        let found = table.get(index).and_then(Entry::field).map(|(name, _)| name);
        assert_eq!(found, expect.map(str::as_bytes), "index {index}");
    }

    fn entry(name: &str) -> Entry {
        Entry::new(Some(name.as_bytes()), b"value")
    }

    #[test]
    fn eviction_and_resizing() {
        let mut table = Table::new();
        table.resize(80);
        ["a", "b", "c"].into_iter().for_each(|name| table.insert(entry(name)));
        check(&table, 0, Some("c"));
        check(&table, 1, Some("b"));
        check(&table, 2, None);
        table.insert(Entry::new(Some(b"large"), &[b'x'; 100]));
        check(&table, 0, None);
        assert_eq!((table.bytes(), table.is_whole()), (0, true));
    }

    #[test]
    fn after_a_loss_new_entries_count_from_the_newest() {
        let mut table = Table::new();
        table.insert(entry("old"));
        table.forget();
        check(&table, 0, None);
        table.insert(entry("new"));
        table.insert(Entry::new(None, b"value of an unknown name"));
        check(&table, 0, None);
        check(&table, 1, Some("new"));
        check(&table, 2, None);
        assert!(!table.is_whole());
        table.resize(0);
        assert!(table.is_whole(), "an emptied table is known again");
    }
}
