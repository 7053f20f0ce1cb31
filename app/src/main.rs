//! The binary `apiarist`: reads the command line, runs a command, and turns its outcome into an exit status:
//! 0 done, 1 nothing usable in the input, 2 wrong usage or unreadable input, with one line that says what and where.

mod analyze;
mod cli;
mod commands;
mod config;
mod descriptors;
mod input;
mod limits;
mod live;
mod memory;
mod pipeline;
mod remote;
mod report;
mod risk;
mod shards;
mod sources;
mod tls;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};

/// Nothing usable in the input: exit status 1.
#[derive(Debug)]
struct NothingUsable(String);

impl std::fmt::Display for NothingUsable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NothingUsable {}

fn main() -> ExitCode {
    memory::keep_little();
    let outcome = match Cli::parse().command {
        Command::Decode(args) => commands::decode::run(&args),
        Command::Capture(args) => commands::capture::run(&args),
        Command::Analyze(args) => commands::analyze::run(&args),
        Command::Serve(args) => commands::serve::run(&args),
        Command::Demo(args) => commands::demo::run(&args),
        Command::Openapi(args) => commands::look_up::openapi(&args),
        Command::Search(args) => commands::look_up::search(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("apiarist: {error:#}");
            ExitCode::from(if error.is::<NothingUsable>() { 1 } else { 2 })
        }
    }
}

/// Whoever read our output has stopped reading: no failure.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>();
        io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
            || cause
                .downcast_ref::<serde_json::Error>()
                .is_some_and(|json| json.io_error_kind() == Some(std::io::ErrorKind::BrokenPipe))
    })
}
