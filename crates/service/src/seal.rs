//! What a browser keeps for us: nobody reads it there, changes it, or brings it back for something else or too late.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::Time;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::{ServiceResult, Services, ports::StoreError, sessions::UnderWay};

/// Bytes of the key.
const KEY_BYTES: usize = 32;
/// Bytes of the time until which a seal holds.
const TIME_BYTES: usize = 8;

impl Services {
    /// Seals something until a time, for one purpose: encrypted and authenticated with a key of this database, so that
    /// any process on it may open what another sealed, and with a random nonce, so that no two seals are alike.
    pub async fn seal(&self, waits: UnderWay, what: &[u8], ends_at: Time) -> ServiceResult<String> {
        let mut nonce = [0_u8; NONCE_LEN];
        rand::fill(&mut nonce);
        let mut sealed = ends_at.micros().to_be_bytes().to_vec();
        sealed.extend_from_slice(what);
        let key = self.seal_key(waits).await?;
        key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(waits.key()),
            &mut sealed,
        )
        .map_err(|_| StoreError::new("it could not be sealed".to_owned()))?;
        sealed.splice(0..0, nonce);
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// What was sealed for a purpose; none when it was not, was changed, or holds no more.
    pub async fn unseal(&self, waits: UnderWay, text: &str) -> ServiceResult<Option<Vec<u8>>> {
        let Ok(mut sealed) = URL_SAFE_NO_PAD.decode(text) else {
            return Ok(None);
        };
        let Some((nonce, sealed)) = sealed.split_first_chunk_mut::<NONCE_LEN>() else {
            return Ok(None);
        };
        let key = self.seal_key(waits).await?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = key.open_in_place(nonce, Aad::from(waits.key()), sealed);
        let opened = opened
            .ok()
            .and_then(|bytes| bytes.split_first_chunk::<TIME_BYTES>());
        Ok(opened
            .filter(|(ends_at, _)| i64::from_be_bytes(**ends_at) > self.now().micros())
            .map(|(_, what)| what.to_vec()))
    }

    /// One for each purpose, and none that anything else is signed with.
    async fn seal_key(&self, waits: UnderWay) -> ServiceResult<LessSafeKey> {
        let mut fresh = [0_u8; KEY_BYTES];
        rand::fill(&mut fresh);
        let name = format!("seal.{}", waits.key());
        let key = self.store.signing_key(&name, &fresh).await?;
        let key = UnboundKey::new(&CHACHA20_POLY1305, &key);
        let key = key.map_err(|_| StoreError::new(format!("{name} is no key")))?;
        Ok(LessSafeKey::new(key))
    }
}
