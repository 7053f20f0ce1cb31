//! HTML under construction. Only markup that stands in our source goes in as it is; every other text is escaped here,
//! because hosts, paths and bodies come from whoever made the calls. Tags always close: they are written by closures.

use std::fmt::Write as _;

use super::text::Words;

/// Attributes of a tag; names are ours, values are escaped.
pub(crate) type Attrs<'a> = &'a [(&'static str, &'a str)];

/// What stands in place of `{0}`, `{1}`, ... of a sentence.
pub(crate) enum Fill<'a> {
    /// A figure; also decides about `{0|one|many}`.
    Count(u64),
    /// A figure that leads to its proof.
    CountAt(u64, &'a str),
    /// Anything else, for the language of the sentence.
    With(&'a dyn Fn(&mut Html)),
}

impl Fill<'_> {
    fn is_one(&self) -> bool {
        matches!(self, Self::Count(1) | Self::CountAt(1, _))
    }
}

/// A page that grows.
#[derive(Default)]
pub(crate) struct Html {
    out: String,
}

impl Html {
    /// The finished page.
    pub fn finish(self) -> String {
        self.out
    }

    /// Markup of our own.
    pub fn raw(&mut self, markup: &'static str) {
        self.out.push_str(markup);
    }

    /// An element and what is inside.
    pub fn el(&mut self, tag: &'static str, attrs: Attrs<'_>, inside: impl FnOnce(&mut Self)) {
        self.void(tag, attrs);
        inside(self);
        self.out.push_str("</");
        self.out.push_str(tag);
        self.out.push('>');
    }

    /// An element without content or end tag.
    pub fn void(&mut self, tag: &'static str, attrs: Attrs<'_>) {
        self.out.push('<');
        self.out.push_str(tag);
        for (name, value) in attrs {
            self.out.push(' ');
            self.out.push_str(name);
            if !value.is_empty() {
                self.out.push_str("=\"");
                escape(&mut self.out, value);
                self.out.push('"');
            }
        }
        self.out.push('>');
    }

    /// An element that holds one text of any origin.
    pub fn leaf(&mut self, tag: &'static str, attrs: Attrs<'_>, text: &str) {
        self.el(tag, attrs, |h| h.text(text));
    }

    /// An element that holds one text in both languages.
    pub fn label(&mut self, tag: &'static str, attrs: Attrs<'_>, words: Words<'_>) {
        self.el(tag, attrs, |h| h.say(words));
    }

    /// Text of any origin.
    pub fn text(&mut self, text: &str) {
        escape(&mut self.out, text);
    }

    /// A whole number with thousands separated.
    pub fn number(&mut self, number: u64) {
        self.out.push_str(&grouped(number));
    }

    /// A text in both languages; the style sheet shows one of them.
    pub fn say(&mut self, words: Words<'_>) {
        if words.en == words.zh {
            return self.text(words.en);
        }
        self.el("span", &[("lang", "en")], |h| h.text(words.en));
        self.el("span", &[("lang", "zh")], |h| h.text(words.zh));
    }

    /// A sentence in both languages, its placeholders `{0}` filled; `{0|call|calls}` agrees with figure 0.
    pub fn fill(&mut self, sentence: Words<'static>, values: &[Fill<'_>]) {
        for (lang, sentence) in [("en", sentence.en), ("zh", sentence.zh)] {
            self.el("span", &[("lang", lang)], |h| h.fill_one(sentence, values));
        }
    }

    fn fill_one(&mut self, sentence: &str, values: &[Fill<'_>]) {
        let mut rest = sentence;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((hole, after)) = after.split_once('}') else { break };
            self.text(before);
            rest = after;
            let (index, forms) =
                hole.split_once('|').map_or((hole, None), |(index, forms)| (index, Some(forms)));
            let Some(value) = index.parse().ok().and_then(|index: usize| values.get(index)) else { continue };
            match (forms, value) {
                (Some(forms), value) => {
                    let (one, many) = forms.split_once('|').unwrap_or((forms, forms));
                    self.text(if value.is_one() { one } else { many });
                }
                (None, Fill::Count(count)) => self.el("b", &[], |h| h.number(*count)),
                (None, Fill::CountAt(count, to)) => {
                    self.el("a", &[("class", "n"), ("href", to)], |h| h.number(*count));
                }
                (None, Fill::With(write)) => write(self),
            }
        }
        self.text(rest);
    }
}

/// Thousands separated by commas, as both languages do.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The first `chars_max` characters, with an ellipsis where something is left out.
pub(crate) fn clip(text: &str, chars_max: usize) -> std::borrow::Cow<'_, str> {
    match text.char_indices().nth(chars_max) {
        None => text.into(),
        Some((end, _)) => format!("{}…", &text[..end]).into(),
    }
}

/// A name as an anchor: letters, digits, `-` and `_` stay, anything else becomes its code.
pub(crate) fn anchor(prefix: &'static str, name: &str) -> String {
    let mut out = prefix.to_owned();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') {
            out.push(c);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, ".{:x}", u32::from(c));
        }
    }
    out
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            _ if is_deceptive(c) => {
                let _ = write!(out, "\u{27e8}U+{:04X}\u{27e9}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
}

/// Characters that cannot be seen or that change the order of others: shown by their code.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(write: impl FnOnce(&mut Html), expect: &str) {
        let mut html = Html::default();
        write(&mut html);
        assert_eq!(html.finish(), expect);
    }

    #[test]
    fn what_others_wrote_is_never_markup() {
        check(|h| h.text("<script>'\"&"), "&lt;script&gt;&#39;&quot;&amp;");
        check(
            |h| h.leaf("a", &[("title", "\"><img src=x onerror=1>")], "x"),
            "<a title=\"&quot;&gt;&lt;img src=x onerror=1&gt;\">x</a>",
        );
        check(|h| h.text("a\u{202e}b\u{0}\u{1b}[m\u{200b}"), "a⟨U+202E⟩b⟨U+0000⟩⟨U+001B⟩[m⟨U+200B⟩");
        check(|h| h.text("中文 𝒳 عربي\n\t"), "中文 𝒳 عربي\n\t");
        assert_eq!(anchor("d-", "A b\"<张>"), "d-A.20b.22.3c.5f20.3e");
    }

    #[test]
    fn sentences_are_filled_and_agree_with_their_figures() {
        let words = Words { en: "{0} {0|call|calls} to {1}", zh: "对 {1} 的 {0} 次调用" };
        check(
            |h| h.fill(words, &[Fill::CountAt(1, "#x"), Fill::With(&|h| h.text("<a>"))]),
            "<span lang=\"en\"><a class=\"n\" href=\"#x\">1</a> call to &lt;a&gt;</span>\
             <span lang=\"zh\">对 &lt;a&gt; 的 <a class=\"n\" href=\"#x\">1</a> 次调用</span>",
        );
        check(
            |h| h.fill(Words { en: "{0} {0|is|are} {9}{", zh: "{" }, &[Fill::Count(2_000)]),
            "<span lang=\"en\"><b>2,000</b> are {</span><span lang=\"zh\">{</span>",
        );
    }

    #[test]
    fn figures_and_cuts() {
        let all: Vec<String> = [0, 999, 1_000, 1_234_567].into_iter().map(grouped).collect();
        assert_eq!(all, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(clip("张三李四", 2), "张三…");
        assert_eq!(clip("张三", 2), "张三");
    }
}
