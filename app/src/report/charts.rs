//! Charts as inline SVG. Only bars and scales are drawn; labels are HTML beside them, so that they wrap, are shown in
//! the language of the reader and keep their size on any width. Each chart answers the question that is its title.

use model::Timestamp;

use super::html::{Html, clip};
use super::limits::NAME_CHARS_MAX;
use super::text::Words;

/// Width of the drawing in its own units; it is stretched to the width there is.
const WIDTH: f64 = 1_000.0;
/// Narrowest visible piece.
const PIECE_MIN: f64 = 3.0;
const MINUTE: i64 = 60 * 1_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Distances between the marks of a time scale.
const STEPS: [i64; 14] = [
    1_000_000,
    5_000_000,
    15_000_000,
    MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    7 * DAY,
    30 * DAY,
    365 * DAY,
];
/// Marks on a time scale at most.
const MARKS_MAX: i64 = 6;

/// One piece of a bar.
pub(crate) struct Piece<'a> {
    /// Length as a share of the scale, 0 to 1.
    pub share: f64,
    /// Class that colours it.
    pub class: &'static str,
    /// What it is, in words of no language.
    pub tip: &'a str,
}

/// A chart: its question, what the colours mean, and the rows.
pub(crate) fn chart(
    h: &mut Html,
    question: Words<'static>,
    legend: &[(&'static str, Words<'static>)],
    rows: impl FnOnce(&mut Html),
) {
    h.el("figure", &[("class", "chart")], |h| {
        h.el("figcaption", &[], |h| {
            h.label("h3", &[], question);
            key(h, legend);
        });
        h.el("div", &[("class", "rows")], rows);
    });
}

/// What the colours mean.
pub(crate) fn key(h: &mut Html, legend: &[(&'static str, Words<'static>)]) {
    h.el("div", &[("class", "legend")], |h| {
        for (class, words) in legend {
            h.el("span", &[], |h| {
                h.el("svg", &[("viewBox", "0 0 10 10"), ("aria-hidden", "true")], |h| {
                    h.el("rect", &[("class", class), ("width", "10"), ("height", "10"), ("rx", "2")], |_| {});
                });
                h.say(*words);
            });
        }
    });
}

/// A row of a chart: label, drawing, figure.
pub(crate) fn row(
    h: &mut Html,
    label: impl FnOnce(&mut Html),
    drawing: impl FnOnce(&mut Html),
    figure: impl FnOnce(&mut Html),
) {
    h.el("div", &[("class", "row")], |h| {
        h.el("div", &[("class", "label")], label);
        h.el("div", &[("class", "plot")], drawing);
        h.el("div", &[("class", "figure")], figure);
    });
}

