//! The binary as its users run it: command line and server, with real files, sockets and signals.

mod cli;
mod crash;
mod listeners;
mod support;
mod traffic;
