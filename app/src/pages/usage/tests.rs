//! Both sides agree: what the server writes into the page is what the browser would write over it.

use domain::{
    Credits, Seq,
    activity::LogPage,
    ledger::Balance,
    usage::{ForecastView, Whose},
};
use html5gum::{Token, Tokenizer};
use proptest::{option, prelude::*};

use super::*;
use crate::{
    context::{Assets, Current},
    figures::{FIGURE, figures},
    functions::{Charts, EventAsked, TipsView},
    parts::html_of,
    state::fixture,
};

fn page_of(dashboard: Dashboard, forecast: Option<ForecastView>) -> Page {
    Page {
        reader: fixture::reader(false, &[]),
        dashboard,
        charts: Charts {
            agents: vec![],
            cumulative: String::new(),
        },
        forecast,
        tips: TipsView::default(),
        log: LogPage {
            as_of: Seq(1),
            total: 0,
            position: 0,
            rows: vec![],
        },
        event: EventAsked::None,
    }
}

// Boxed: as they are, these would not fit on the stack of a test.
fn credits() -> BoxedStrategy<Credits> {
    prop_oneof![
        Just(Credits::ZERO),
        (0_i64..5_000_000).prop_map(Credits::from_micro),
        (0_i64..90_000_000_000_000).prop_map(Credits::from_micro),
    ]
    .boxed()
}

fn balance() -> BoxedStrategy<Balance> {
    let amounts = [(); 7].map(|()| credits());
    (amounts, any::<bool>())
        .prop_map(
            |([allocation, used, remaining, overage, held, expired, added], is_off)| Balance {
                allocation,
                used,
                remaining,
                overage,
                held,
                expired,
                added: if is_off {
                    Credits::ZERO.saturating_sub(added)
                } else {
                    added
                },
                ..Balance::EMPTY
            },
        )
        .boxed()
}

fn forecast() -> BoxedStrategy<ForecastView> {
    let words = || "[a-z<&\"']{0,12}";
    (
        words(),
        words(),
        any::<bool>(),
        option::of([credits(), credits(), credits()]),
    )
        .prop_map(|(headline, detail, runs_out, cycle_use)| ForecastView {
            headline,
            detail,
            runs_out,
            cycle_use,
        })
        .boxed()
}

fn whose() -> impl Strategy<Value = Whose> {
    prop_oneof![
        Just(Whose::Account),
        Just(Whose::Company(fixture::company())),
        (1_u32..5).prop_map(Whose::Companies),
    ]
}

fn dashboard() -> BoxedStrategy<Dashboard> {
    any_dashboard().boxed()
}

prop_compose! {
    fn any_dashboard()(
        whose in whose(),
        is_over in any::<bool>(),
        (books, budget, ended) in (option::of(balance()), option::of(balance()), option::of(balance())),
        (reserved, cycle_used) in (credits(), credits()),
        (is_stopped, is_suspended) in (any::<bool>(), any::<bool>()),
        uncompared in option::of("[a-z<&]{1,9}"),
        plan in "[A-Za-z<&\"]{1,9}",
        agents in [(); 6].map(|()| (credits(), 0_u64..2_000_000, credits()).boxed()),
    ) -> Dashboard {
        let mut dashboard = fixture::dashboard();
        dashboard.whose = whose;
        dashboard.cycle.is_over = is_over;
        dashboard.account.plan = plan;
        dashboard.period.uncompared = uncompared;
        dashboard.cycle_used = cycle_used;
        let shown = &mut dashboard.books;
        (shown.balance, shown.budget, shown.ended) = (books, budget, ended);
        (shown.reserved, shown.is_stopped, shown.is_suspended) = (reserved, is_stopped, is_suspended);
        for (usage, (now, events, before)) in dashboard.agents.iter_mut().zip(agents) {
            (usage.current.credits, usage.current.events) = (now, events);
            usage.previous.credits = before;
        }
        dashboard
    }
}

/// An element's name, its attributes, and what is within it.
type Named = (String, Vec<(String, String)>, String);

/// Every start tag that names a figure: its name, its attributes, and what follows it.
fn named(html: &str) -> Vec<Named> {
    let mut emitter = html5gum::DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Tokenizer::new_with_emitter(html, emitter)
        .filter_map(|token| match token {
            Ok(Token::StartTag(tag)) => {
                let name = text(tag.attributes.get(FIGURE.as_bytes())?);
                let attributes = tag.attributes.iter();
                let attributes = attributes.map(|(name, value)| (text(name), text(value)));
                Some((name, attributes.collect(), html[tag.span.end..].to_owned()))
            }
            _ => None,
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_the_server_writes_is_what_the_browser_would_write(
        dashboard in dashboard(),
        forecast in option::of(forecast()),
    ) {
        let said = figures(Shown { dashboard: &dashboard, forecast: forecast.as_ref() });
        let page = page_of(dashboard, forecast);
        let html = html_of(Current::default(), Assets::default(), || shown(&page, ""));
        let mut written = named(&html);
        for figure in &said {
            let at = written.iter().position(|(name, ..)| *name == figure.name);
            let Some(at) = at else {
                return Err(TestCaseError::fail(format!("{} stands nowhere", figure.name)));
            };
            let (_, attributes, rest) = written.remove(at);
            for (name, value) in &figure.attributes {
                let found = attributes.iter().find(|(of, _)| of == name);
                prop_assert_eq!(found.map(|(_, value)| value), value.as_ref(), "{} of {}", name, figure.name);
            }
            if let Some(inner) = &figure.inner {
                let end = format!("{inner}</");
                prop_assert!(rest.starts_with(&end), "{} is {:?}", figure.name, figure.inner);
            }
        }
        prop_assert!(written.is_empty(), "unknown or twice: {:?}", written.first().map(|(name, ..)| name));
    }

    #[test]
    fn the_same_view_has_the_same_figures_whatever_happens(
        one in dashboard(),
        mut other in dashboard(),
        forecast in option::of(forecast()),
    ) {
        other.whose = one.whose.clone();
        other.cycle.is_over = one.cycle.is_over;
        let names = |dashboard: &Dashboard, forecast: Option<&ForecastView>| {
            let all = figures(Shown { dashboard, forecast }).into_iter();
            all.map(|figure| (figure.name, figure.inner.is_some())).collect::<Vec<_>>()
        };
        prop_assert_eq!(names(&one, None), names(&other, forecast.as_ref()));
    }
}
