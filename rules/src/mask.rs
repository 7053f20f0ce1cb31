//! How a sensitive value may be shown: enough to recognise, too little to use.

use model::Secret;

use crate::data_type::MaskStyle;
use crate::lists::Lists;

/// Masks a raw value for display.
pub(crate) fn mask(style: MaskStyle, raw: &str, lists: &Lists) -> String {
    match style {
        MaskStyle::Full => "******".into(),
        MaskStyle::Ends(head, tail) => Secret::new(raw).mask(head, tail),
        MaskStyle::Address => address(raw),
        MaskStyle::Coordinate => coordinate(raw),
        MaskStyle::Email => email(raw),
        MaskStyle::Ip => ip(raw),
        MaskStyle::Name => name(raw, lists),
    }
}

/// `z***@qq.com`
fn email(raw: &str) -> String {
    let (local, domain) = raw.rsplit_once('@').unwrap_or((raw, ""));
    let first = local.chars().next().filter(|_| local.chars().count() > 1);
    format!("{}***@{domain}", first.map(String::from).unwrap_or_default())
}

/// The first three numbers of an IPv4 address, the first three groups of an IPv6 address.
fn ip(raw: &str) -> String {
    match raw.rsplit_once('.') {
        Some((head, _)) => format!("{head}.*"),
        None => format!("{}::*", raw.split(':').take(3).collect::<Vec<_>>().join(":")),
    }
}

/// Two decimals, about a kilometre.
fn coordinate(raw: &str) -> String {
    raw.split(',')
        .map(|part| match part.trim().split_once('.') {
            Some((whole, decimals)) => format!("{whole}.{}**", decimals.get(..2).unwrap_or_default()),
            None => "**".into(),
        })
        .collect::<Vec<_>>()
        .join(",")
}

/// `张*`, `欧阳**`, `J*** S****`
fn name(raw: &str, lists: &Lists) -> String {
    if raw.is_ascii() || raw.contains(' ') {
        let word = |word: &str| {
            let hidden = word.chars().count().saturating_sub(1).clamp(1, 8);
            word.chars().take(1).chain(std::iter::repeat_n('*', hidden)).collect::<String>()
        };
        return raw.split_whitespace().map(word).collect::<Vec<_>>().join(" ");
    }
    let chars: Vec<char> = raw.chars().collect();
    let double: String = chars.iter().take(2).collect();
    let keep = if chars.len() > 2 && lists.surnames.contains(double.as_str()) { 2 } else { 1 };
    chars
        .iter()
        .take(keep)
        .copied()
        .chain(std::iter::repeat_n('*', chars.len().saturating_sub(keep).max(1)))
        .collect()
}

/// Province, city and district stay.
fn address(raw: &str) -> String {
    let chars: Vec<char> = raw.chars().collect();
    let limit = chars.len() * 2 / 3;
    let keep = match chars[..limit].iter().rposition(|c| "省市区县州盟旗".contains(*c)) {
        Some(at) => at + 1,
        None => (chars.len() / 3).min(6),
    };
    chars[..keep].iter().collect::<String>() + "******"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(style: MaskStyle, raw: &str, expect: &str) {
        let lists = Lists::load().expect("lists load");
        assert_eq!(mask(style, raw, &lists), expect);
    }

    #[test]
    fn masks_show_little() {
        check(MaskStyle::Full, "hunter2", "******");
        check(MaskStyle::Ends(3, 4), "13812345678", "138****5678");
        check(MaskStyle::Email, "zhang@qq.com", "z***@qq.com");
        check(MaskStyle::Email, "z@qq.com", "***@qq.com");
        check(MaskStyle::Ip, "165.51.3.107", "165.51.3.*");
        check(MaskStyle::Coordinate, "43.075123", "43.07**");
        check(MaskStyle::Name, "张三丰", "张**");
        check(MaskStyle::Name, "欧阳修文", "欧阳**");
        check(MaskStyle::Name, "John Smith", "J*** S****");
        check(MaskStyle::Address, "四川省成都市武侯区人民路12号", "四川省成都市武侯区******");
    }
}
