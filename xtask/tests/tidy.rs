//! The house is tidy: the same checks as `cargo xtask tidy`, as a test.

#[test]
fn the_house_is_tidy() {
    let report = xtask::tidy(&xtask::root()).expect("the checkout can be read");
    assert!(report.problems.is_empty(), "\n{}\n", report.problems.join("\n"));
}
