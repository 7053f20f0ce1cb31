//! Shapes: the fixed forms that values have, `###-##-####`, written in content files and matched at one position
//! without backtracking. A deliberate subset of what a regular expression can say, so that a shape can be
//! dispatched on the length of its leading run of letters and digits.

/// A set of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ByteSet([u64; 4]);

impl ByteSet {
    const EMPTY: Self = Self([0; 4]);

    fn add(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    fn add_range(&mut self, from: u8, to: u8) {
        for byte in from..=to {
            self.add(byte);
        }
    }

    const fn has(&self, byte: u8) -> bool {
        self.0[(byte >> 6) as usize] >> (byte & 63) & 1 == 1
    }

    fn any(&self, mut test: impl FnMut(u8) -> bool) -> bool {
        (0..=u8::MAX).any(|byte| self.has(byte) && test(byte))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Item {
    set: ByteSet,
    min: usize,
    max: usize,
}

/// A compiled shape.
///
/// `#` digit, `@` upper-case letter, `?` upper-case letter or digit, `&` letter or digit, `[a-z_]` one of,
/// `\c` that character, `{n}` and `{n,m}` how often; anything else stands for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    items: Vec<Item>,
    /// Length of the leading run of letters and digits, least and most.
    pub(crate) lead: (usize, usize),
    /// The leading run may hold lower-case letters; upper-case letters.
    pub(crate) lead_lower: bool,
    pub(crate) lead_upper: bool,
}

impl Shape {
    /// Compiles a shape; the error says what cannot be read.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut items: Vec<Item> = Vec::new();
        let mut bytes = text.bytes().peekable();
        while let Some(byte) = bytes.next() {
            let mut set = ByteSet::EMPTY;
            match byte {
                b'#' => set.add_range(b'0', b'9'),
                b'@' => set.add_range(b'A', b'Z'),
                b'?' | b'&' => {
                    set.add_range(b'0', b'9');
                    set.add_range(b'A', b'Z');
                    if byte == b'&' {
                        set.add_range(b'a', b'z');
                    }
                }
                b'[' => set = parse_set(&mut bytes, text)?,
                b'{' => {
                    let item =
                        items.last_mut().ok_or_else(|| format!("`{text}`: a count without an item"))?;
                    (item.min, item.max) = parse_count(&mut bytes, text)?;
                    continue;
                }
                b'\\' => set.add(bytes.next().ok_or_else(|| format!("`{text}`: ends in `\\`"))?),
                _ => set.add(byte),
            }
            items.push(Item { set, min: 1, max: 1 });
        }
        if items.is_empty() {
            return Err("an empty shape".into());
        }
        Ok(Self::with_lead(items))
    }

    fn with_lead(items: Vec<Item>) -> Self {
        let (mut least, mut most, mut lower, mut upper) = (0, 0, false, false);
        for item in &items {
            if !item.set.any(|byte| byte.is_ascii_alphanumeric()) {
                break;
            }
            most += item.max;
            lower |= item.set.any(|byte| byte.is_ascii_lowercase());
            upper |= item.set.any(|byte| byte.is_ascii_uppercase());
            // A set that also holds separators may end the run anywhere inside it.
            if item.set.any(|byte| !byte.is_ascii_alphanumeric()) {
                least += 1;
                most = usize::MAX;
                break;
            }
            least += item.min;
        }
        Self { items, lead: (least, most), lead_lower: lower, lead_upper: upper }
    }

    /// The end of the shape when it begins at `start`. Counts are greedy.
    pub(crate) fn match_at(&self, bytes: &[u8], start: usize) -> Option<usize> {
        let mut at = start;
        for item in &self.items {
            let taken = bytes[at..].iter().take(item.max).take_while(|byte| item.set.has(**byte)).count();
            if taken < item.min {
                return None;
            }
            at += taken;
        }
        Some(at)
    }

    /// The shape is the whole of `bytes`.
    pub(crate) fn is_whole(&self, bytes: &[u8]) -> bool {
        self.match_at(bytes, 0) == Some(bytes.len())
    }

    /// The last item could have gone on with this byte.
    pub(crate) fn would_take(&self, byte: u8) -> bool {
        self.items.last().is_some_and(|item| item.set.has(byte))
    }
}

fn parse_set(bytes: &mut impl Iterator<Item = u8>, text: &str) -> Result<ByteSet, String> {
    let (mut set, mut members) = (ByteSet::EMPTY, Vec::new());
    loop {
        match bytes.next() {
            None => return Err(format!("`{text}`: a `[` without `]`")),
            Some(b']') => break,
            Some(byte) => members.push(byte),
        }
    }
    let mut at = 0;
    while at < members.len() {
        if members.get(at + 1) == Some(&b'-') && at + 2 < members.len() {
            set.add_range(members[at], members[at + 2]);
            at += 3;
        } else {
            set.add(members[at]);
            at += 1;
        }
    }
    Ok(set)
}

fn parse_count(bytes: &mut impl Iterator<Item = u8>, text: &str) -> Result<(usize, usize), String> {
    let count: Vec<u8> = bytes.take_while(|byte| *byte != b'}').collect();
    let count = String::from_utf8_lossy(&count).into_owned();
    let (least, most) = count.split_once(',').unwrap_or((&count, &count));
    match (least.parse(), most.parse()) {
        (Ok(least), Ok(most)) if least <= most && most <= 4_096 => Ok((least, most)),
        _ => Err(format!("`{text}`: the count `{count}` cannot be read")),
    }
}

#[cfg(test)]
mod tests {
    use super::Shape;

    #[track_caller]
    fn check(shape: &str, input: &str, expect: Option<usize>) {
        assert_eq!(Shape::parse(shape).expect("a shape").match_at(input.as_bytes(), 0), expect);
    }

    #[test]
    fn shapes_match_what_they_say() {
        check("###-##-####", "123-45-6789", Some(11));
        check("###-##-####", "123-45-678", None);
        check("[EG]#{8}", "E123456789", Some(9));
        check("@######\\(?\\)", "A123456(3)", Some(10));
        check("ghp_&{36}", "ghp_short", None);
        check("#{13,16}", "12345678901234567", Some(16));
    }

    #[test]
    fn the_leading_run_is_known() {
        assert_eq!(Shape::parse("###-##").expect("a shape").lead, (3, 3));
        assert_eq!(Shape::parse("@#{8,10}").expect("a shape").lead, (9, 11));
        assert_eq!(Shape::parse("AIza[0-9A-Za-z_-]{35}").expect("a shape").lead, (5, usize::MAX));
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in ["", "{3}", "[ab", "a{x}", "a{3,2}", "\\"] {
            assert!(Shape::parse(bad).is_err(), "{bad}");
        }
    }
}
