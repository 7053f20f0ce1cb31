//! Arrow rows back to logged calls. A file may have been written by another version or been damaged: a column
//! that is missing reads as unknown, one that cannot be read is an error that names it, never a panic.

use std::borrow::Cow;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, AsArray as _, BinaryArray, BooleanArray, ListArray, PrimitiveArray, RecordBatch, StringArray,
    UInt16Array,
};
use datafusion::arrow::datatypes::{
    ArrowPrimitiveType, TimestampMicrosecondType, UInt16Type, UInt32Type, UInt64Type,
};
use model::{
    Anomaly, Auth, Call, CallId, Headers, LoggedCall, Message, Observation, Peer, Rpc, StreamMessage,
    Timestamp,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::de::IntoDeserializer as _;
use serde::de::value::{Error as NameError, StrDeserializer};

use super::schema::{ACCOUNT, CANDIDATE, CLIENT, ENDPOINT, HOST, ID, METHOD, RULES, SEQ, STATUS, TARGET, TS};
use crate::StoreError;

/// The rows of a batch with their numbers (`seq`).
pub(crate) fn decode(batch: &RecordBatch) -> Result<Vec<(u64, LoggedCall)>, StoreError> {
    let rows = Rows { batch, source: text(batch, "source"), endpoint: text(batch, ENDPOINT) };
    let seq = numbers::<UInt64Type>(batch, SEQ).ok_or_else(|| bad(SEQ))?;
    (0..batch.num_rows()).map(|row| Ok((seq.value(row), rows.row(row)?))).collect()
}

/// Keys for the order of rows: time (`i64::MIN` when unknown) and number.
pub(crate) fn keys(batch: &RecordBatch) -> Result<Vec<(i64, u64)>, StoreError> {
    let seq = numbers::<UInt64Type>(batch, SEQ).ok_or_else(|| bad(SEQ))?;
    let ts = times(batch)?;
    Ok(ts.into_iter().zip(seq.values().iter().copied()).collect())
}

/// Times of all rows, `i64::MIN` when unknown.
pub(crate) fn times(batch: &RecordBatch) -> Result<Vec<i64>, StoreError> {
    let ts = numbers::<TimestampMicrosecondType>(batch, TS).ok_or_else(|| bad(TS))?;
    Ok(ts.iter().map(|ts| ts.unwrap_or(i64::MIN)).collect())
}

/// Status codes of all rows.
pub(crate) fn statuses(batch: &RecordBatch) -> Result<&UInt16Array, StoreError> {
    numbers::<UInt16Type>(batch, STATUS).ok_or_else(|| bad(STATUS))
}

fn bad(column: &str) -> StoreError {
    StoreError::Damaged { what: format!("column {column} of the call log"), detail: "unreadable".into() }
}

fn text<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a StringArray> {
    batch.column_by_name(name)?.as_string_opt()
}

fn numbers<'a, T: ArrowPrimitiveType>(batch: &'a RecordBatch, name: &str) -> Option<&'a PrimitiveArray<T>> {
    batch.column_by_name(name)?.as_primitive_opt::<T>()
}

fn get(column: Option<&StringArray>, row: usize) -> Option<&str> {
    column.filter(|column| column.is_valid(row)).map(|column| column.value(row))
}

/// A value of one of the enumerations of the model, by its name in records.
fn named<'a, T: Deserialize<'a>>(name: &'a str, column: &str) -> Result<T, StoreError> {
    let name: StrDeserializer<'a, NameError> = name.into_deserializer();
    T::deserialize(name).map_err(|_| bad(column))
}

fn json<T: DeserializeOwned>(text: &str, column: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| bad(column))
}

struct Rows<'a> {
    batch: &'a RecordBatch,
    source: Option<&'a StringArray>,
    endpoint: Option<&'a StringArray>,
}

