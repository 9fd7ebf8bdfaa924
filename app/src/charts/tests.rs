//! Both charts over made-up usage.

use domain::{
    Agent, Credits, Seq, Time, TimeRange,
    ledger::{Balance, BooksView},
    tenancy::AccountKind,
    time::DAY_US,
    usage::{
        AccountView, AgentUsage, Bar, CompanyName, CycleDay, CycleView, Dashboard, PeriodView,
        Totals, Whose,
    },
};
use rstest::rstest;

use super::*;

mod stacked;

fn credits(text: &str) -> Credits {
    text.parse().unwrap()
}

fn day(number: usize) -> TimeRange {
    let start = i64::try_from(number).unwrap() * DAY_US;
    TimeRange::new(Time::from_micros(start), Time::from_micros(start + DAY_US))
}

fn noon_of_day(number: usize) -> Time {
    day(number).start.plus_micros(DAY_US / 2)
}

/// One window a day with these credits, as a card gets them.
fn card(amounts: &[&str]) -> (AgentUsage, Vec<Bar>) {
    let bars = (0..amounts.len()).map(|number| Bar {
        range: day(number),
        label: format!("day {number}"),
        from: String::new(),
        to: String::new(),
    });
    let totals = amounts.iter().map(|amount| Totals {
        credits: credits(amount),
        events: 1,
    });
    let usage = AgentUsage {
        agent: Agent::Chat,
        current: Totals::default(),
        previous: Totals::default(),
        bars: totals.collect(),
    };
    (usage, bars.collect())
}

/// A cycle of thirty days with these credits from its first day on, read at noon of the day after the last.
fn dashboard(amounts: &[&str], allocation: Option<&str>) -> Dashboard {
    let nothing = TimeRange::new(Time::from_micros(0), Time::from_micros(0));
    let amount = |number: usize| {
        amounts
            .get(number)
            .map_or(Credits::ZERO, |amount| credits(amount))
    };
    let days = (0..30).map(|number| CycleDay {
        range: day(number),
        label: format!("{} Nov", number + 1),
        credits: amount(number),
    });
    Dashboard {
        as_of: Seq(1),
        now: noon_of_day(amounts.len()),
        year: 2026,
        account: AccountView {
            key: "north".into(),
            name: "Northwind".into(),
            kind: AccountKind::Agency,
            time_zone: "UTC".into(),
            shown_zone: "UTC".into(),
            companies: 1,
            plan: "Scale".into(),
            reconciled: None,
            complete: None,
        },
        whose: Whose::Account,
        cycle: CycleView {
            range: TimeRange::new(day(0).start, day(29).end),
            label: String::new(),
            is_over: false,
            day: 1,
            days: 30,
            resets_on: String::new(),
            resets_in: String::new(),
            ended_on: String::new(),
        },
        books: BooksView {
            version: 0,
            billing: 0,
            balance: allocation.map(|allocation| Balance {
                allocation: credits(allocation),
                ..Balance::EMPTY
            }),
            holds: vec![],
            budget: None,
            ended: None,
            reserved: Credits::ZERO,
            is_stopped: false,
            is_suspended: false,
        },
        cycle_used: Credits::ZERO,
        cycle_days: days.collect(),
        companies: vec![],
        period: PeriodView {
            range: nothing,
            previous: nothing,
            label: String::new(),
            compared: domain::filter::Comparison::default(),
            compared_with: String::new(),
            uncompared: None,
            first_label: String::new(),
            last_label: String::new(),
        },
        bars: vec![],
        agents: vec![],
        selected_agents: vec![],
        activities: vec![],
    }
}

fn count(svg: &str, part: &str) -> usize {
    svg.matches(part).count()
}

fn has_no_looks(svg: &str) -> bool {
    ["style", "fill", "stroke", "color", "NaN", "inf"]
        .iter()
        .all(|word| !svg.contains(word))
}

#[test]
fn every_window_has_one_bar_and_one_area_to_point_at() {
    let (usage, bars) = card(&["3", "0", "5.5", "1", "0"]);
    let svg = agent_bars(&usage, &bars, noon_of_day(3));
    assert_eq!(count(&svg, "class=\"hit\""), 5);
    assert_eq!(count(&svg, "class=\"bar"), 5);
    for number in 0..5 {
        assert_eq!(count(&svg, &format!("data-i=\"{number}\"")), 2, "{svg}");
    }
}

#[test]
fn a_bar_says_whether_its_window_is_over_running_or_to_come() {
    let (usage, bars) = card(&["3", "0", "5.5", "1", "0"]);
    let svg = agent_bars(&usage, &bars, noon_of_day(3));
    assert!(svg.contains("class=\"bar\" data-i=\"0\""), "{svg}");
    assert!(svg.contains("class=\"bar empty\" data-i=\"1\""), "{svg}");
    assert!(svg.contains("class=\"bar today\" data-i=\"3\""), "{svg}");
    assert!(svg.contains("class=\"bar future\" data-i=\"4\""), "{svg}");
}

