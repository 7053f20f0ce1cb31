//! The risk of an endpoint, 0 to 100, as a sum whose parts are shown: what was found on it, what it carries in
//! clear, from where it is reached, and whether it asks who is calling.

use model::{AuthVerdict, Endpoint, Exposure, Finding, FindingState, Risk, RiskPart, Severity};

/// Points of the worst finding.
const fn finding_points(severity: Severity) -> u8 {
    match severity {
        Severity::Critical => 50,
        Severity::High => 38,
        Severity::Medium => 20,
        Severity::Low => 8,
        Severity::Info => 2,
    }
}

/// Points of each further finding, and their bound.
const FURTHER_FINDING: u8 = 4;
const FURTHER_MAX: u8 = 12;

/// Points of the most sensitive data in clear, by level 0 to 5.
const DATA_POINTS: [u8; 6] = [0, 0, 4, 10, 18, 22];
/// Points for being reached from public addresses.
const OPEN_POINTS: u8 = 8;
/// Points for answering without a credential while carrying data of level 3 or more.
const NO_AUTH_POINTS: u8 = 8;

/// The risk of `endpoint`, given the findings on it.
pub(crate) fn of(endpoint: &Endpoint, findings: &[&Finding]) -> Risk {
    let mut parts = Vec::new();
    let mut add = |id: &str, points: u8, detail: &str| {
        if points > 0 {
            parts.push(RiskPart { id: id.to_owned(), points, detail: detail.to_owned() });
        }
    };
    let open: Vec<&&Finding> =
        findings.iter().filter(|f| matches!(f.state, FindingState::Open | FindingState::Confirmed)).collect();
    if let Some(worst) = open.iter().max_by_key(|finding| finding.severity) {
        add("finding", finding_points(worst.severity), &worst.rule);
        let further = u8::try_from(open.len() - 1).unwrap_or(u8::MAX).saturating_mul(FURTHER_FINDING);
        add("further-findings", further.min(FURTHER_MAX), &(open.len() - 1).to_string());
    }
    let level = usize::from(endpoint.level).min(DATA_POINTS.len() - 1);
    let worst_data = endpoint.data.iter().find(|usage| !usage.masked && usage.level == endpoint.level);
    add("data", DATA_POINTS[level], worst_data.map_or("", |usage| usage.data_type.as_str()));
    if endpoint.exposure == Exposure::Open {
        add("exposure", OPEN_POINTS, "open");
    }
    let asks_nobody = matches!(endpoint.auth.verdict, AuthVerdict::None | AuthVerdict::Mixed);
    if endpoint.level >= 3 && asks_nobody && !brings_own_credential(endpoint) {
        add("auth", NO_AUTH_POINTS, endpoint.auth.verdict.as_str());
    }
    parts.sort_by_key(|part| std::cmp::Reverse(part.points));
    let score = parts.iter().map(|part| u32::from(part.points)).sum::<u32>().min(100);
    Risk { score: score as u8, parts }
}

/// Where people log in or register, the credential is in the body: asking for another would make no sense.
fn brings_own_credential(endpoint: &Endpoint) -> bool {
    let purpose = endpoint.purpose.as_deref().unwrap_or_default();
    ["login", "register", "token", "sms-code", "password-reset", "captcha"]
        .iter()
        .any(|word| purpose.starts_with(word))
}
