//! Requests with an `Idempotency-Key`: begun once, and answered as the first time.
//!
//! What an answer holds, and how it is sealed, is the business of whoever asked for it to be remembered.

use std::sync::Arc;

use crate::{
    Caller, ServiceError, ServiceResult, Services,
    ports::Remembered,
    request::{Keyed, RequestName, Seal},
};

/// Longest accepted `Idempotency-Key`, in bytes: room for a UUID with a prefix.
const MAX_KEY_BYTES: usize = 255;

/// What is to be done with a request.
#[derive(Debug)]
pub enum Begun {
    /// It was answered before.
    Answered(Remembered),
    /// It runs: for the first time, or again from where it came.
    Runs(Arc<Keyed>),
}

impl Services {
    /// What was done of a request by this caller before.
    ///
    /// # Errors
    /// [`ServiceError::Conflict`] when the key came with another request before.
    pub async fn begin_request(
        &self,
        caller: &Caller,
        key: &str,
        request_hash: &[u8],
        seal: &Seal,
    ) -> ServiceResult<Begun> {
        let is_printable = key
            .bytes()
            .all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if key.trim().is_empty() || key.len() > MAX_KEY_BYTES || !is_printable {
            let message = format!("must be 1 to {MAX_KEY_BYTES} printable ASCII characters");
            return Err(ServiceError::invalid("Idempotency-Key", message));
        }
        let name = name_of(caller, key);
        let known = self.store.request(&name).await?;
        if let Some(other) = &known.request_hash
            && other != request_hash
        {
            return Err(ServiceError::Conflict(
                "this Idempotency-Key came with another request before: use a new key for a new request".to_owned(),
            ));
        }
        if let Some(answer) = known.answer {
            return Ok(Begun::Answered(answer));
        }
        let hash = request_hash.to_vec();
        let keyed = Keyed::new(name, hash, self.now(), seal.clone(), &known.parts)?;
        Ok(Begun::Runs(keyed))
    }

    /// Remembers the first answer to a request.
    pub async fn remember(
        &self,
        caller: &Caller,
        key: &str,
        answer: &Remembered,
    ) -> ServiceResult<()> {
        let name = name_of(caller, key);
        Ok(self.store.remember(&name, answer, self.now()).await?)
    }
}

fn name_of(caller: &Caller, key: &str) -> RequestName {
    RequestName {
        account: caller.own_accounts().first().copied(),
        caller: caller.name().to_owned(),
        key: key.to_owned(),
    }
}
