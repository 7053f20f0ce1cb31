//! Passwords: what is fit as one, hashing with Argon2id (RFC 9106), checking in equal time for known and unknown
//! names. Hashing runs beside the request threads and never more than a few at once.

use std::sync::LazyLock;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use axum::http::StatusCode;

use super::{Gate, secret};
use crate::error::{ApiError, ErrorCode};
use crate::limits::{PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN};

/// 19 MiB, two passes, one lane: the first choice of the OWASP password storage guide.
fn hasher() -> Argon2<'static> {
    let params = Params::new(19 * 1_024, 2, 1, None).expect("within the limits of RFC 9106 §3.1");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// A password could not be hashed.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// No salt.
    #[error("no salt for the password")]
    Salt(#[source] secret::NoRandomness),
    /// The hash function refused.
    #[error("Argon2 refused: {0}")]
    Argon2(argon2::password_hash::Error),
}

/// Hashes a password to a PHC string. Takes tens of milliseconds: not for request threads.
pub(crate) fn hash(password: &str) -> Result<String, HashError> {
    let salt = secret::random::<16>().map_err(HashError::Salt)?;
    let salt = SaltString::encode_b64(&salt).map_err(HashError::Argon2)?;
    let hash = hasher().hash_password(password.as_bytes(), &salt).map_err(HashError::Argon2)?;
    Ok(hash.to_string())
}

/// A hash that no password fits, checked for names that do not exist.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    let salt = SaltString::encode_b64(b"nobody has a key").expect("16 bytes are a salt (PHC)");
    let hash = hasher().hash_password(b"", &salt).expect("parameters and salt are fixed and fit");
    hash.to_string()
});

fn verify(password: &str, phc: Option<&str>) -> bool {
    let known = phc.is_some();
    let matches = PasswordHash::new(phc.unwrap_or(&NOBODY))
        .is_ok_and(|hash| hasher().verify_password(password.as_bytes(), &hash).is_ok());
    known && matches
}

impl Gate {
    /// True when the password fits the hash. `None` stands for an unknown name: as slow, always false.
    pub(crate) async fn check_password(
        &self,
        password: String,
        phc: Option<String>,
    ) -> Result<bool, ApiError> {
        self.beside(move || verify(&password, phc.as_deref())).await
    }

    /// Hashes a password.
    pub(crate) async fn hash_password(&self, password: String) -> Result<String, ApiError> {
        let hash = self.beside(move || hash(&password)).await?;
        hash.map_err(|error| ApiError::internal("password", &error))
    }

    /// Runs costly work beside the request threads, or says that there is too much of it.
    async fn beside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let Ok(_place) = self.hash_queue.try_acquire() else { return Err(ApiError::busy(1)) };
        let _turn = self.hashing.acquire().await.expect("the semaphore is never closed");
        tokio::task::spawn_blocking(work).await.map_err(|error| ApiError::internal("password", &error))
    }
}

/// Refuses a password that is too short, too long, or the name.
pub(crate) fn check_fitness(password: &str, name: &str) -> Result<(), ApiError> {
    let chars = password.chars().count();
    let unfit = |why: &str| {
        ApiError::new(StatusCode::BAD_REQUEST, ErrorCode::UnfitPassword, why.to_owned())
            .with("min", PASSWORD_CHARS_MIN)
            .with("max", PASSWORD_CHARS_MAX)
    };
    if !(PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&chars) {
        return Err(unfit("the password is too short or too long"));
    }
    if password.eq_ignore_ascii_case(name) {
        return Err(unfit("the password is the user name"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_fit_their_password_only() {
        let phc = hash("correct horse battery").expect("a hash");
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(verify("correct horse battery", Some(&phc)));
        assert!(!verify("correct horse batterx", Some(&phc)));
        assert!(!verify("", None) && !verify("x", Some("damaged")));
    }

    #[test]
    fn short_long_and_obvious_passwords_are_refused() {
        #[track_caller]
        fn check(password: &str, expect: bool) {
            assert_eq!(check_fitness(password, "administrator").is_ok(), expect, "{password}");
        }
        check("123456789", false);
        check("1234567890", true);
        check("六个汉字不够长", false);
        check("Administrator", false);
        check(&"x".repeat(257), false);
    }
}
