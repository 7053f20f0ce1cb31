//! Gives privileges up once everything that needs them is open. To be called before threads are started: on Linux
//! capabilities belong to a thread, and new threads inherit what is left.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::system;

/// User and group `nobody`.
const NOBODY: (u32, u32) = (65_534, 65_534);

/// Who the process should be from now on. Only root can become somebody else; for others only capabilities go.
#[derive(Debug, Clone, Copy)]
pub enum Become<'a> {
    /// A user by name or number.
    User(&'a str),
    /// The owner of a folder that is written to. When that is root the process stays root, but without any
    /// capability: it may do what file permissions let the user root do, and nothing else.
    OwnerOf(&'a Path),
    /// Whoever called `sudo`, otherwise `nobody`: nothing is written.
    Caller,
}

/// True when the process may do everything.
#[must_use]
pub fn is_root() -> bool {
    system::user() == 0
}

/// Drops every capability, forbids to gain new ones, and as root becomes somebody else.
///
/// # Errors
/// The user does not exist, or the system refuses.
pub fn drop_privileges(target: Become<'_>) -> io::Result<()> {
    let is_root = is_root();
    let identity = match target {
        Become::User(name) => Some(user_named(name)?),
        Become::OwnerOf(folder) => {
            let meta = std::fs::metadata(folder)?;
            Some((meta.uid(), meta.gid()))
        }
        Become::Caller => Some(caller().unwrap_or(NOBODY)),
    };
    system::empty_bounding_set();
    match identity {
        Some((user, group)) if is_root && user != 0 => system::become_user(user, group)?,
        Some((user, _)) if !is_root && matches!(target, Become::User(_)) && user != system::user() => {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "only root can become another user"));
        }
        _ => {}
    }
    system::drop_capabilities()
}

/// Who called `sudo`.
fn caller() -> Option<(u32, u32)> {
    let number = |name| std::env::var(name).ok()?.parse::<u32>().ok();
    Some((number("SUDO_UID")?, number("SUDO_GID")?)).filter(|(user, _)| *user != 0)
}

fn user_named(name: &str) -> io::Result<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd")?;
    find_user(&users, name)
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("there is no user {name}")))
}

/// User and group from lines `name:password:user:group:...` (passwd(5)).
fn find_user(users: &str, name: &str) -> Option<(u32, u32)> {
    users.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let (user, group) = (fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?);
        (fields[0] == name || fields[2] == name).then_some((user, group))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expect: Option<(u32, u32)>) {
        let users = "root:x:0:0:root:/root:/bin/sh\n# odd\napiarist:x:990:991::/:/bin/false\n";
        assert_eq!(find_user(users, name), expect, "{name}");
    }

    #[test]
    fn users_by_name_or_number() {
        check("apiarist", Some((990, 991)));
        check("990", Some((990, 991)));
        check("root", Some((0, 0)));
        check("x", None);
        check("", None);
    }
}