impl Rows<'_> {
    fn text(&self, name: &str, row: usize) -> Option<&str> {
        get(text(self.batch, name), row)
    }

    fn string(&self, name: &str, row: usize) -> String {
        self.text(name, row).unwrap_or_default().to_owned()
    }

    fn number<T: ArrowPrimitiveType>(&self, name: &str, row: usize) -> Option<T::Native> {
        let column = numbers::<T>(self.batch, name)?;
        column.is_valid(row).then(|| column.value(row))
    }

    fn texts(&self, name: &str, row: usize) -> Vec<String> {
        let list: Option<&ListArray> =
            self.batch.column_by_name(name).and_then(|column| column.as_list_opt());
        let items = list.filter(|list| list.is_valid(row)).map(|list| list.value(row));
        let items = items.as_ref().and_then(|items| items.as_string_opt::<i32>());
        items.map(|items| items.iter().flatten().map(str::to_owned).collect()).unwrap_or_default()
    }

    fn row(&self, row: usize) -> Result<LoggedCall, StoreError> {
        Ok(LoggedCall {
            call: self.call(row)?,
            observation: self.observation(row)?,
            rules: self.texts(RULES, row),
        })
    }

    fn call(&self, row: usize) -> Result<Call, StoreError> {
        let rpc = self
            .text("rpc_service", row)
            .map(|service| Rpc { service: service.to_owned(), method: self.string("rpc_method", row) });
        let anomalies = self.texts("anomalies", row).into_iter().map(|name| Anomaly(Cow::Owned(name)));
        Ok(Call {
            id: CallId::new(self.text(ID, row).unwrap_or_default()),
            ts: self.number::<TimestampMicrosecondType>(TS, row).map_or(Timestamp::UNKNOWN, Timestamp),
            duration_us: self.number::<UInt64Type>("duration_us", row),
            source: Arc::from(get(self.source, row).unwrap_or_default()),
            client: self.peer(CLIENT, "client_port", row)?,
            server: self.peer("server", "server_port", row)?,
            scheme: self.text("scheme", row).map(|name| named(name, "scheme")).transpose()?,
            protocol: Cow::Owned(self.string("protocol", row)),
            method: self.string(METHOD, row),
            host: self.string(HOST, row),
            target: self.string(TARGET, row),
            request: self
                .message(["request", "request_body_size", "request_headers", "request_body"], row)?,
            status: self.number::<UInt16Type>(STATUS, row),
            response: self
                .message(["response", "response_body_size", "response_headers", "response_body"], row)?,
            rpc,
            messages: self.messages(row)?,
            anomalies: anomalies.collect(),
            tls: None,
        })
    }

    fn peer(&self, ip: &str, port: &str, row: usize) -> Result<Option<Peer>, StoreError> {
        let port = self.number::<UInt16Type>(port, row);
        let text = self.text(ip, row);
        text.map(|text| text.parse().map(|ip| Peer { ip, port }).map_err(|_| bad(ip))).transpose()
    }

    fn message(
        &self,
        [seen, size, headers, body]: [&str; 4],
        row: usize,
    ) -> Result<Option<Message>, StoreError> {
        let column: Option<&BooleanArray> = self.batch.column_by_name(seen).and_then(|c| c.as_boolean_opt());
        if !column.is_some_and(|column| column.value(row)) {
            return Ok(None);
        }
        let bytes: Option<&BinaryArray> = self.batch.column_by_name(body).and_then(|c| c.as_binary_opt());
        Ok(Some(Message {
            headers: self
                .text(headers, row)
                .map(|text| json::<Headers>(text, headers))
                .transpose()?
                .unwrap_or_default(),
            body: bytes.filter(|bytes| bytes.is_valid(row)).map(|bytes| bytes.value(row).to_vec()),
            body_size: self.number::<UInt64Type>(size, row),
        }))
    }

    fn messages(&self, row: usize) -> Result<Vec<StreamMessage>, StoreError> {
        let call = self.text("messages", row).map(|text| json::<Call>(text, "messages")).transpose()?;
        Ok(call.map(|call| call.messages).unwrap_or_default())
    }

    fn observation(&self, row: usize) -> Result<Observation, StoreError> {
        let endpoint = get(self.endpoint, row).and_then(|id| id.parse().ok()).ok_or_else(|| bad(ENDPOINT))?;
        let account = match (self.text(ACCOUNT, row), self.text("account_how", row)) {
            (Some(id), Some(how)) => Some((id.to_owned(), named(how, "account_how")?)),
            _ => None,
        };
        let jwt = self.text("jwt", row).map(|text| json(text, "jwt")).transpose()?;
        let kind = self.text("auth", row).map(|name| named(name, "auth")).transpose()?.unwrap_or_default();
        Ok(Observation {
            endpoint,
            candidate: self.text(CANDIDATE, row).map(|name| named(name, CANDIDATE)).transpose()?,
            account,
            auth: Auth { kind, jwt },
            purpose: self.text("purpose", row).map(str::to_owned),
            data: self.text("data", row).map(|text| json(text, "data")).transpose()?.unwrap_or_default(),
            people: self.number::<UInt32Type>("people", row).unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::encode::encode;
    use super::super::schema::SCHEMA;
    use super::*;
    use crate::conformance::sample;

    #[test]
    fn every_part_of_a_call_comes_back() {
        let rows: Vec<LoggedCall> = (0..50).map(sample::logged).collect();
        let batch = encode(&rows, 7).expect("encodes");
        let back = decode(&batch).expect("decodes");
        assert_eq!(back.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), (7..57).collect::<Vec<_>>());
        let back: Vec<LoggedCall> = back.into_iter().map(|(_, row)| row).collect();
        assert_eq!(back, rows);
    }

    #[test]
    fn missing_columns_are_unknown_and_wrong_ones_an_error() {
        let batch = encode(&[sample::logged(1)], 0).expect("encodes");
        let only = |names: &[&str]| {
            let keep: Vec<usize> =
                names.iter().map(|name| SCHEMA.index_of(name).expect("a column")).collect();
            batch.project(&keep).expect("columns")
        };
        let (_, row) = decode(&only(&[SEQ, ENDPOINT])).expect("decodes").remove(0);
        assert_eq!((row.call.method.as_str(), row.call.ts), ("", Timestamp::UNKNOWN));
        assert!(decode(&only(&[SEQ])).is_err());
    }
}
