//! Postal addresses: Chinese ones by their chain of administrative levels, Western ones only under a key.

/// Short names of provinces; an address may begin with one.
const PROVINCES: &[&str] = &[
    "北京",
    "天津",
    "上海",
    "重庆",
    "河北",
    "山西",
    "辽宁",
    "吉林",
    "黑龙江",
    "江苏",
    "浙江",
    "安徽",
    "福建",
    "江西",
    "山东",
    "河南",
    "湖北",
    "湖南",
    "广东",
    "海南",
    "四川",
    "贵州",
    "云南",
    "陕西",
    "甘肃",
    "青海",
    "台湾",
    "内蒙古",
    "广西",
    "西藏",
    "宁夏",
    "新疆",
    "香港",
    "澳门",
];
/// Upper levels, from province to township.
const UPPER: &str = "省市区县州盟旗镇乡";
/// Lower levels: a street, a house, a room.
const LOWER: &str = "路街道巷弄村号栋幢楼室座院";
/// Characters that end an address.
const ENDS: &str = "路街道巷弄村号栋幢楼室座院户层元组";
/// Characters of a city or county name.
const CITY_CHARS_MAX: usize = 4;
/// Characters of one address.
const ADDRESS_CHARS_MAX: usize = 80;
/// Words that may stand right before an address and are no part of it.
const LEADS: &[&str] = &[
    "地址", "住址", "寄往", "送至", "送到", "寄到", "位于", "住在", "寄至", "收货", "配送", "前往", "来自",
    "户籍", "到", "至", "在", "往", "：", "为", "是", "于",
];
const STREET_WORDS: &[&str] = &[
    "street",
    "st",
    "st.",
    "road",
    "rd",
    "rd.",
    "avenue",
    "ave",
    "ave.",
    "lane",
    "ln",
    "drive",
    "dr",
    "boulevard",
    "blvd",
    "court",
    "ct",
    "square",
    "suite",
    "apt",
    "apt.",
    "unit",
    "floor",
    "room",
    "box",
    "highway",
    "way",
    "place",
];

/// The first Chinese address in `text`, as bytes from and to.
pub(super) fn find(text: &str) -> Option<(usize, usize)> {
    let len: usize = text
        .chars()
        .take(ADDRESS_CHARS_MAX + 40)
        .take_while(|c| !c.is_ascii() || c.is_ascii_alphanumeric() || "-#()".contains(*c))
        .take_while(|c| !"，。；！？、：".contains(*c))
        .map(char::len_utf8)
        .sum();
    let run = &text[..len];
    if !run.contains(|c| LOWER.contains(c)) || !run.contains(|c| UPPER.contains(c)) {
        return None;
    }
    let province = PROVINCES.iter().filter_map(|name| run.find(name)).min();
    let start = match province {
        Some(at) => at,
        None => city_start(run)?,
    };
    let body: String = run[start..].chars().take(ADDRESS_CHARS_MAX).collect();
    let end = body.char_indices().rev().find(|(_, c)| ENDS.contains(*c)).map(|(at, c)| at + c.len_utf8())?;
    let body = &body[..end];
    // A single level on each side is chance (`道路`, `市场街`): a number, or three levels, make it an address.
    let upper = body.chars().filter(|c| UPPER.contains(*c)).count();
    let lower = body.chars().filter(|c| LOWER.contains(*c)).count();
    let numbered = body.contains(|c: char| c.is_ascii_digit() || "一二三四五六七八九十".contains(c));
    let named = province.is_some() || upper >= 2;
    (lower >= 1 && (upper >= 1) && named && (numbered || upper + lower >= 3)).then_some((start, start + end))
}

/// Without a province: a few characters before the first city or county, leading words cut off.
fn city_start(run: &str) -> Option<usize> {
    let (city, _) = run.char_indices().find(|(_, c)| "市县区州".contains(*c))?;
    let head = &run[..city];
    let mut start = head.char_indices().rev().take(CITY_CHARS_MAX).last().map(|(at, _)| at)?;
    for lead in LEADS {
        if let Some(at) = run[start..city].rfind(lead) {
            start += at + lead.len();
        }
    }
    (start < city).then_some(start)
}

/// A value under an address key: Chinese with an address character, or Western with number and words.
pub(super) fn is_keyed(value: &str) -> bool {
    if value.chars().count() < 6 || value.len() > 400 || value.contains('@') || value.contains("://") {
        return false;
    }
    if value.chars().any(|c| matches!(c, '\u{4e00}'..='\u{9fff}')) {
        let levels = value.chars().filter(|c| UPPER.contains(*c) || LOWER.contains(*c)).count();
        return levels >= 2;
    }
    let words: Vec<String> =
        value.split([' ', ',', '\n']).filter(|w| !w.is_empty()).map(str::to_lowercase).collect();
    let number = words.iter().any(|word| word.bytes().any(|byte| byte.is_ascii_digit()));
    let spelled =
        words.iter().filter(|word| word.len() >= 2 && word.bytes().all(|b| b.is_ascii_alphabetic())).count();
    let street = words.iter().any(|word| STREET_WORDS.contains(&word.as_str()));
    number && spelled >= 2 && (street || value.contains(',') || value.contains('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<&str>) {
        assert_eq!(find(text).map(|(from, to)| &text[from..to]), expect, "{text}");
    }

    #[test]
    fn addresses_in_text() {
        check("请寄往广东省深圳市南山区科技路12号3栋，谢谢", Some("广东省深圳市南山区科技路12号3栋"));
        check("地址成都市武侯区人民南路四段27号", Some("成都市武侯区人民南路四段27号"));
        check("操作成功，请在市场街看看", None);
        check("：北京市彬县合川佛山街94号", None);
        check("北京欢迎您", None);
        check("今年全市道路建设", None);
    }

    #[test]
    fn addresses_under_keys() {
        assert!(is_keyed("21150 Robert Keys, Port James, SD 51428") && is_keyed("人民南路四段27号"));
        assert!(!is_keyed("home") && !is_keyed("http://example.com/1, 2") && !is_keyed("a@example.com, b"));
    }
}
