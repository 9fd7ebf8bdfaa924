//! Which columns hold what.

use crate::api::events::EXPORT_COLUMNS;

/// Positions of the columns.
#[derive(Debug, Default)]
pub struct Columns {
    /// The event time.
    pub time: Option<usize>,
    /// How much was used: the sum of these.
    pub quantity: Vec<usize>,
    /// What it cost.
    pub credits: Option<usize>,
    /// The event's id.
    pub id: Option<usize>,
    /// The sender's reference.
    pub reference: Option<usize>,
    /// The company's key.
    pub company: Option<usize>,
    /// The agent.
    pub agent: Option<usize>,
    /// The activity.
    pub activity: Option<usize>,
    /// Who reported.
    pub source: Option<usize>,
    /// Metadata, as JSON.
    pub metadata: Option<usize>,
    /// How much was given back; in our own exports only.
    pub reversed: Option<usize>,
    /// Whether it is an export of the log.
    pub is_export: bool,
}

impl Columns {
    /// Finds the columns that `NAME=COLUMN` pairs name, or those that bear the names themselves.
    pub fn find(pairs: &[String], header: &[String]) -> Result<Self, String> {
        let mut columns = Self::default();
        if pairs.is_empty() {
            columns.take_names(header);
        }
        for pair in pairs {
            let (name, wanted) = pair
                .split_once('=')
                .ok_or_else(|| format!("--map: '{pair}' must be NAME=COLUMN"))?;
            let parts: Vec<_> = if name.trim() == "quantity" {
                wanted.split('+').collect()
            } else {
                vec![wanted]
            };
            for part in parts {
                let index = header
                    .iter()
                    .position(|column| column.trim() == part.trim())
                    .ok_or_else(|| {
                        format!(
                            "--map: there is no column '{part}'; there are {}",
                            header.join(", ")
                        )
                    })?;
                columns.set(name.trim(), index)?;
            }
        }
        columns.check()
    }

    /// Takes the columns that bear the names themselves; others are not for us.
    fn take_names(&mut self, header: &[String]) {
        let position = |wanted: &str| header.iter().position(|name| name.trim() == wanted);
        self.is_export = EXPORT_COLUMNS.iter().all(|name| position(name).is_some());
        for (index, name) in header.iter().enumerate() {
            let name = name.trim().to_ascii_lowercase();
            // In other files these words may mean anything.
            let is_ours = self.is_export || !matches!(name.as_str(), "source" | "metadata");
            if is_ours {
                let _ = self.set(&name, index);
            }
        }
        if self.is_export {
            self.reversed = position("reversed_credits");
        }
    }

    fn set(&mut self, name: &str, index: usize) -> Result<(), String> {
        let place = match name {
            "quantity" => {
                self.quantity.push(index);
                return Ok(());
            }
            "time" => &mut self.time,
            "credits" => &mut self.credits,
            "id" => &mut self.id,
            "reference" => &mut self.reference,
            "company" => &mut self.company,
            "agent" => &mut self.agent,
            "activity" => &mut self.activity,
            "source" => &mut self.source,
            "metadata" => &mut self.metadata,
            _ => {
                return Err(format!(
                    "--map: '{name}' is none of time, quantity, credits, id, source, reference, company, agent, activity, metadata"
                ));
            }
        };
        match place.replace(index) {
            None => Ok(()),
            Some(_) => Err(format!("--map: {name} is given twice")),
        }
    }

    fn check(self) -> Result<Self, String> {
        if self.time.is_none() {
            return Err("no column holds the time: name it with --map time=COLUMN".to_owned());
        }
        Ok(self)
    }
}
