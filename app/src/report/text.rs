//! The words of the report that stand for codes of the records, in both languages; the same words as the console's.
//! Sentences stand where they are written, as pairs made by [`t`].

use model::{
    AccountEvidence, AuthKind, AuthVerdict, CandidateReason, Exposure, LifeState, Place, Severity, Side,
};

/// One text in English and Chinese.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Words<'a> {
    pub en: &'a str,
    pub zh: &'a str,
}

/// A pair of texts.
pub(crate) const fn t<'a>(en: &'a str, zh: &'a str) -> Words<'a> {
    Words { en, zh }
}

impl<'a> From<&'a rules::Text> for Words<'a> {
    fn from(text: &'a rules::Text) -> Self {
        Self { en: &text.en, zh: &text.zh }
    }
}

pub(crate) const fn severity(severity: Severity) -> Words<'static> {
    match severity {
        Severity::Critical => t("Critical", "严重"),
        Severity::High => t("High", "高"),
        Severity::Medium => t("Medium", "中"),
        Severity::Low => t("Low", "低"),
        Severity::Info => t("Info", "提示"),
    }
}

pub(crate) const fn severity_meaning(severity: Severity) -> Words<'static> {
    match severity {
        Severity::Critical => t("act at once", "立即处置"),
        Severity::High => t("mend now", "应立即修复"),
        Severity::Medium => t("mend soon", "应尽快修复"),
        Severity::Low => t("mend when convenient", "可择机修复"),
        Severity::Info => t("worth knowing", "供参考"),
    }
}

pub(crate) const fn level(level: u8) -> Words<'static> {
    match level {
        0 => t("No sensitive data in clear", "无明文敏感数据"),
        1 => t("Public", "公开"),
        2 => t("Internal", "内部"),
        3 => t("Sensitive", "敏感"),
        4 => t("Highly sensitive", "高度敏感"),
        _ => t("Core", "核心"),
    }
}

pub(crate) const fn auth(verdict: AuthVerdict) -> Words<'static> {
    match verdict {
        AuthVerdict::Required => t("Required", "需要凭证"),
        AuthVerdict::Mixed => t("Mixed", "不一致"),
        AuthVerdict::None => t("None", "无认证"),
        AuthVerdict::Unknown => t("Unknown", "未知"),
    }
}

pub(crate) const fn auth_kind(kind: AuthKind) -> Words<'static> {
    match kind {
        AuthKind::None => t("none", "无"),
        AuthKind::Basic => t("HTTP Basic", "HTTP Basic"),
        AuthKind::Bearer => t("Bearer token", "Bearer 令牌"),
        AuthKind::Jwt => t("JWT", "JWT"),
        AuthKind::Digest => t("HTTP Digest", "HTTP Digest"),
        AuthKind::Cookie => t("session cookie", "会话 Cookie"),
        AuthKind::ApiKey => t("API key", "API 密钥"),
        AuthKind::Signature => t("signature", "请求签名"),
        AuthKind::Other => t("other", "其他"),
    }
}

pub(crate) const fn exposure(exposure: Exposure) -> Words<'static> {
    match exposure {
        Exposure::Open => t("Open", "公开"),
        Exposure::Internal => t("Internal", "内部"),
        Exposure::Unknown => t("Unknown", "未知"),
    }
}

pub(crate) const fn life(state: LifeState) -> Words<'static> {
    match state {
        LifeState::New => t("New", "新增"),
        LifeState::Active => t("Active", "活跃"),
        LifeState::Dormant => t("Dormant", "休眠"),
    }
}

pub(crate) const fn side(side: Side) -> Words<'static> {
    match side {
        Side::Request => t("Request", "请求"),
        Side::Response => t("Response", "响应"),
    }
}

pub(crate) const fn place(place: Place) -> Words<'static> {
    match place {
        Place::Path => t("path", "路径"),
        Place::Query => t("query", "查询"),
        Place::Header => t("header", "头部"),
        Place::Cookie => t("cookie", "Cookie"),
        Place::Body => t("body", "正文"),
    }
}

pub(crate) const fn account_evidence(how: AccountEvidence) -> Words<'static> {
    match how {
        AccountEvidence::Login => t("login", "登录"),
        AccountEvidence::Basic => t("HTTP Basic", "HTTP Basic"),
        AccountEvidence::Jwt => t("JWT", "JWT"),
        AccountEvidence::Session => t("session", "会话"),
    }
}

/// All reasons in the order of the report.
pub(crate) const REASONS: [CandidateReason; 8] = [
    CandidateReason::Unconfirmed,
    CandidateReason::Scanner,
    CandidateReason::Attack,
    CandidateReason::NoResponse,
    CandidateReason::Page,
    CandidateReason::Static,
    CandidateReason::Preflight,
    CandidateReason::Unreadable,
];

pub(crate) const fn reason(reason: CandidateReason) -> Words<'static> {
    match reason {
        CandidateReason::Unconfirmed => t("Never succeeded", "从未成功"),
        CandidateReason::Scanner => t("Scanner", "扫描器"),
        CandidateReason::Static => t("Static file", "静态文件"),
        CandidateReason::Page => t("Page", "页面"),
        CandidateReason::NoResponse => t("No response", "无响应"),
        CandidateReason::Attack => t("Attack", "攻击"),
        CandidateReason::Preflight => t("CORS preflight", "跨域预检"),
        CandidateReason::Unreadable => t("Unreadable", "无法读取"),
    }
}

pub(crate) const fn reason_why(reason: CandidateReason) -> Words<'static> {
    match reason {
        CandidateReason::Unconfirmed => {
            t("no call was answered with success", "没有任何一次调用得到成功响应")
        }
        CandidateReason::Scanner => {
            t("asked for by clients that mostly ask for what does not exist", "请求方主要在请求不存在的路径")
        }
        CandidateReason::Static => {
            t("a script, style, image, font or other file", "脚本、样式、图片、字体等文件")
        }
        CandidateReason::Page => t("a page for people rather than an API", "供人浏览的页面，而非接口"),
        CandidateReason::NoResponse => t("no response was seen", "未采集到响应"),
        CandidateReason::Attack => t("the request carries an attack", "请求中包含攻击内容"),
        CandidateReason::Preflight => t("a browser asking whether it may call", "浏览器询问是否允许跨域调用"),
        CandidateReason::Unreadable => {
            t("the request was not seen or cannot be read", "请求未采集到或无法读取")
        }
    }
}

/// A part of the risk score by its id; an unknown id is shown as it is.
pub(crate) fn risk_part(id: &str) -> Words<'_> {
    match id {
        "finding" => t("Worst finding", "最严重的发现"),
        "further-findings" => t("Further findings", "其他发现"),
        "data" => t("Data in clear", "明文数据"),
        "exposure" => t("Exposure", "暴露面"),
        "auth" => t("Authentication", "认证"),
        other => t(other, other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(words: Words<'_>, expect: bool) {
        assert_eq!(words.zh.chars().any(|c| c as u32 >= 0x4e00), expect, "{words:?}");
    }

    #[test]
    fn codes_have_words_in_both_languages() {
        for value in Severity::ALL {
            check(severity(value), true);
            check(severity_meaning(value), true);
        }
        for value in REASONS {
            check(reason(value), true);
            check(reason_why(value), true);
        }
        check(risk_part("data"), true);
        check(risk_part("volume"), false);
        check(auth_kind(AuthKind::Jwt), false);
    }
}
