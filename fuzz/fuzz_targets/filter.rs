//! A view survives its own URL, and whatever else stood in the query string comes back.
#![no_main]

use std::collections::BTreeSet;

use domain::{
    Invalid,
    filter::{MAX_FILTER_VALUES, MAX_SEARCH_BYTES, PeriodChoice, ViewQuery},
};
use libfuzzer_sys::fuzz_target;

/// The parameters of a view; anything else is handed back.
const NAMES: [&str; 9] = [
    "account", "company", "agent", "activity", "period", "from", "to", "tz", "q",
];

fuzz_target!(|query: &str| {
    match ViewQuery::parse(query) {
        Ok((view, others)) => {
            bounded(&view);
            survives(&view, &others);
        }
        Err(Invalid(errors)) => {
            assert!(!errors.is_empty(), "refused without a reason");
            for error in errors {
                assert!(NAMES.contains(&error.field.as_str()));
                assert!(!error.message.is_empty());
            }
        }
    }
});

fn bounded(view: &ViewQuery) {
    for values in [&view.companies, &view.activities] {
        assert!(values.len() <= MAX_FILTER_VALUES);
        assert_eq!(values.len(), values.iter().collect::<BTreeSet<_>>().len());
    }
    let agents: BTreeSet<_> = view.agents.iter().collect();
    assert_eq!(view.agents.len(), agents.len());
    if let Some(name) = &view.period {
        let period = PeriodChoice::named(name);
        assert_eq!(period.and_then(PeriodChoice::id), Some(name.as_str()));
    }
    assert!(
        view.q
            .as_ref()
            .is_none_or(|text| text.len() <= MAX_SEARCH_BYTES)
    );
}

fn survives(view: &ViewQuery, others: &[(String, String)]) {
    let query = view.to_query();
    let again = ViewQuery::parse(&query).expect("its own query string is right");
    assert_eq!((&again.0, again.1.as_slice()), (view, &[][..]));
    assert_eq!(again.0.to_query(), query);
    assert_eq!(query.is_empty(), *view == ViewQuery::default());
    for (name, value) in others {
        assert!(!NAMES.contains(&name.as_str()), "{name} was not understood");
        assert!(!value.is_empty());
    }
}
