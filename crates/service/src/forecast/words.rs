//! A forecast as the page says it.

use domain::{
    Time,
    calendar::Zone,
    forecast::{Outlook, RunsOut},
    usage::ForecastView,
};

use super::AccountForecast;

impl AccountForecast {
    /// The forecast in words of the account's zone.
    pub fn view(&self) -> ForecastView {
        let outlook = self.outlook();
        let (headline, detail) = if self.is_limited {
            self.words(outlook)
        } else {
            (String::new(), String::new())
        };
        ForecastView {
            headline,
            detail,
            runs_out: self.is_limited && matches!(outlook, Outlook::RunsOut | Outlook::UsedUp),
            cycle_use: self
                .forecast
                .as_ref()
                .map(|forecast| forecast.cycle_use)
                .map(|band| [band.p10, band.p50, band.p90]),
        }
    }

    /// The day on which the credits will probably be used up, as it stands beside others: `7 Dec`, `today`, `not this cycle`.
    pub fn runs_out_on(&self) -> String {
        let middle = self
            .forecast
            .as_ref()
            .and_then(|forecast| forecast.runs_out_at.p50);
        match (self.outlook(), middle) {
            (Outlook::RunsOut, Some(at)) if self.zone.day_of(at) == self.zone.day_of(self.now) => {
                "today".to_owned()
            }
            (Outlook::RunsOut, Some(at)) => self.zone.short_day(at),
            (Outlook::UsedUp, _) => "now".to_owned(),
            (Outlook::NotEnoughData, _) => "not known yet".to_owned(),
            _ => "not this cycle".to_owned(),
        }
    }

    fn words(&self, outlook: Outlook) -> (String, String) {
        let out = self.forecast.as_ref().map(|forecast| forecast.runs_out_at);
        let said = Said {
            now: self.now,
            zone: &self.zone,
        };
        match (outlook, out) {
            (
                Outlook::RunsOut,
                Some(RunsOut {
                    p10: Some(first),
                    p50: Some(middle),
                    p90,
                }),
            ) => (
                format!("Likely to run out {}", said.when(middle)),
                said.between(first, p90),
            ),
            (
                Outlook::MayRunOut,
                Some(RunsOut {
                    p10: Some(first), ..
                }),
            ) => (
                "Likely to last to the end of the cycle".to_owned(),
                format!("Could run out from {} on", said.day(first)),
            ),
            (Outlook::UsedUp, _) => (
                "All credits of this cycle are used".to_owned(),
                String::new(),
            ),
            (Outlook::Lasts, _) => ("Lasts to the end of the cycle".to_owned(), String::new()),
            _ => (
                "Not enough data yet to say when it runs out".to_owned(),
                "Needs seven whole days of usage".to_owned(),
            ),
        }
    }
}

/// Instants as they are said.
struct Said<'a> {
    now: Time,
    zone: &'a Zone,
}

impl Said<'_> {
    /// `12 Dec`.
    fn day(&self, at: Time) -> String {
        self.zone.short_day(at)
    }

    /// `on 12 Dec`, `today around 17:00`.
    fn when(&self, at: Time) -> String {
        if self.zone.day_of(at) == self.zone.day_of(self.now) {
            let hour = self.zone.at(at).strftime("%H:%M");
            return format!("today around {hour}");
        }
        format!("on {}", self.day(at))
    }

    /// `Between 9 and 17 Dec`; nothing when that is one day.
    fn between(&self, first: Time, last: Option<Time>) -> String {
        let from = self.zone.at(first);
        let Some(last) = last else {
            return format!("From {} on; it may also last the cycle", self.day(first));
        };
        let to = self.zone.at(last);
        if from.date() == to.date() {
            format!(
                "Between {} and {}",
                from.strftime("%H:%M"),
                to.strftime("%H:%M")
            )
        } else if (from.year(), from.month()) == (to.year(), to.month()) {
            format!("Between {} and {}", from.day(), self.day(last))
        } else {
            format!("Between {} and {}", self.day(first), self.day(last))
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        Credits, TimeRange,
        forecast::{Band, Forecast},
    };
    use rstest::rstest;

    use super::*;

    /// A forecast from noon of 5 December, out on these days.
    fn out(days: [Option<&str>; 3]) -> ForecastView {
        let time = |day: &str| format!("2026-12-{day}:00Z").parse::<Time>().unwrap();
        let [p10, p50, p90] = days.map(|day| day.map(time));
        let ten = Credits::from_micro(10);
        AccountForecast {
            zone: Zone::utc(),
            now: time("05T12:00"),
            cycle: TimeRange::new(time("01T00:00"), time("31T00:00")),
            is_limited: true,
            forecast: Some(Forecast {
                cycle_use: Band {
                    p10: ten,
                    p50: ten,
                    p90: ten,
                },
                runs_out_at: Band { p10, p50, p90 },
                days: 30,
            }),
        }
        .view()
    }

    #[rstest]
    #[case([Some("09T10:00"), Some("12T10:00"), Some("17T10:00")], "Likely to run out on 12 Dec", "Between 9 and 17 Dec")]
    #[case([Some("09T10:00"), Some("12T10:00"), None], "Likely to run out on 12 Dec", "From 9 Dec on; it may also last the cycle")]
    #[case([Some("05T15:00"), Some("05T17:30"), Some("05T20:00")], "Likely to run out today around 17:30", "Between 15:00 and 20:00")]
    #[case([Some("29T10:00"), None, None], "Likely to last to the end of the cycle", "Could run out from 29 Dec on")]
    #[case([Some("05T12:00"); 3], "All credits of this cycle are used", "")]
    #[case([None; 3], "Lasts to the end of the cycle", "")]
    fn a_forecast_is_said_as_people_say_it(
        #[case] days: [Option<&str>; 3],
        #[case] headline: &str,
        #[case] detail: &str,
    ) {
        let view = out(days);
        assert_eq!(
            (view.headline.as_str(), view.detail.as_str()),
            (headline, detail)
        );
    }
}
