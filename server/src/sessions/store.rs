//! Sessions where everything else is kept.

use std::fmt;

use async_trait::async_trait;
use domain::{UserId, time::DAY_US};
use service::{Services, ports::SavedSession, sessions::fields};
use sha2::{Digest, Sha256};
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store,
};

use super::IDLE_DAYS;

/// Keeps sessions where everything else is kept.
#[derive(Clone)]
pub(super) struct Store(pub(super) Services);

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sessions::Store")
    }
}

pub(super) fn id_hash(id: &Id) -> Vec<u8> {
    Sha256::digest(id.to_string().as_bytes()).to_vec()
}

impl Store {
    async fn put(&self, record: &Record, create: bool) -> session_store::Result<bool> {
        let user = record.data.get(fields::USER);
        let session = SavedSession {
            id_hash: id_hash(&record.id),
            user: user.and_then(serde_json::Value::as_i64).map(UserId),
            data: serde_json::to_string(&record.data)
                .map_err(|error| session_store::Error::Encode(error.to_string()))?,
            expires_at: self.0.now().plus_micros(IDLE_DAYS * DAY_US),
        };
        self.0.save_session(&session, create).await.map_err(failed)
    }
}

fn failed(error: impl Into<Box<dyn std::error::Error>>) -> session_store::Error {
    session_store::Error::Backend(error.into().to_string())
}

#[async_trait]
impl SessionStore for Store {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        while !self.put(record, true).await? {
            record.id = Id::default();
        }
        Ok(())
    }

    /// What an answer says is done by now, and may be shown this once: it does not fail with what a session remembers.
    async fn save(&self, record: &Record) -> session_store::Result<()> {
        if let Err(error) = self.put(record, false).await {
            tracing::error!(%error, "what a session remembers could not be stored");
        }
        Ok(())
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let Some(saved) = self.0.session(&id_hash(id)).await.map_err(failed)? else {
            return Ok(None);
        };
        let data = serde_json::from_str(&saved.data)
            .map_err(|error| session_store::Error::Decode(error.to_string()))?;
        let expiry_date =
            time::OffsetDateTime::from_unix_timestamp(saved.expires_at.micros() / 1_000_000)
                .map_err(failed)?;
        Ok(Some(Record {
            id: *id,
            data,
            expiry_date,
        }))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        self.0.end_session(&id_hash(id)).await.map_err(failed)
    }
}
