//! What a row is, wherever it stands.
//!
//! A row without an id of its own is what it says: its id is made of its content (account, company, time, agent, activity,
//! amount, reference) and counts those before it in the file that say the same. So a file may be renamed, sorted, cut at its
//! head, appended to or saved by another program, and its rows stay what they are.

use std::collections::HashMap;

use domain::{
    Invalid,
    event::{Envelope, ParsedEvent},
};
use service::ingest::{Former, fingerprint};
use sha2::{Digest, Sha256};

use crate::hex::hex;

/// As much of a hash as tells rows apart.
type Hash = [u8; 16];

/// The rows of a file so far.
#[derive(Debug, Default)]
pub struct Identities {
    /// How many rows said the same, by what they said.
    equal: HashMap<Hash, u32>,
    /// The same, as earlier versions read them.
    placed: HashMap<i64, u32>,
    /// What rows with an id of their own said, by their names.
    named: HashMap<Hash, i64>,
}

/// What a row is among the rows of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InFile {
    /// The first of its name.
    First,
    /// A row of its name said the same.
    Again,
    /// A row of its name said something else.
    Contradicts,
}

impl Identities {
    /// Gives an event its id, unless a column gave it, and tells what it is in the file.
    ///
    /// # Errors
    /// What is wrong with the event.
    pub fn name(&mut self, event: &mut Envelope) -> Result<(ParsedEvent, InFile), String> {
        let has_id = event.id.is_some();
        let mut parsed = parse(event, "row")?;
        let content = parsed.content();
        if has_id {
            let print = fingerprint(&content);
            let name = hash(&format!("{}\n{}", parsed.source, parsed.id));
            let in_file = match self.named.insert(name, print) {
                None => InFile::First,
                Some(before) if before == print => InFile::Again,
                Some(before) => {
                    self.named.insert(name, before);
                    InFile::Contradicts
                }
            };
            return Ok((parsed, in_file));
        }
        let hash = hash(&content);
        let occurrence = self.equal.entry(hash).or_default();
        *occurrence += 1;
        parsed.id = format!("{}-{occurrence}", hex(&hash));
        event.id = Some(parsed.id.clone());
        Ok((parsed, InFile::First))
    }

    /// How an earlier version would have stored a row; `event` is the row as it read it.
    pub fn former(&mut self, event: &Envelope) -> Option<Former> {
        let parsed = parse(event, "row").ok()?;
        let fingerprint = fingerprint(&parsed.content());
        if let Some(id) = &event.id {
            return Some(Former::Named {
                source: parsed.source,
                id: id.clone(),
                fingerprint,
            });
        }
        let occurrence = self.placed.entry(fingerprint).or_default();
        *occurrence += 1;
        Some(Former::Placed {
            fingerprint,
            occurrence: *occurrence,
        })
    }
}

fn parse(event: &Envelope, id: &str) -> Result<ParsedEvent, String> {
    let event = Envelope {
        id: event.id.clone().or_else(|| Some(id.to_owned())),
        ..event.clone()
    };
    ParsedEvent::parse(event).map_err(|errors| Invalid(errors).to_string())
}

fn hash(text: &str) -> Hash {
    let digest = Sha256::digest(text.as_bytes());
    let mut first = Hash::default();
    first.copy_from_slice(&digest[..16]);
    first
}
