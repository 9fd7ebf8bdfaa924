//! A device with passkeys, in software: what a browser and an authenticator do together.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Where the browser shows the page.
pub const SITE: &str = "http://localhost:3000";

/// Somebody is there.
const PRESENT: u8 = 0x01;
/// The device knows who.
const VERIFIED: u8 = 0x04;
/// A new key follows.
const NEW: u8 = 0x40;

/// A device that holds one passkey.
#[derive(Clone)]
pub struct Device {
    key: SigningKey,
    /// What the browser calls the passkey.
    pub id: Vec<u8>,
    /// What the device counts to; it does not count when it is none.
    pub counter: Option<u32>,
    /// Whether it checks who uses it.
    pub verifies: bool,
    /// Where the browser says that it is.
    pub origin: String,
    handle: Option<String>,
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Device {
    /// A device that is another for each number.
    pub fn new(number: u8) -> Self {
        Self {
            key: SigningKey::from_slice(&[number; 32]).unwrap(),
            id: vec![number; 20],
            counter: Some(1),
            verifies: true,
            origin: SITE.to_owned(),
            handle: None,
        }
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let data = json!({
            "type": kind,
            "challenge": options["challenge"],
            "origin": self.origin,
            "crossOrigin": false,
        });
        data.to_string().into_bytes()
    }

    fn data(&mut self, host: &str, flags: u8) -> Vec<u8> {
        let verified = if self.verifies { VERIFIED } else { 0 };
        self.counter = self.counter.map(|counter| counter + 1);
        let mut data = Sha256::digest(host.as_bytes()).to_vec();
        data.push(PRESENT | verified | flags);
        data.extend(self.counter.unwrap_or(0).to_be_bytes());
        data
    }

    /// The public key as COSE writes it.
    fn public_key(&self) -> Vec<u8> {
        let point = self.key.verifying_key().to_encoded_point(false);
        let mut cose = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
        cose.extend(point.x().unwrap());
        cose.extend([0x22, 0x58, 0x20]);
        cose.extend(point.y().unwrap());
        cose
    }

    /// Makes the passkey that a page asks for.
    pub fn make(&mut self, options: &Value) -> String {
        let mut data = self.data(options["rp"]["id"].as_str().unwrap(), NEW);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        data.extend(self.public_key());
        self.handle = Some(options["user"]["id"].as_str().unwrap().to_owned());
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).unwrap());
        object.extend(data);
        let answer = json!({
            "response": {
                "clientDataJSON": text(&self.client_data("webauthn.create", options)),
                "attestationObject": text(&object),
                "transports": ["internal"],
            },
            "authenticatorAttachment": "platform",
        });
        answer.to_string()
    }

    /// Signs what a page asks for.
    pub fn sign(&mut self, options: &Value) -> String {
        let data = self.data(options["rpId"].as_str().unwrap(), 0);
        let client = self.client_data("webauthn.get", options);
        let signed = [&data[..], &Sha256::digest(&client)].concat();
        let signature: Signature = self.key.sign(&signed);
        let answer = json!({
            "id": text(&self.id),
            "response": {
                "clientDataJSON": text(&client),
                "authenticatorData": text(&data),
                "signature": text(signature.to_der().as_bytes()),
                "userHandle": self.handle,
            },
            "authenticatorAttachment": "platform",
        });
        answer.to_string()
    }
}
