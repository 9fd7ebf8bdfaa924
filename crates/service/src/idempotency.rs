//! Requests with an `Idempotency-Key`: begun once, and answered as the first time.
//!
//! What an answer holds, and how it is sealed, is the business of whoever asked for it to be remembered.

use std::{future::Future, sync::Arc};

use sha2::{Digest as _, Sha256};

use crate::{
    Caller, ServiceError, ServiceResult, Services,
    ports::Remembered,
    request::{Keyed, RequestName, Seal},
};

/// Longest accepted `Idempotency-Key`, in bytes: room for a UUID with a prefix.
const MAX_KEY_BYTES: usize = 255;

/// Times that a form is begun again because another process did a part of it meanwhile.
const RUNS: usize = 4;

/// A form of a page that is done once.
#[derive(Debug, Clone, Copy)]
pub struct FormName<'a> {
    /// What it does.
    pub what: &'static str,
    /// The id that it was rendered with.
    pub id: &'a str,
    /// What it asks for: a form with the same id asks for the same.
    pub asked: &'a [u8],
}

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

    /// The id of a form that is rendered now, by which it is done once.
    pub fn form_id(&self) -> String {
        self.new_id()
    }

    /// Does what a form of a page asks for once, however often and in how many windows it is sent: the form has an id from
    /// when it was rendered, under which its writes are stored. Sent again, it comes to what it came to the first time.
    ///
    /// # Errors
    /// [`ServiceError::Conflict`] when the id came with other fields before, or is still being worked on.
    pub async fn once<T, F>(
        &self,
        caller: &Caller,
        form: &FormName<'_>,
        work: impl Fn() -> F + Send + Sync,
    ) -> ServiceResult<T>
    where
        F: Future<Output = ServiceResult<T>> + Send,
    {
        // What such a form comes to holds no secret.
        let seal = Seal::new(form.id, form.what);
        let key = [form.what, " ", form.id].concat();
        let hash = Sha256::digest(form.asked).to_vec();
        for _ in 0..RUNS {
            let begun = self.begin_request(caller, &key, &hash, &seal).await?;
            let Begun::Runs(keyed) = begun else {
                break;
            };
            let done = keyed.run(work()).await;
            if !keyed.is_overtaken() {
                return done;
            }
        }
        let why = "this form is still being worked on: look at the page again in a moment";
        Err(ServiceError::Conflict(why.to_owned()))
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
