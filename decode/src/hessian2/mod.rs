//! Hessian 2.0 (<http://hessian.caucho.com/doc/hessian-serialization.html>) as JSON text: what Dubbo and SOFARPC
//! write their arguments in. Dates become ISO 8601, bytes base64, objects carry their class as `$class`, and a
//! value that was written before is `{"$ref":n}`, counted in order of appearance: references can form rings.

mod number;
mod reader;
mod text;

pub(crate) use reader::Reader;
