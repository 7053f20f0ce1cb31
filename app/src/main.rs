//! The binary `apiarist`.

fn main() {}
