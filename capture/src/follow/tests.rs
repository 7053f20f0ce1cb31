//! Rotation as logrotate and servers do it, and restarts in between.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;

use super::*;

/// What a follower said, as text: `+name@from`, bytes, `-`.
struct Scene {
    dir: tempfile::TempDir,
    follower: Follower,
}

impl Scene {
    fn new(pattern: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let follower = Follower::new(&[dir.path().join(pattern).display().to_string()], Vec::new());
        Self { dir, follower }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn append(&self, name: &str, text: &str) {
        let file = OpenOptions::new().append(true).create(true).open(self.path(name));
        file.and_then(|mut file| file.write_all(text.as_bytes())).expect("writable");
    }

    /// As after kill -9: positions were saved after the last look.
    fn restart(&mut self) {
        let mut saved: Vec<Position> = self.follower.positions().into_iter().map(|(_, at)| at).collect();
        saved.splice(..0, self.follower.forgotten.iter().copied());
        self.follower = Follower::new(&self.follower.patterns.clone(), saved);
    }

    #[track_caller]
    fn check(&mut self, expect: &str) {
        let mut seen = String::new();
        let mut note = |event: Event<'_>| match event {
            Event::Opened { path, from, .. } => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                seen.push_str(&format!("+{name}@{from} "));
            }
            Event::Bytes { data, .. } => seen.push_str(&String::from_utf8_lossy(data)),
            Event::Ended { .. } => seen.push_str("- "),
        };
        while self.follower.look(&mut note) > 0 {}
        assert_eq!(seen, expect);
    }
}

/// A line long enough to tell its file from others.
fn line(text: &str) -> String {
    format!("{text:-<80}\n")
}

#[test]
fn a_missing_file_is_waited_for_and_partial_lines_are_handed_out_in_order() {
    let mut scene = Scene::new("a.log");
    scene.check("");
    scene.append("a.log", "one\ntw");
    scene.check("+a.log@0 one\ntw");
    scene.append("a.log", "o\n");
    scene.check("o\n");
    scene.check("");
}

#[test]
fn renamed_files_are_read_to_their_end() {
    let mut scene = Scene::new("a.log");
    scene.append("a.log", "one\n");
    scene.check("+a.log@0 one\n");
    scene.append("a.log", "two\n");
    fs::rename(scene.path("a.log"), scene.path("a.log.1")).expect("renamed");
    scene.append("a.log.1", "late\n");
    scene.append("a.log", "three\n");
    scene.check("two\nlate\n+a.log@0 three\n");
    scene.append("a.log.1", "later\n");
    scene.check("later\n");
    for _ in 0..=NAMELESS_LOOKS_MAX {
        scene.follower.look(&mut |_| {});
    }
    assert_eq!(scene.follower.positions().len(), 1);
}

#[test]
fn a_pattern_follows_renamed_files_too_and_leaves_packed_ones() {
    let mut scene = Scene::new("a.log*");
    scene.append("a.log", &line("one"));
    scene.check(&format!("+a.log@0 {}", line("one")));
    fs::rename(scene.path("a.log"), scene.path("a.log.1")).expect("renamed");
    scene.append("a.log", &line("two"));
    fs::write(scene.path("a.log.2.gz"), [0x1f, 0x8b, 8, 0, 1, 2, 3]).expect("written");
    fs::write(scene.path("a.log.3"), [0x1f, 0x8b, 8, 0, 1, 2, 3]).expect("written");
    scene.check(&format!("+a.log@0 {}", line("two")));
    scene.restart();
    scene.append("a.log.1", "x\n");
    scene.check("+a.log@81 +a.log.1@81 x\n");
}

#[test]
fn a_file_that_is_cut_starts_again_and_its_copy_is_not_read_twice() {
    let mut scene = Scene::new("a.log*");
    scene.append("a.log", &line("one"));
    scene.check(&format!("+a.log@0 {}", line("one")));
    // Two reaches only the copy; the file is longer than before when it is looked at.
    fs::copy(scene.path("a.log"), scene.path("a.log.1")).expect("copied");
    scene.append("a.log.1", "two\n");
    fs::write(scene.path("a.log"), line("three") + &line("four")).expect("written");
    scene.check(&format!("- +a.log@0 {}{}+a.log.1@81 two\n", line("three"), line("four")));
    fs::write(scene.path("a.log"), "").expect("cut");
    scene.check("- +a.log@0 ");
    scene.append("a.log", "five\n");
    scene.check("five\n");
}

#[test]
fn a_restart_goes_on_at_the_line_where_it_was() {
    let mut scene = Scene::new("*.log");
    scene.append("a.log", "one\ntwo\nthr");
    scene.check("+a.log@0 one\ntwo\nthr");
    scene.restart();
    scene.append("a.log", "ee\n");
    scene.check("+a.log@8 three\n");
    // Rotated while nobody looked: the old one has no name that is followed, the new one is another file.
    scene.restart();
    fs::rename(scene.path("a.log"), scene.path("a.old")).expect("renamed");
    scene.append("a.log", "another\n");
    scene.check("+a.log@0 another\n");
}

#[test]
fn key_logs_give_complete_lines() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("keys");
    let mut log = KeyLog::new(&path);
    let mut read = |expect: &[&str]| {
        let mut lines = Vec::new();
        log.look(&mut |line| lines.push(String::from_utf8_lossy(line).into_owned()));
        assert_eq!(lines, expect);
        log.skipped
    };
    read(&[]);
    fs::write(&path, "CLIENT_RANDOM aa bb\r\nCLIENT_RAN").expect("written");
    read(&["CLIENT_RANDOM aa bb"]);
    let append = |text: &str| {
        let mut file = OpenOptions::new().append(true).open(&path).expect("there");
        file.write_all(text.as_bytes()).expect("writable");
    };
    append("DOM cc dd\n# note\n");
    read(&["CLIENT_RANDOM cc dd", "# note"]);
    append(&"x".repeat(10_000));
    read(&[]);
    append("y\nEXPORTER_SECRET e f\n");
    assert_eq!(read(&["EXPORTER_SECRET e f"]), 1);
}