/// A row with a bar of counts by class on a scale that ends at `longest`; the figure is their sum.
pub(crate) fn counted(
    h: &mut Html,
    label: impl FnOnce(&mut Html),
    counts: &[(&'static str, u64)],
    longest: u64,
) {
    let tips: Vec<String> = counts.iter().map(|(_, count)| count.to_string()).collect();
    let pieces: Vec<Piece<'_>> = counts
        .iter()
        .zip(&tips)
        .map(|((class, count), tip)| Piece { share: *count as f64 / longest.max(1) as f64, class, tip })
        .collect();
    row(h, label, |h| bar(h, &pieces), |h| h.number(counts.iter().map(|(_, count)| count).sum()));
}

/// Such a row for a site.
pub(crate) fn site(h: &mut Html, site: &str, counts: &[(&'static str, u64)], longest: u64) {
    let site = clip(site, NAME_CHARS_MAX);
    counted(h, |h| h.leaf("code", &[("title", &site)], &site), counts, longest);
}

/// The last row: what the figures count.
pub(crate) fn unit(h: &mut Html, words: Words<'static>) {
    row(h, |_| {}, |_| {}, |h| h.label("small", &[], words));
}

/// A bar of pieces one after another.
pub(crate) fn bar(h: &mut Html, pieces: &[Piece<'_>]) {
    drawing(h, |h| {
        let mut at = 0.0;
        for piece in pieces.iter().filter(|piece| piece.share > 0.0) {
            let width = (piece.share * WIDTH).max(PIECE_MIN).min(WIDTH - at);
            rect(h, piece.class, (at, width), piece.tip);
            at += width;
        }
    });
}

/// A stretch of time on a scale.
pub(crate) fn stretch(h: &mut Html, scale: &Scale, times: (Timestamp, Timestamp), class: &'static str) {
    drawing(h, |h| {
        for mark in &scale.marks {
            let x = format!("{:.1}", mark.0 * WIDTH);
            h.el("line", &[("class", "grid"), ("x1", &x), ("x2", &x), ("y1", "0"), ("y2", "12")], |_| {});
        }
        let (from, to) = (scale.share(times.0) * WIDTH, scale.share(times.1) * WIDTH);
        let width = (to - from).max(PIECE_MIN * 2.0);
        rect(h, class, (from.min(WIDTH - width), width), "");
    });
}

fn drawing(h: &mut Html, inside: impl FnOnce(&mut Html)) {
    let attrs = [("viewBox", "0 0 1000 12"), ("preserveAspectRatio", "none"), ("aria-hidden", "true")];
    h.el("svg", &attrs, inside);
}

fn rect(h: &mut Html, class: &'static str, (x, width): (f64, f64), tip: &str) {
    let (x, width) = (format!("{x:.1}"), format!("{width:.1}"));
    h.el("rect", &[("class", class), ("x", &x), ("width", &width), ("y", "0"), ("height", "12")], |h| {
        if !tip.is_empty() {
            h.leaf("title", &[], tip);
        }
    });
}

/// A time scale with its marks.
pub(crate) struct Scale {
    first: i64,
    length: i64,
    /// Position as a share, and label.
    marks: Vec<(f64, String)>,
}

impl Scale {
    /// From the first to the last time; `None` when there is no length to draw on.
    pub fn new(first: Timestamp, last: Timestamp) -> Option<Self> {
        let length = last.micros().checked_sub(first.micros())?;
        if !first.is_known() || !last.is_known() || length <= 0 {
            return None;
        }
        let mut scale = Self { first: first.micros(), length, marks: Vec::new() };
        let fits = |step: &&i64| length / **step <= MARKS_MAX;
        let step = STEPS.iter().find(fits).copied().unwrap_or_else(|| (length / MARKS_MAX).max(1));
        let mut at = scale.first.div_euclid(step).saturating_add(1).saturating_mul(step);
        while at < last.micros() && scale.marks.len() as i64 <= MARKS_MAX {
            scale.marks.push((scale.share(Timestamp(at)), mark_label(at, step)));
            at = at.saturating_add(step);
        }
        Some(scale)
    }

    /// Where a time stands, 0 to 1.
    fn share(&self, time: Timestamp) -> f64 {
        (time.micros().saturating_sub(self.first) as f64 / self.length as f64).clamp(0.0, 1.0)
    }

    /// The row with the labels of the marks.
    pub fn axis(&self, h: &mut Html) {
        h.el("div", &[("class", "axis")], |h| {
            for (share, label) in &self.marks {
                // A label near an end would stand out of the plot.
                if (0.02..0.97).contains(share) {
                    h.leaf("span", &[("style", &format!("left:{:.2}%", share * 100.0))], label);
                }
            }
        });
    }
}

/// Days are told by their date, times within a day by the clock, midnight by both.
fn mark_label(at: i64, step: i64) -> String {
    let text = Timestamp(at).to_string();
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
    if step >= DAY {
        part(0..10).to_owned()
    } else if at.rem_euclid(DAY) == 0 {
        part(5..10).to_owned()
    } else if step < MINUTE {
        part(11..19).to_owned()
    } else {
        part(11..16).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(first: &str, last: &str, expect: &[&str]) {
        let scale = Scale::new(first.parse().expect("a time"), last.parse().expect("a time"));
        let labels: Vec<String> =
            scale.map(|scale| scale.marks.into_iter().map(|(_, label)| label).collect()).unwrap_or_default();
        assert_eq!(labels, expect);
    }

    #[test]
    fn scales_have_round_marks() {
        check("2026-11-20T22:10:00Z", "2026-11-21T08:00:00Z", &["11-21", "03:00", "06:00"]);
        check("2026-11-21T10:00:00.5Z", "2026-11-21T10:00:04Z", &["10:00:01", "10:00:02", "10:00:03"]);
        check("2026-11-19T10:00:00Z", "2026-11-21T10:00:00Z", &["12:00", "11-20", "12:00", "11-21"]);
        check("2026-11-21T10:00:00Z", "2026-11-21T10:00:00Z", &[]);
        check("", "2026-11-21T10:00:00Z", &[]);
    }

    #[test]
    fn pieces_never_leave_the_plot() {
        let mut html = Html::default();
        let piece = |share| Piece { share, class: "c-low", tip: "<b>" };
        bar(&mut html, &[piece(0.999), piece(0.0), piece(0.5)]);
        let text = html.finish();
        assert!(text.contains("x=\"999.0\" width=\"1.0\"") && text.contains("&lt;b&gt;"), "{text}");
        assert_eq!(text.matches("<rect").count(), 2);
    }
}
