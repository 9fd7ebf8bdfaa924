//! A time zone and the civil times in it.

use jiff::{
    Zoned,
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, TimeZone},
};

use crate::{Time, TimeRange};

/// An IANA time zone.
#[derive(Debug, Clone)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

/// The name is not in the IANA database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not an IANA time zone such as Europe/Berlin")]
pub struct UnknownZone(pub String);

impl Zone {
    /// Looks a zone up by its IANA name.
    ///
    /// # Errors
    /// When there is no such zone.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        let zone = TimeZone::get(name).map_err(|_| UnknownZone(name.to_owned()))?;
        Ok(Self {
            name: zone.iana_name().unwrap_or(name).to_owned(),
            zone,
        })
    }

    /// UTC.
    pub fn utc() -> Self {
        Self {
            name: "UTC".to_owned(),
            zone: TimeZone::UTC,
        }
    }

    /// The IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The civil time at an instant.
    pub fn at(&self, time: Time) -> Zoned {
        time.timestamp().to_zoned(self.zone.clone())
    }

    /// The first instant of a civil day.
    pub fn day_start(&self, date: Date) -> Time {
        match date.to_zoned(self.zone.clone()) {
            Ok(zoned) => zoned.timestamp().into(),
            Err(_) => {
                if date.year() > 0 {
                    Time::MAX
                } else {
                    Time::MIN
                }
            }
        }
    }

    /// The first instant of the civil day that holds `time`.
    pub fn day_of(&self, time: Time) -> Time {
        self.day_start(self.at(time).date())
    }

    /// How many civil days a range is, when it begins and ends with one.
    pub fn whole_days(&self, range: TimeRange) -> Option<i64> {
        let is_edge = |time: Time| self.day_of(time) == time;
        if range.is_empty() || !is_edge(range.start) || !is_edge(range.end) {
            return None;
        }
        let (first, after) = (self.at(range.start).date(), self.at(range.end).date());
        let days = first.until(after).ok()?.get_days();
        (days > 0).then(|| days.into())
    }

    /// The instant at which clocks show a civil date and time, so that a later one is never earlier: a time skipped by
    /// a clock change is the instant of the change, a repeated one is the first.
    pub(crate) fn clock(&self, civil: DateTime) -> Time {
        let offset = self.zone.to_ambiguous_timestamp(civil).offset();
        if let AmbiguousOffset::Gap { after, .. } = offset
            && let Ok(before) = after.to_timestamp(civil)
            && let Some(change) = self.zone.following(before).next()
        {
            return change.timestamp().into();
        }
        self.instant(civil)
    }

    /// The instant of a civil date and time; a time skipped by a clock change moves ahead, a repeated one is the first.
    pub(crate) fn instant(&self, civil: DateTime) -> Time {
        match civil.to_zoned(self.zone.clone()) {
            Ok(zoned) => zoned.timestamp().into(),
            Err(_) => {
                if civil.year() > 0 {
                    Time::MAX
                } else {
                    Time::MIN
                }
            }
        }
    }

    /// The civil day of an instant, as people read it: `3 Dec 2026`.
    pub fn day(&self, time: Time) -> String {
        self.at(time).strftime("%-d %b %Y").to_string()
    }

    /// The civil day of an instant without its year: `3 Dec`.
    pub fn short_day(&self, time: Time) -> String {
        self.at(time).strftime("%-d %b").to_string()
    }

    /// The time of day of an instant: `14:05`.
    pub fn time_of_day(&self, time: Time) -> String {
        self.at(time).strftime("%H:%M").to_string()
    }

    /// An instant to the minute, as people read it: `3 Dec 2026, 14:05`.
    pub fn minute(&self, time: Time) -> String {
        self.at(time).strftime("%-d %b %Y, %H:%M").to_string()
    }

    /// An instant to the minute where nothing else says in which zone: `3 Dec 2026, 14:05 (Europe/Berlin)`.
    pub fn minute_named(&self, time: Time) -> String {
        format!("{} ({})", self.minute(time), self.name)
    }

    /// RFC 3339 to the second with this zone's offset, as rows show it.
    pub fn rfc3339(&self, time: Time) -> String {
        self.at(time).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_the_time_of_their_zone() {
        let time: Time = "2026-12-04T00:03:00Z".parse().unwrap();
        let niue = Zone::named("Pacific/Niue").unwrap();
        assert_eq!(niue.day(time), "3 Dec 2026");
        assert_eq!(niue.short_day(time), "3 Dec");
        assert_eq!(niue.minute_named(time), "3 Dec 2026, 13:03 (Pacific/Niue)");
        let kiritimati = Zone::named("Pacific/Kiritimati").unwrap();
        assert_eq!(kiritimati.minute(time), "4 Dec 2026, 14:03");
    }
}
