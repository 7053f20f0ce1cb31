//! The tape: a structured body as a list of items in document order. One allocation per buffer, kept over calls.

use std::ops::Range;

/// What the tape was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Format {
    /// Nothing was read.
    #[default]
    Empty,
    Json,
    Form,
    Multipart,
    Xml,
    /// Unstructured text: one item.
    Text,
}

/// Kind of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    String,
    Integer,
    Number,
    Bool,
    Null,
}

/// One value. Containers are followed by what they contain.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub kind: Kind,
    /// Position of the container on the tape; `None` at the top.
    pub parent: Option<u32>,
    /// Position within an array.
    pub index: u32,
    /// Position after the last item inside this one.
    pub end: u32,
    /// Bytes of the value in the text it was read from (quotes left out).
    pub span: Range<u32>,
    /// Bytes of the key in that text; empty where the format has none.
    pub key_span: Range<u32>,
    key: Range<u32>,
    value: Range<u32>,
}

/// Items and their text.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    pub items: Vec<Item>,
    pub format: Format,
    /// The text ended or broke before the structure did; what came before is on the tape.
    pub cut: bool,
    /// Parts of the text of which no value is on the tape: what follows a break, files in a form.
    pub unread: Vec<Range<u32>>,
    arena: String,
}

impl Tape {
    /// Empties the tape and keeps its memory.
    pub fn clear(&mut self) {
        self.items.clear();
        self.arena.clear();
        self.format = Format::Empty;
        self.cut = false;
        self.unread.clear();
    }

    /// Appends an item and returns its position. `span` is where the value stands in the source text.
    pub fn push(&mut self, kind: Kind, parent: Option<u32>, key: &str, value: &str, span: Range<u32>) -> u32 {
        let position = self.items.len() as u32;
        let key = self.store(key);
        let value = self.store(value);
        let end = position + 1;
        self.items.push(Item { kind, parent, index: 0, end, span, key_span: 0..0, key, value });
        position
    }

    /// Closes a container: everything pushed since lies inside it.
    pub fn close(&mut self, position: u32) {
        self.items[position as usize].end = self.items.len() as u32;
    }

    /// Turns an empty container into a string.
    pub fn make_scalar(&mut self, position: u32, value: &str, span: Range<u32>) {
        let value = self.store(value);
        let item = &mut self.items[position as usize];
        (item.kind, item.value, item.span) = (Kind::String, value, span);
    }

    /// Puts one unstructured text on the tape.
    pub fn set_text(&mut self, text: &str) {
        self.format = Format::Text;
        self.push(Kind::String, None, "", text, 0..text.len() as u32);
    }

    fn store(&mut self, text: &str) -> Range<u32> {
        let start = self.arena.len() as u32;
        self.arena.push_str(text);
        start..self.arena.len() as u32
    }

    /// The key under which an item stands in its object; empty in arrays and at the top.
    pub fn key(&self, item: &Item) -> &str {
        &self.arena[item.key.start as usize..item.key.end as usize]
    }

    /// The text of a scalar, unescaped; empty for containers.
    pub fn value(&self, item: &Item) -> &str {
        &self.arena[item.value.start as usize..item.value.end as usize]
    }

    /// The nearest key at or above an item: `users` for the third element of `{"users":[…]}`.
    pub fn named_key(&self, item: &Item) -> &str {
        let mut item = item;
        loop {
            let key = self.key(item);
            match item.parent {
                Some(parent) if key.is_empty() => item = &self.items[parent as usize],
                _ => return key,
            }
        }
    }

    /// The key of the object that holds the item's [`Self::named_key`]; empty at the top.
    pub fn parent_key(&self, item: &Item) -> &str {
        let mut item = item;
        while self.key(item).is_empty() {
            match item.parent {
                Some(parent) => item = &self.items[parent as usize],
                None => return "",
            }
        }
        item.parent.map_or("", |parent| self.named_key(&self.items[parent as usize]))
    }

    /// RFC 6901 JSON Pointer of an item; array positions as `*` when `general`.
    pub fn pointer(&self, item: &Item, general: bool) -> String {
        let mut steps = Vec::new();
        let mut item = item;
        while let Some(parent) = item.parent {
            let container = &self.items[parent as usize];
            steps.push(match container.kind {
                Kind::Array if general => "*".to_owned(),
                Kind::Array => item.index.to_string(),
                _ => escape_pointer(self.key(item)),
            });
            item = container;
        }
        steps.iter().rev().fold(String::new(), |pointer, step| pointer + "/" + step)
    }

    /// The scalars, in document order.
    pub fn scalars(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| !matches!(item.kind, Kind::Object | Kind::Array))
    }

    /// Scalars directly in the top object (or its `data`, `user`, `result` … one level down), with their keys.
    pub fn top_scalars(&self, depth_max: usize) -> impl Iterator<Item = (&str, &Item)> {
        self.scalars()
            .filter(move |item| self.depth(item) <= depth_max)
            .map(|item| (self.named_key(item), item))
    }

    fn depth(&self, item: &Item) -> usize {
        let mut depth = 0;
        let mut item = item;
        while let Some(parent) = item.parent {
            depth += 1;
            item = &self.items[parent as usize];
        }
        depth
    }
}

/// RFC 6901 §3: `~` and `/` inside a reference token.
pub(crate) fn escape_pointer(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
