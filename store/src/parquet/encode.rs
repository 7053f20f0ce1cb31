//! Logged calls to Arrow rows. The reverse is `decode`; together they keep everything of a call except the
//! spans of its hits, which the model does not keep either.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, ListBuilder, RecordBatch, StringArray, StringBuilder,
    TimestampMicrosecondArray, UInt16Array, UInt32Array, UInt64Array, UInt64Builder,
};
use datafusion::arrow::datatypes::{DataType, Field};
use model::{Call, LoggedCall, Message, Peer};
use serde::Serialize;

use super::schema::SCHEMA;
use crate::StoreError;

/// Rows in the order given, numbered from `first_seq`.
pub(crate) fn encode(rows: &[LoggedCall], first_seq: u64) -> Result<RecordBatch, StoreError> {
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(SCHEMA.fields().len());
    columns.push(seq(first_seq, rows.len()));
    call_columns(rows, &mut columns);
    message_columns(rows, |call| call.request.as_ref(), &mut columns)?;
    message_columns(rows, |call| call.response.as_ref(), &mut columns)?;
    stream_columns(rows, &mut columns)?;
    observation_columns(rows, &mut columns)?;
    RecordBatch::try_new(Arc::clone(&SCHEMA), columns)
        .map_err(|source| StoreError::Engine { what: "encoding calls", source: source.into() })
}

/// The numbers from `first` on, as the first column of a batch.
pub(crate) fn seq(first: u64, count: usize) -> ArrayRef {
    Arc::new(UInt64Array::from_iter_values(first..first + count as u64))
}

fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|source| StoreError::Engine { what: "encoding calls", source: source.into() })
}

fn text<'a>(rows: &'a [LoggedCall], get: impl Fn(&'a LoggedCall) -> &'a str) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(rows.iter().map(get)))
}

fn text_or_null<'a>(rows: &'a [LoggedCall], get: impl Fn(&'a LoggedCall) -> Option<&'a str>) -> ArrayRef {
    Arc::new(rows.iter().map(get).collect::<StringArray>())
}

fn peer(rows: &[LoggedCall], get: fn(&Call) -> Option<Peer>, columns: &mut Vec<ArrayRef>) {
    let ip = |row: &LoggedCall| get(&row.call).map(|peer| peer.ip.to_string());
    let port = |row: &LoggedCall| get(&row.call).and_then(|peer| peer.port);
    columns.push(Arc::new(rows.iter().map(ip).collect::<StringArray>()));
    columns.push(Arc::new(rows.iter().map(port).collect::<UInt16Array>()));
}

fn call_columns(rows: &[LoggedCall], columns: &mut Vec<ArrayRef>) {
    let ts = rows.iter().map(|row| row.call.ts.is_known().then_some(row.call.ts.0));
    columns.push(Arc::new(ts.collect::<TimestampMicrosecondArray>().with_timezone("UTC")));
    columns.push(text(rows, |row| row.call.id.as_str()));
    columns.push(Arc::new(rows.iter().map(|row| row.call.duration_us).collect::<UInt64Array>()));
    columns.push(text(rows, |row| &row.call.source));
    peer(rows, |call| call.client, columns);
    peer(rows, |call| call.server, columns);
    columns.push(text_or_null(rows, |row| row.call.scheme.map(model::Scheme::as_str)));
    columns.push(text(rows, |row| &row.call.protocol));
    columns.push(text(rows, |row| &row.call.method));
    columns.push(text(rows, |row| &row.call.host));
    columns.push(text(rows, |row| &row.call.target));
    columns.push(Arc::new(rows.iter().map(|row| row.call.status).collect::<UInt16Array>()));
}