#[test]
fn a_period_that_is_over_has_no_running_window() {
    let (usage, bars) = card(&["3", "2"]);
    let svg = agent_bars(&usage, &bars, noon_of_day(9));
    assert_eq!((count(&svg, "today"), count(&svg, "future")), (0, 0));
}

#[test]
fn a_sender_whose_clock_runs_ahead_is_not_hidden_in_a_stub() {
    let (usage, bars) = card(&["1", "2"]);
    let svg = agent_bars(&usage, &bars, noon_of_day(0));
    assert!(svg.contains("class=\"bar\" data-i=\"1\""), "{svg}");
}

#[test]
fn the_highest_window_fills_the_height_and_the_smallest_use_can_still_be_seen() {
    let (usage, bars) = card(&["0.000001", "9223372036854.775807", "0"]);
    let svg = agent_bars(&usage, &bars, noon_of_day(9));
    let heights: Vec<_> = svg
        .split("class=\"bar")
        .skip(1)
        .map(|bar| attribute(bar, "height"))
        .collect();
    assert_eq!(heights, ["4", "56", "2"]);
}

fn attribute<'a>(element: &'a str, name: &str) -> &'a str {
    let value = element
        .split_once(&format!(" {name}=\""))
        .map_or("", |(_, rest)| rest);
    value.split_once('"').map_or("", |(value, _)| value)
}

#[rstest]
#[case(1)]
#[case(7)]
#[case(30)]
#[case(106)]
#[case(2_400)]
fn any_number_of_windows_lies_side_by_side_within_the_frame(#[case] windows: usize) {
    let (usage, bars) = card(&vec!["2"; windows]);
    let svg = agent_bars(&usage, &bars, noon_of_day(0));
    let mut edge = 0.0_f64;
    for hit in svg.split("class=\"hit\"").skip(1) {
        let (x, width): (f64, f64) = (
            attribute(hit, "x").parse().unwrap(),
            attribute(hit, "width").parse().unwrap(),
        );
        assert!((x - edge).abs() <= 0.11, "{x} after {edge}");
        edge = x + width;
    }
    assert!((299.0..=300.0).contains(&edge), "{edge}");
}

#[test]
fn a_card_without_windows_or_with_fewer_totals_than_windows_is_still_drawn() {
    let (mut usage, bars) = card(&["1", "2"]);
    usage.bars.clear();
    assert_eq!(
        count(&agent_bars(&usage, &bars, noon_of_day(9)), "bar empty"),
        2
    );
    assert_eq!(
        agent_bars(&usage, &[], noon_of_day(0)),
        "<svg class=\"chart bars\" viewBox=\"0 0 300 56\" preserveAspectRatio=\"none\"></svg>"
    );
}

#[rstest]
#[case(&["0"], None)]
#[case(&["100", "250.5"], Some("80000"))]
#[case(&["50000", "50000"], Some("80000"))]
#[case(&["9223372036854.775807", "9223372036854.775807"], Some("0"))]
fn charts_carry_classes_and_nothing_that_says_how_they_look(
    #[case] amounts: &[&str],
    #[case] allocation: Option<&str>,
) {
    let (usage, bars) = card(amounts);
    let card = agent_bars(&usage, &bars, noon_of_day(0));
    let gauge = cumulative(&dashboard(amounts, allocation), None);
    assert!(has_no_looks(&card), "{card}");
    assert!(has_no_looks(&gauge), "{gauge}");
}

#[test]
fn the_same_figures_are_always_drawn_the_same() {
    let draw = || cumulative(&dashboard(&["100", "250.5", "3"], Some("80000")), None);
    assert_eq!(draw(), draw());
}

#[test]
fn use_is_a_line_an_area_and_a_dot_at_this_moment() {
    let svg = cumulative(&dashboard(&["10000", "0", "30000"], Some("80000")), None);
    // A start, three whole days, and half of the fourth.
    assert_eq!(
        path(&svg, "line"),
        [
            "M42 174",
            "L56.4 154.7",
            "L70.8 154.7",
            "L85.2 97",
            "L92.4 97"
        ],
        "{svg}"
    );
    assert_eq!(count(&svg, "class=\"area\""), 1);
    assert!(
        svg.contains("<circle class=\"now\" cx=\"92.4\" cy=\"97\" r=\"4\"/>"),
        "{svg}"
    );
}

fn path(svg: &str, class: &str) -> Vec<String> {
    let element = svg
        .split_once(&format!("class=\"{class}\""))
        .map_or("", |(_, rest)| rest);
    split_steps(attribute(element, "d"))
}

