//! Stacked bars, what is marked on them, and the running window.

use super::*;

#[test]
fn a_dot_stands_above_the_bar_there_is_something_to_say_of() {
    let labels: Vec<_> = (1..=4).map(|day| format!("{day} Nov")).collect();
    let layers = [Layer {
        colour: 0,
        heights_micro: vec![10_000_000, 100_000_000, 0, -5],
    }];
    let dots = |notes: &[usize]| {
        let marked = Marked {
            notes,
            running: None,
        };
        let svg = stacked(&layers, &labels, marked);
        let dots = svg.split("<circle class=\"note\"").skip(1);
        dots.map(|dot| attribute(dot, "cy").parse::<f64>().unwrap())
            .collect::<Vec<_>>()
    };
    assert!(dots(&[]).is_empty());
    let [low, high, empty, below] = dots(&[0, 1, 2, 3]).try_into().unwrap();
    assert!(high < low && low < empty && (empty - below).abs() < f64::EPSILON);
    // A window that there is not has none.
    assert!(dots(&[4]).is_empty());
}

#[test]
fn the_running_window_has_a_shade_behind_its_bar() {
    let labels: Vec<_> = (1..=3).map(|day| format!("{day} Nov")).collect();
    let layers = [Layer {
        colour: 0,
        heights_micro: vec![10_000_000; 3],
    }];
    let drawn = |running| {
        let marked = Marked {
            notes: &[],
            running,
        };
        stacked(&layers, &labels, marked)
    };
    let svg = drawn(Some(2));
    let shade = svg.find("class=\"running-window\"").unwrap();
    assert!(shade < svg.find("layer-0").unwrap(), "{svg}");
    assert_eq!(svg.matches("running-window").count(), 1);
    // A period that is over has none, nor has a window that there is not.
    assert!(!drawn(None).contains("running-window") && !drawn(Some(3)).contains("running-window"));
}
