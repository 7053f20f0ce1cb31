//! Every limit of the report, with its unit. What is left out is counted in the report, with the file that holds it.

/// Findings described in full; `findings.jsonl` holds all.
pub(crate) const FINDINGS_MAX: usize = 200;
/// Rows of charts.
pub(crate) const CHART_ROWS_MAX: usize = 12;
/// Endpoints among the top risks.
pub(crate) const RISKS_MAX: usize = 10;
/// Endpoints of the inventory, those with the highest risk when there are more.
pub(crate) const ENDPOINTS_MAX: usize = 2_000;
/// Rows of the data map per data type.
pub(crate) const DATA_ROWS_MAX: usize = 25;
/// Candidates shown per reason.
pub(crate) const CANDIDATES_MAX: usize = 10;
/// Accounts shown.
pub(crate) const ACCOUNTS_MAX: usize = 50;
/// Items of a list inside one cell or sentence.
pub(crate) const LIST_MAX: usize = 6;
/// Sites named in the title, inputs named below it.
pub(crate) const TITLE_SITES_MAX: usize = 4;
/// Inputs named below the title.
pub(crate) const INPUTS_MAX: usize = 6;

/// Characters of a host, path or name.
pub(crate) const NAME_CHARS_MAX: usize = 160;
/// Characters of a request target in an exhibit.
pub(crate) const TARGET_CHARS_MAX: usize = 600;
/// Characters of one line or value of an exhibit.
pub(crate) const LINE_CHARS_MAX: usize = 240;
/// Lines of a body in an exhibit.
pub(crate) const BODY_LINES_MAX: usize = 30;
/// Lines from the start of a body that are always shown, and lines shown around a marked one.
pub(crate) const HEAD_LINES: usize = 8;
/// Lines shown before and after a marked one.
pub(crate) const AROUND_LINES: usize = 2;
/// Header fields of a message in an exhibit.
pub(crate) const HEADERS_MAX: usize = 10;
/// Nesting followed in a body; what lies deeper is shown as plain text.
pub(crate) const DEPTH_MAX: usize = 64;