fn split_steps(path: &str) -> Vec<String> {
    let starts: Vec<_> = path
        .char_indices()
        .filter(|(_, letter)| letter.is_ascii_uppercase())
        .map(|(index, _)| index)
        .collect();
    let ends = starts.iter().skip(1).copied().chain([path.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| path[*start..end].to_owned())
        .collect()
}

#[test]
fn axes_say_credits_and_days() {
    let svg = cumulative(&dashboard(&["10000"], Some("80000")), None);
    let labels: Vec<_> = svg
        .split("</text>")
        .filter_map(|text| text.rsplit_once('>').map(|(_, label)| label))
        .collect();
    assert_eq!(
        labels[..10],
        [
            "0", "20k", "40k", "60k", "80k", "1", "8", "15", "22", "30 Nov"
        ]
    );
}

#[test]
fn a_cycle_over_two_months_says_both() {
    let mut dashboard = dashboard(&["1"], None);
    dashboard.cycle_days[29].label = "14 Dec".into();
    let svg = cumulative(&dashboard, None);
    assert!(
        svg.contains(">1 Nov</text>") && svg.contains(">14 Dec</text>"),
        "{svg}"
    );
}

#[test]
fn what_use_is_measured_against_is_drawn_and_named() {
    let whole = dashboard(&["100"], Some("80000"));
    assert_eq!(count(&cumulative(&whole, None), ">granted 80,000<"), 1);
    let mut of_company = whole.clone();
    of_company.whose = Whose::Company(CompanyName {
        key: "acme".into(),
        name: "Acme".into(),
    });
    let no_budget = of_company.clone();
    of_company.books.budget = Some(Balance {
        allocation: credits("500"),
        ..Balance::EMPTY
    });
    assert_eq!(count(&cumulative(&of_company, None), ">budget 500<"), 1);
    for without in [
        no_budget,
        dashboard(&["100"], None),
        dashboard(&["100"], Some("0")),
    ] {
        assert_eq!(count(&cumulative(&without, None), "allocation-label"), 0);
    }
}

#[test]
fn use_past_the_allocation_raises_the_scale_and_says_so() {
    let svg = cumulative(&dashboard(&["50000", "50000"], Some("80000")), None);
    assert!(
        svg.contains("class=\"chart cumulative over\"") && svg.contains(">100k</text>"),
        "{svg}"
    );
    let within = cumulative(&dashboard(&["80000"], Some("80000")), None);
    assert!(within.contains("class=\"chart cumulative\""), "{within}");
}

#[test]
fn the_allocation_makes_way_for_a_line_that_comes_near_it() {
    let far = cumulative(&dashboard(&["3000"; 26], Some("130000")), None);
    let near = cumulative(&dashboard(&["3000"; 26], Some("80000")), None);
    let anchor = |svg: &str| {
        attribute(svg.split_once("allocation-label").unwrap().1, "text-anchor").to_owned()
    };
    let passed = ["80000", "100000", "130001"].map(|credits| credits.parse().unwrap());
    let passed = cumulative(&dashboard(&["3000"; 26], Some("130000")), Some(passed));
    assert_eq!(
        [&far, &near, &passed].map(|svg| anchor(svg)),
        ["end", "start", "start"]
    );
}

#[test]
fn what_will_probably_be_used_goes_on_from_now_and_fits_the_scale() {
    let whole = dashboard(&["40000"], Some("80000"));
    let band = ["60000", "70000", "110000"].map(|credits| credits.parse().unwrap());
    let svg = cumulative(&whole, Some(band));
    assert!(svg.contains(">125k</text>"), "{svg}");
    let [now, end] = path(&svg, "projected").try_into().unwrap();
    assert_eq!(now.replace('M', "L"), path(&svg, "line").pop().unwrap());
    assert!(end.starts_with("L474 "), "{end}");
    assert_eq!(count(&svg, "class=\"possible\""), 1);
    // An older forecast never falls below what is used by now.
    let old = ["10", "20", "30"].map(|credits| credits.parse().unwrap());
    let [now, end] = path(&cumulative(&whole, Some(old)), "projected")
        .try_into()
        .unwrap();
    let height = |step: &str| step.split_once(' ').unwrap().1.to_owned();
    assert_eq!(height(&now), height(&end));
    // While there is nothing to look ahead to, there is none.
    let svg = cumulative(&whole, None);
    assert_eq!(count(&svg, "projected") + count(&svg, "possible"), 0);
}

#[test]
fn a_label_is_text_whatever_it_holds() {
    let mut dashboard = dashboard(&["1"], None);
    dashboard.cycle_days[29].label = "<script>".into();
    let svg = cumulative(&dashboard, None);
    assert!(
        svg.contains("&lt;script&gt;") && !svg.contains("<script>"),
        "{svg}"
    );
}
