//! The `CloudEvents` envelope as it arrives.

use serde::{Deserialize, Deserializer, de};

use crate::{FieldError, Invalid, Json, json::Object};

/// A `CloudEvents` 1.0 event as it arrives, before anything is checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Envelope {
    /// Must be `1.0`.
    pub specversion: Option<String>,
    /// Unique in its source.
    pub id: Option<String>,
    /// Who reports.
    pub source: Option<String>,
    /// What it is.
    pub kind: Option<String>,
    /// The company's key.
    pub subject: Option<String>,
    /// When it happened; RFC 3339.
    pub time: Option<String>,
    /// Must be JSON when given.
    pub datacontenttype: Option<String>,
    /// The payload.
    pub data: Option<Json>,
    /// The account's key, for callers that may write to several.
    pub account: Option<String>,
    /// Binary payloads are refused.
    pub data_base64: Option<Json>,
}

impl Envelope {
    /// Reads an envelope, and says which of its attributes have a wrong shape; those are left out. Extension attributes
    /// that are not ours are no concern of ours.
    pub fn read(json: Json) -> (Self, Vec<FieldError>) {
        let Json::Object(mut attributes) = json else {
            let error = FieldError::invalid("event", "must be a JSON object");
            return (Self::default(), vec![error]);
        };
        let mut errors = Vec::new();
        let mut text = |name| text(&mut attributes, name, &mut errors);
        let envelope = Self {
            specversion: text("specversion"),
            id: text("id"),
            source: text("source"),
            kind: text("type"),
            subject: text("subject"),
            time: text("time"),
            datacontenttype: text("datacontenttype"),
            account: text("account"),
            data: given(&mut attributes, "data"),
            data_base64: given(&mut attributes, "data_base64"),
        };
        (envelope, errors)
    }
}

/// Takes a member; `null` says as little as nothing.
pub(super) fn given(members: &mut Object, name: &str) -> Option<Json> {
    members.remove(name).filter(|value| *value != Json::Null)
}

fn text(attributes: &mut Object, name: &str, errors: &mut Vec<FieldError>) -> Option<String> {
    let Json::Text(text) = given(attributes, name)? else {
        errors.push(FieldError::invalid(name, "must be a text"));
        return None;
    };
    Some(text)
}

/// Out of JSON only.
impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (envelope, errors) = Self::read(Json::deserialize(deserializer)?);
        Invalid::refuse(errors).map_err(de::Error::custom)?;
        Ok(envelope)
    }
}
