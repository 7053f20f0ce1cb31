//! Envoy's access log service (`envoy.service.accesslog.v3`): `stream` finds messages in the bytes of a stream, `message`
//! the entries in them, `entry` makes calls of these. HTTP/2 around it is the business of whoever calls this.

mod entry;
mod message;
#[cfg(test)]
mod sample;
mod stream;

pub use stream::{EnvoyCounts, EnvoyRefusal, EnvoyStream};
