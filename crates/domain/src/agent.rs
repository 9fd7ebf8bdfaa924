//! The six AI agents that spend credits.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// An AI agent of the platform. The order is the order on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agent {
    /// Visitor-facing chat replies.
    Chat,
    /// Incoming calls answered by the AI voice agent.
    VoiceInbound,
    /// Calls placed by the AI voice agent.
    VoiceOutbound,
    /// Browser voice calls by the site widget.
    VoiceWeb,
    /// Proactive engagements by the auto-connect agent.
    AutoTrigger,
    /// The in-app assistant.
    Nox,
}

/// The text is not one of the six wire ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of chat, voice_inbound, voice_outbound, voice_web, auto_trigger, nox")]
pub struct UnknownAgent;

impl Agent {
    /// All agents in display order.
    pub const ALL: [Self; 6] = [
        Self::Chat,
        Self::VoiceInbound,
        Self::VoiceOutbound,
        Self::VoiceWeb,
        Self::AutoTrigger,
        Self::Nox,
    ];

    /// The id used on the wire, in URLs and in CSS class names.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::VoiceInbound => "voice_inbound",
            Self::VoiceOutbound => "voice_outbound",
            Self::VoiceWeb => "voice_web",
            Self::AutoTrigger => "auto_trigger",
            Self::Nox => "nox",
        }
    }

    /// The default display name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chat => "Chat",
            Self::VoiceInbound => "Voice Inbound",
            Self::VoiceOutbound => "Voice Outbound",
            Self::VoiceWeb => "Voice Web",
            Self::AutoTrigger => "Auto Trigger",
            Self::Nox => "Nox",
        }
    }

    /// One sentence on what the agent does, for empty cards and tooltips.
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Chat => "Visitor-facing chat replies",
            Self::VoiceInbound => "Incoming calls answered by the AI voice agent",
            Self::VoiceOutbound => "Calls placed by the AI voice agent",
            Self::VoiceWeb => "Browser voice calls by the site widget",
            Self::AutoTrigger => "Proactive engagements by the auto-connect agent",
            Self::Nox => "The in-app assistant",
        }
    }

    /// Position in [`Agent::ALL`]; the stored number.
    pub const fn index(self) -> u8 {
        self as u8
    }

    /// Whether it speaks: its events are calls.
    pub const fn is_voice(self) -> bool {
        matches!(
            self,
            Self::VoiceInbound | Self::VoiceOutbound | Self::VoiceWeb
        )
    }

    /// The agent with a stored number, if there is one.
    pub fn from_index(index: u8) -> Option<Self> {
        Self::ALL.get(usize::from(index)).copied()
    }
}

impl FromStr for Agent {
    type Err = UnknownAgent;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|agent| agent.id() == text)
            .ok_or(UnknownAgent)
    }
}

impl fmt::Display for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_agent_survives_its_wire_id_and_its_stored_number() {
        for agent in Agent::ALL {
            assert_eq!(agent.id().parse(), Ok(agent));
            assert_eq!(Agent::from_index(agent.index()), Some(agent));
            assert_eq!(
                serde_json::to_string(&agent).unwrap(),
                format!("\"{}\"", agent.id())
            );
        }
        assert_eq!("Chat".parse::<Agent>(), Err(UnknownAgent));
        assert_eq!(Agent::from_index(6), None);
    }
}