fn message_columns(
    rows: &[LoggedCall],
    get: fn(&Call) -> Option<&Message>,
    columns: &mut Vec<ArrayRef>,
) -> Result<(), StoreError> {
    let messages = || rows.iter().map(|row| get(&row.call));
    let headers: Vec<Option<String>> = messages()
        .map(|message| message.map(|message| json(&message.headers)).transpose())
        .collect::<Result<_, _>>()?;
    columns.push(Arc::new(messages().map(|message| Some(message.is_some())).collect::<BooleanArray>()));
    columns.push(Arc::new(messages().map(|message| message?.body_size).collect::<UInt64Array>()));
    columns.push(Arc::new(StringArray::from(headers)));
    columns.push(Arc::new(messages().map(|message| message?.body.as_deref()).collect::<BinaryArray>()));
    Ok(())
}

fn stream_columns(rows: &[LoggedCall], columns: &mut Vec<ArrayRef>) -> Result<(), StoreError> {
    columns.push(text_or_null(rows, |row| row.call.rpc.as_ref().map(|rpc| rpc.service.as_str())));
    columns.push(text_or_null(rows, |row| row.call.rpc.as_ref().map(|rpc| rpc.method.as_str())));
    // Messages are written as a call record with nothing else in it: that form is documented.
    let messages = rows.iter().map(|row| match row.call.messages.as_slice() {
        [] => Ok(None),
        messages => json(&Call { messages: messages.to_vec(), ..Call::default() }).map(Some),
    });
    columns.push(Arc::new(StringArray::from(messages.collect::<Result<Vec<_>, _>>()?)));
    columns.push(texts(rows, |row| row.call.anomalies.iter().map(model::Anomaly::as_str).collect()));
    Ok(())
}

fn observation_columns(rows: &[LoggedCall], columns: &mut Vec<ArrayRef>) -> Result<(), StoreError> {
    let endpoint = rows.iter().map(|row| row.observation.endpoint.to_string());
    columns.push(Arc::new(StringArray::from_iter_values(endpoint)));
    columns.push(text_or_null(rows, |row| row.observation.candidate.map(|reason| reason.as_str())));
    columns.push(text_or_null(rows, |row| row.observation.account.as_ref().map(|(id, _)| id.as_str())));
    columns.push(text_or_null(rows, |row| row.observation.account.as_ref().map(|(_, how)| how.as_str())));
    columns.push(text(rows, |row| row.observation.auth.kind.as_str()));
    let jwt = rows.iter().map(|row| row.observation.auth.jwt.as_ref().map(json).transpose());
    columns.push(Arc::new(StringArray::from(jwt.collect::<Result<Vec<_>, _>>()?)));
    columns.push(text_or_null(rows, |row| row.observation.purpose.as_deref()));
    columns.push(Arc::new(UInt32Array::from_iter_values(rows.iter().map(|row| row.observation.people))));
    let data = rows.iter().map(|row| json(&row.observation.data));
    columns.push(Arc::new(StringArray::from(data.collect::<Result<Vec<_>, _>>()?)));
    columns.push(texts(rows, |row| {
        let types: BTreeSet<&str> = row.observation.data.iter().map(|hit| hit.data_type.as_str()).collect();
        types.into_iter().collect()
    }));
    columns.push(values(rows));
    columns.push(texts(rows, |row| row.rules.iter().map(String::as_str).collect()));
    Ok(())
}

fn texts<'a>(rows: &'a [LoggedCall], get: impl Fn(&'a LoggedCall) -> Vec<&'a str>) -> ArrayRef {
    let field = Field::new_list_field(DataType::Utf8, false);
    let mut builder = ListBuilder::new(StringBuilder::new()).with_field(field);
    for row in rows {
        for item in get(row) {
            builder.values().append_value(item);
        }
        builder.append(true);
    }
    Arc::new(builder.finish())
}

fn values(rows: &[LoggedCall]) -> ArrayRef {
    let field = Field::new_list_field(DataType::UInt64, false);
    let mut builder = ListBuilder::new(UInt64Builder::new()).with_field(field);
    for row in rows {
        let hashes: BTreeSet<u64> =
            row.observation.data.iter().filter_map(|hit| hit.hash).map(|hash| hash.0).collect();
        for hash in hashes {
            builder.values().append_value(hash);
        }
        builder.append(true);
    }
    Arc::new(builder.finish())
}
