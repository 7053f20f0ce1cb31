//! The HTTP side: the API that the console and machines use, authentication and roles, the console's files.
//!
//! Wire shapes live in `view`, handlers in `api`, who may call them in `access`. Handlers read the stores
//! through their traits and reach the pipeline through [`Control`], which the binary implements; they derive
//! nothing themselves. The description of the API is committed as `openapi/console.json`.

mod access;
mod api;
mod assets;
mod auth;
mod document;
mod error;
mod limits;
mod mirror;
mod otlp;
mod push;
mod query;
mod router;
mod rulebook;
mod state;
#[cfg(test)]
mod tests;
mod view;

pub use assets::has_console;
pub use auth::first_run::{FIRST_ADMIN, UserError, first_run, put_user};
pub use router::{openapi, router, serve};
pub use rulebook::RuleBook;
pub use state::{Batch, Control, Decoded, Document, Health, IngestError, ServeState, SourceCounts};
