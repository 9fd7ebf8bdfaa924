//! Lines that each begin with the hash of all before: whoever changes one changes every one after it.
//!
//! A line is `HASH JSON`; its hash is SHA-256, in hexadecimal, of the hash before, a newline and the JSON. The
//! first line has the empty text before it.

use sha2::{Digest as _, Sha256};

use crate::hex::hex;

/// Joins texts without newlines to lines of a chain.
pub fn join(payloads: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut head = String::new();
    payloads
        .into_iter()
        .map(|payload| {
            head = next(&head, &payload);
            format!("{head} {payload}")
        })
        .collect()
}

/// Checks that nothing of a chain was changed, taken out or put in between; the hash of its last line.
///
/// # Errors
///
/// The number of the first line, from 1, that does not follow from those before.
pub fn check<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<String, usize> {
    let mut head = String::new();
    for (place, line) in lines.into_iter().enumerate() {
        let (hash, payload) = line.split_once(' ').ok_or(place + 1)?;
        head = next(&head, payload);
        if head != hash {
            return Err(place + 1);
        }
    }
    Ok(head)
}

fn next(head: &str, payload: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(head);
    hash.update("\n");
    hash.update(payload);
    hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Vec<String> {
        join(["a", "b", "c", "d"].map(str::to_owned))
    }

    fn checked(lines: &[String]) -> Result<String, usize> {
        check(lines.iter().map(String::as_str))
    }

    #[test]
    fn a_chain_ends_with_the_hash_of_all() {
        let head = checked(&lines()).unwrap();
        assert!(lines()[3].starts_with(&head));
        assert_eq!(checked(&[]), Ok(String::new()));
        // printf '\na' | sha256sum
        assert_eq!(
            lines()[0],
            "7361a6f4b374745deaf896ac72887d55e04107d1a1ff14e5e4d829fb47e82426 a"
        );
    }

    #[test]
    fn whatever_is_done_to_a_line_is_found_there() {
        let whole = lines();
        for place in 0..whole.len() {
            let mut changed = whole.clone();
            changed[place].push('x');
            assert_eq!(checked(&changed), Err(place + 1));
            let mut shorter = whole.clone();
            shorter.remove(place);
            let expected = if place + 1 == whole.len() {
                Ok(whole[place - 1].split(' ').next().unwrap().to_owned())
            } else {
                Err(place + 1)
            };
            assert_eq!(checked(&shorter), expected);
            let mut longer = whole.clone();
            longer.insert(place, whole[0].clone());
            assert_eq!(
                checked(&longer),
                Err(if place == 0 { 2 } else { place + 1 })
            );
            let mut bare = whole.clone();
            bare[place] = "x".to_owned();
            assert_eq!(checked(&bare), Err(place + 1));
        }
    }
}
