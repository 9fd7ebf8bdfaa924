//! Which columns hold what.

use csv::StringRecord;

/// Positions of the columns.
#[derive(Debug, Default)]
pub struct Columns {
    /// When it happened.
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
}

impl Columns {
    /// Finds the columns that `NAME=COLUMN` pairs name, or those that bear the names themselves.
    pub fn find(pairs: &[String], header: &StringRecord) -> Result<Self, String> {
        let mut columns = Self::default();
        if pairs.is_empty() {
            for (index, name) in header.iter().enumerate() {
                // Other columns are not for us.
                let _ = columns.set(&name.trim().to_ascii_lowercase(), index);
            }
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
                            header.iter().collect::<Vec<_>>().join(", ")
                        )
                    })?;
                columns.set(name.trim(), index)?;
            }
        }
        columns.check()
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
            _ => {
                return Err(format!(
                    "--map: '{name}' is none of time, quantity, credits, id, reference, company, agent, activity"
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
