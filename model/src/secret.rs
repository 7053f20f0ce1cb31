//! A value that must not be seen: no `Debug`, no `Serialize`. Only a mask leaves.

use std::borrow::Cow;

/// A raw sensitive value. It can be compared and hashed by whoever holds it, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<'a>(Cow<'a, str>);

impl<'a> Secret<'a> {
    /// Takes a raw value into custody.
    pub fn new(raw: impl Into<Cow<'a, str>>) -> Self {
        Self(raw.into())
    }

    /// The raw value, for hashing and comparing inside a stage; never for output.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Keeps `head` and `tail` characters and replaces the rest with `*`. At least a third of the value is
    /// hidden (two thirds when it is shorter than 6 characters); more than 16 hidden ones show as 16.
    #[must_use]
    pub fn mask(&self, head: usize, tail: usize) -> String {
        let chars: Vec<char> = self.0.chars().collect();
        let len = chars.len();
        let visible_max = if len < 6 { len / 3 } else { len - len.div_ceil(3) };
        let head = head.min(visible_max);
        let tail = tail.min(visible_max - head);
        let hidden = (len - head - tail).clamp(1, 16);
        let mut text: String = chars[..head].iter().collect();
        text.extend(std::iter::repeat_n('*', hidden));
        text.extend(&chars[len - tail..]);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[track_caller]
    fn check(raw: &str, head: usize, tail: usize, expect: &str) {
        assert_eq!(Secret::new(raw).mask(head, tail), expect);
    }

    #[test]
    fn masks_keep_only_the_ends() {
        check("13812345678", 3, 4, "138****5678");
        check("110101199003078515", 6, 4, "110101********8515");
        check("abc", 3, 4, "a**");
        check("", 3, 4, "*");
    }
}
