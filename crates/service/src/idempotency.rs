//! Answers remembered for retried writes.
//!
//! What an answer holds, and how it is sealed, is the business of whoever asked for it to be remembered.

use crate::{Caller, ServiceError, ServiceResult, Services, ports::Remembered};

/// Longest accepted `Idempotency-Key`, in bytes: room for a UUID with a prefix.
const MAX_KEY_BYTES: usize = 255;

impl Services {
    /// The first answer to a write with this key by this caller; none when it is new.
    ///
    /// # Errors
    /// [`ServiceError::Conflict`] when the key came with another request before.
    pub async fn remembered(
        &self,
        caller: &Caller,
        key: &str,
        request_hash: &[u8],
    ) -> ServiceResult<Option<Remembered>> {
        let is_printable = key
            .bytes()
            .all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if key.trim().is_empty() || key.len() > MAX_KEY_BYTES || !is_printable {
            let message = format!("must be 1 to {MAX_KEY_BYTES} printable ASCII characters");
            return Err(ServiceError::invalid("Idempotency-Key", message));
        }
        let answer = self.store.remembered(caller.name(), key).await?;
        match answer {
            Some(answer) if answer.request_hash != request_hash => Err(ServiceError::Conflict(
                "this Idempotency-Key came with another request before: use a new key for a new request".to_owned(),
            )),
            answer => Ok(answer),
        }
    }

    /// Remembers the first answer to a write.
    pub async fn remember(
        &self,
        caller: &Caller,
        key: &str,
        answer: &Remembered,
    ) -> ServiceResult<()> {
        Ok(self
            .store
            .remember(caller.name(), key, answer, self.now())
            .await?)
    }
}
