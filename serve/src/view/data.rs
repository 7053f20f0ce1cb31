//! Sensitive data as the console reads it: hits of one call, uses of one endpoint, the map over all.

use std::collections::BTreeMap;

use model::{DataHit, DataUse};
use serde::Serialize;
use utoipa::ToSchema;

use super::endpoint::EndpointRef;
use super::names::{Place, Side};
use super::{call_ids, value_hash};

/// One sensitive value in one call; the value itself stays unknown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DataHitView {
    /// Request or response.
    pub(crate) side: Side,
    /// Which part of the message.
    #[serde(rename = "in")]
    pub(crate) place: Place,
    /// RFC 6901 JSON Pointer inside a structured body; a name for query, header and cookie; else empty.
    pub(crate) path: String,
    /// Name of the data type.
    #[serde(rename = "type")]
    pub(crate) data_type: String,
    /// Sensitivity level 1 (public) to 5 (core).
    pub(crate) level: u8,
    /// The value was already masked in the traffic.
    pub(crate) masked: bool,
    /// 0 to 1.
    pub(crate) confidence: f32,
    /// The value as it may be shown.
    pub(crate) sample: String,
    /// Keyed hash, 16 hexadecimal digits, to find other calls with the same value; null when it was masked.
    #[schema(required)]
    pub(crate) value_hash: Option<String>,
}

impl From<&DataHit> for DataHitView {
    fn from(hit: &DataHit) -> Self {
        Self {
            side: hit.side.into(),
            place: hit.place.into(),
            path: hit.path.clone(),
            data_type: hit.data_type.to_string(),
            level: hit.level,
            masked: hit.masked,
            confidence: hit.confidence,
            sample: hit.sample.clone(),
            value_hash: hit.hash.map(value_hash),
        }
    }
}

/// One data type in one call, over all its places.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallData {
    /// Name of the data type.
    #[serde(rename = "type")]
    pub(crate) data_type: String,
    /// Highest sensitivity level.
    pub(crate) level: u8,
    /// Values.
    pub(crate) count: u64,
    /// Every value was already masked.
    pub(crate) masked: bool,
}

impl CallData {
    /// Sums hits up by type: most sensitive first, then by name.
    pub(crate) fn of(hits: &[DataHit]) -> Vec<Self> {
        let mut types: BTreeMap<&str, Self> = BTreeMap::new();
        for hit in hits {
            let entry = types.entry(hit.data_type.as_str()).or_insert_with(|| Self {
                data_type: hit.data_type.to_string(),
                level: 0,
                count: 0,
                masked: true,
            });
            entry.level = entry.level.max(hit.level);
            entry.count += 1;
            entry.masked &= hit.masked;
        }
        let mut list: Vec<Self> = types.into_values().collect();
        list.sort_by_key(|entry| std::cmp::Reverse(entry.level));
        list
    }
}

/// One data type of one endpoint, over all its places.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EndpointData {
    /// Name of the data type.
    #[serde(rename = "type")]
    pub(crate) data_type: String,
    /// Highest sensitivity level.
    pub(crate) level: u8,
    /// Values seen.
    pub(crate) count: u64,
    /// Every value seen was already masked.
    pub(crate) masked: bool,
    /// Seen in requests.
    pub(crate) in_request: bool,
    /// Seen in responses.
    pub(crate) in_response: bool,
}

impl EndpointData {
    /// Sums uses up by type: most sensitive first, then by name.
    pub(crate) fn of(uses: &[DataUse]) -> Vec<Self> {
        let mut types: BTreeMap<&str, Self> = BTreeMap::new();
        for data in uses {
            let entry = types.entry(data.data_type.as_str()).or_insert_with(|| Self {
                data_type: data.data_type.to_string(),
                level: 0,
                count: 0,
                masked: true,
                in_request: false,
                in_response: false,
            });
            entry.level = entry.level.max(data.level);
            entry.count += data.count;
            entry.masked &= data.masked;
            entry.in_request |= data.side == model::Side::Request;
            entry.in_response |= data.side == model::Side::Response;
        }
        let mut list: Vec<Self> = types.into_values().collect();
        list.sort_by_key(|entry| std::cmp::Reverse(entry.level));
        list
    }
}

/// One data type at one place of one endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DataUseView {
    /// Request or response.
    pub(crate) side: Side,
    /// Which part of the message.
    #[serde(rename = "in")]
    pub(crate) place: Place,
    /// As in a hit, array positions written `*`.
    pub(crate) path: String,
    /// Name of the data type.
    #[serde(rename = "type")]
    pub(crate) data_type: String,
    /// Sensitivity level 1 to 5.
    pub(crate) level: u8,
    /// Values seen.
    pub(crate) count: u64,
    /// Calls that carried one.
    pub(crate) calls: u64,
    /// Distinct values seen (estimate).
    pub(crate) distinct: u64,
    /// Every value seen was already masked.
    pub(crate) masked: bool,
    /// One value as it may be shown.
    pub(crate) sample: String,
    /// Ids of calls that prove it.
    pub(crate) evidence: Vec<String>,
}

impl From<&DataUse> for DataUseView {
    fn from(data: &DataUse) -> Self {
        Self {
            side: data.side.into(),
            place: data.place.into(),
            path: data.path.clone(),
            data_type: data.data_type.to_string(),
            level: data.level,
            count: data.count,
            calls: data.calls,
            distinct: data.distinct,
            masked: data.masked,
            sample: data.sample.clone(),
            evidence: call_ids(&data.evidence),
        }
    }
}

/// A data type over all endpoints.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DataTypeCount {
    /// Name of the data type.
    #[serde(rename = "type")]
    pub(crate) data_type: String,
    /// Highest sensitivity level it was seen with.
    pub(crate) level: u8,
    /// Endpoints that carry it.
    pub(crate) endpoints: u64,
    /// Of them those that carry it in clear.
    pub(crate) endpoints_in_clear: u64,
    /// Values seen.
    pub(crate) count: u64,
}

/// One data type at one place of one endpoint, with the endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DataRow {
    /// The endpoint.
    pub(crate) endpoint: EndpointRef,
    /// What it carries.
    pub(crate) data: DataUseView,
}

/// The data map: types over all endpoints, and one page of type × endpoint × place.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DataMap {
    /// Types under the same filters except the type itself, most sensitive first.
    pub(crate) types: Vec<DataTypeCount>,
    /// Rows of this page, most sensitive first, then most values.
    pub(crate) rows: Vec<DataRow>,
    /// Rows that match, over all pages.
    pub(crate) total: u64,
    /// Number of this page, from 1.
    pub(crate) page: u64,
    /// Most rows on a page.
    pub(crate) size: u64,
    /// Endpoints left out because there are more than can be read at once; 0 as a rule.
    pub(crate) endpoints_left_out: u64,
}
