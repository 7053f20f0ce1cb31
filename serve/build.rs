//! Makes cargo look again when the console was built. It embeds nothing itself: `src/assets.rs` does.

use std::path::Path;

fn main() {
    let dist = Path::new("../console/dist");
    // A path that does not exist would make every build run anew; until the console is built its folder is
    // watched instead.
    let watched = if dist.is_dir() { "../console/dist" } else { "../console" };
    println!("cargo:rerun-if-changed=build.rs");
    if Path::new(watched).is_dir() {
        println!("cargo:rerun-if-changed={watched}");
    }
}
