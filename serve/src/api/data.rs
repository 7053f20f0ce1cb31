//! The data map: which data types pass through which endpoints, and where in them. Summed up from the
//! endpoints of the inventory at each request.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use model::{DataUse, Endpoint};
use serde::Deserialize;
use store::{EndpointQuery, EndpointSort};
use utoipa::IntoParams;

use crate::error::{Answer, ApiError};
use crate::limits::{MAP_ENDPOINTS_MAX, PAGE_ROWS_MAX};
use crate::query::{Paging, Params, text};
use crate::state::ServeState;
use crate::view::data::{DataMap, DataRow, DataTypeCount, DataUseView};
use crate::view::endpoint::EndpointRef;
use crate::view::names::Side;

/// Which data. Every parameter narrows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DataFilter {
    /// Of this site.
    #[param(nullable = false)]
    host: Option<String>,
    /// Of this data type; does not narrow `types`.
    #[serde(rename = "type")]
    #[param(nullable = false)]
    data_type: Option<String>,
    /// With at least this sensitivity level.
    #[param(minimum = 1, maximum = 5, nullable = false)]
    level_min: Option<u8>,
    /// In requests or in responses.
    #[param(nullable = false, inline)]
    side: Option<Side>,
    /// Always masked already (`true`) or seen in clear (`false`).
    #[param(nullable = false)]
    masked: Option<bool>,
    /// Template or place contains this text.
    #[param(nullable = false)]
    text: Option<String>,
}

impl DataFilter {
    /// All but the data type.
    fn fits(&self, endpoint: &Endpoint, data: &DataUse) -> bool {
        let contains = |text: &str| {
            let text = text.to_ascii_lowercase();
            endpoint.template.to_ascii_lowercase().contains(&text)
                || data.path.to_ascii_lowercase().contains(&text)
        };
        self.level_min.is_none_or(|least| data.level >= least)
            && self.side.is_none_or(|side| data.side == side.into())
            && self.masked.is_none_or(|masked| data.masked == masked)
            && self.text.as_deref().is_none_or(contains)
    }
}

/// What a pass over the inventory gathers.
#[derive(Default)]
struct Gathered {
    types: BTreeMap<String, DataTypeCount>,
    rows: Vec<DataRow>,
}

impl Gathered {
    fn add(&mut self, endpoint: &Endpoint, filter: &DataFilter) {
        // Per type: whether this endpoint carries it in clear.
        let mut here: BTreeMap<&str, bool> = BTreeMap::new();
        for data in endpoint.data.iter().filter(|data| filter.fits(endpoint, data)) {
            let name = data.data_type.as_str();
            let count = self.types.entry(name.to_owned()).or_insert_with(|| DataTypeCount {
                data_type: name.to_owned(),
                level: 0,
                endpoints: 0,
                endpoints_in_clear: 0,
                count: 0,
            });
            count.level = count.level.max(data.level);
            count.count += data.count;
            *here.entry(name).or_default() |= !data.masked;
            if filter.data_type.as_deref().is_none_or(|wanted| wanted == name) {
                self.rows.push(DataRow { endpoint: endpoint.into(), data: DataUseView::from(data) });
            }
        }
        for (name, in_clear) in here {
            if let Some(count) = self.types.get_mut(name) {
                count.endpoints += 1;
                count.endpoints_in_clear += u64::from(in_clear);
            }
        }
    }

    /// Types: most sensitive first, then most endpoints, then by name.
    fn types(self) -> (Vec<DataTypeCount>, Vec<DataRow>) {
        let mut types: Vec<DataTypeCount> = self.types.into_values().collect();
        types.sort_by_key(|count| (Reverse(count.level), Reverse(count.endpoints)));
        (types, self.rows)
    }
}

/// Most sensitive first, then most values; the rest only keeps pages stable.
fn by_weight(a: &DataRow, b: &DataRow) -> std::cmp::Ordering {
    fn place(row: &DataRow) -> (&EndpointRef, &DataUseView) {
        (&row.endpoint, &row.data)
    }
    let ((a, x), (b, y)) = (place(a), place(b));
    (y.level, y.count)
        .cmp(&(x.level, x.count))
        .then_with(|| (&a.host, &a.template, &a.method, &a.id).cmp(&(&b.host, &b.template, &b.method, &b.id)))
        .then_with(|| (x.side, x.place, &x.path, &x.data_type).cmp(&(y.side, y.place, &y.path, &y.data_type)))
}

impl ServeState {
    /// One pass over the inventory. The number is that of endpoints beyond the limit.
    async fn gather(&self, filter: &DataFilter) -> Result<(Gathered, u64), ApiError> {
        let mut gathered = Gathered::default();
        let mut query = EndpointQuery {
            host: text("host", filter.host.clone())?,
            sort: EndpointSort::Template,
            ascending: true,
            limit: PAGE_ROWS_MAX,
            ..EndpointQuery::default()
        };
        loop {
            let found = self.catalogue.endpoints(&query).await?;
            for endpoint in &found.rows {
                gathered.add(endpoint, filter);
            }
            query.offset += PAGE_ROWS_MAX;
            if query.offset >= found.total || found.rows.is_empty() {
                return Ok((gathered, 0));
            }
            if query.offset >= MAP_ENDPOINTS_MAX {
                return Ok((gathered, found.total - query.offset));
            }
        }
    }

    /// All data types of the inventory, most sensitive first.
    pub(crate) async fn data_types(&self) -> Result<Vec<DataTypeCount>, ApiError> {
        let (gathered, _) = self.gather(&DataFilter::default()).await?;
        Ok(gathered.types().0)
    }
}

/// The data map: types over all endpoints, and type × endpoint × place, most sensitive first.
#[utoipa::path(get, path = "/api/v1/data", tag = "data", operation_id = "get_data_map",
    params(DataFilter, Paging),
    responses((status = 200, description = "The types and one page of rows.", body = DataMap)))]
pub(crate) async fn map(
    State(state): State<ServeState>,
    Params(mut filter): Params<DataFilter>,
    Params(paging): Params<Paging>,
) -> Answer<DataMap> {
    let window = paging.window()?;
    filter.data_type = text("type", filter.data_type)?;
    filter.text = text("text", filter.text)?;
    let (gathered, endpoints_left_out) = state.gather(&filter).await?;
    let (types, mut rows) = gathered.types();
    rows.sort_by(by_weight);
    let total = rows.len() as u64;
    let skip = usize::try_from(window.offset()).unwrap_or(usize::MAX);
    let rows = rows.into_iter().skip(skip).take(window.size as usize).collect();
    Ok(Json(DataMap { types, rows, total, page: window.page, size: window.size, endpoints_left_out }))
}
