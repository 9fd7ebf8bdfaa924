//! Times as the API writes them: RFC 3339 with the offset of a zone, to the microsecond where there is one.

use domain::{Time, calendar::Zone, filter::ViewQuery, tenancy::Account};
use service::ServiceError;

use super::problem::Problem;

/// An instant as the API writes it.
pub fn rfc3339(time: Time, zone: &Zone) -> String {
    zone.at(time)
        .strftime("%Y-%m-%dT%H:%M:%S%.f%:z")
        .to_string()
}

/// An instant as the API writes it where no account lends its zone.
pub fn rfc3339_utc(time: Time) -> String {
    time.to_string()
}

/// The zone that an answer about an account is told in.
pub fn zone(account: &Account, tz: Option<&str>) -> Result<Zone, Problem> {
    let name = tz.unwrap_or(&account.time_zone);
    Zone::named(name).map_err(|error| ServiceError::invalid("tz", error).into())
}

/// The zone that a view is told in.
pub fn view_zone(account: &Account, view: &ViewQuery) -> Result<Zone, Problem> {
    zone(account, view.tz.as_deref())
}

/// An instant in a request: RFC 3339, or a date, which begins in `zone`.
pub fn parse(field: &str, text: &str, zone: &Zone) -> Result<Time, Problem> {
    if let Ok(time) = text.parse::<Time>() {
        return Ok(time);
    }
    let date = text
        .parse::<jiff::civil::Date>()
        .ok()
        .filter(|_| text.len() == 10);
    date.map(|date| zone.day_start(date)).ok_or_else(|| {
        let message = "must be a date such as 2026-11-23, or an RFC 3339 time with an offset";
        Problem::invalid_field(field, "invalid", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_keeps_its_fraction_and_says_its_offset() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let text = |time: &str| rfc3339(time.parse().unwrap(), &berlin);
        assert_eq!(
            text("2026-11-23T14:03:10.25Z"),
            "2026-11-23T15:03:10.25+01:00"
        );
        assert_eq!(text("2026-07-01T00:00:00Z"), "2026-07-01T02:00:00+02:00");
        assert_eq!(
            text("2026-07-01T00:00:00.000001Z"),
            "2026-07-01T02:00:00.000001+02:00"
        );
    }
}
