//! How the entities of an article are laid out in its payload: for each kind a list of keys, which
//! filters search, and one flat list of numbers that says where and how often each is named.

use serde_json::Map;
use serde_json::Value;

use crate::payload::Error;
use wenmai_domain::entity::Entities;
use wenmai_domain::entity::Entity;
use wenmai_domain::entity::Kind;
use wenmai_domain::span::Span;

/// Key of the list of numbers. Each entity has five, in the order of [`Kind::ALL`] and within a
/// kind in the order of the keys under [`keys_of`]: the paragraph from 1, or 0 for the title; the
/// offset in bytes of the first mention; its length in bytes; the number of mentions; 1 if the name
/// is ambiguous, else 0.
pub const MENTIONED: &str = "mentioned";
/// How many numbers each entity has in the list.
const NUMBERS: usize = 5;

/// The key under which a payload lists the entities of `kind`.
pub fn keys_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Person => "persons",
        Kind::Place => "places",
        Kind::Organisation => "organisations",
        Kind::Number => "numbers",
        Kind::Date => "dates",
    }
}

/// Writes `entities` into `payload`; a kind of which there are none gets no key.
pub fn put(payload: &mut Map<String, Value>, entities: &Entities) {
    let mut numbers: Vec<Value> = Vec::with_capacity(NUMBERS * entities.len());
    for kind in Kind::ALL {
        let mut keys: Vec<Value> = Vec::new();
        for Entity { kind: _, key, count, paragraph, span, is_ambiguous } in entities.of(kind) {
            keys.push(key.as_str().into());
            numbers.push(paragraph.map_or(0, |at| u64::from(at) + 1).into());
            numbers.push(span.start.into());
            numbers.push(span.len().into());
            numbers.push((*count).into());
            numbers.push(u32::from(*is_ambiguous).into());
        }
        if !keys.is_empty() {
            payload.insert(keys_of(kind).to_owned(), keys.into());
        }
    }
    if !numbers.is_empty() {
        payload.insert(MENTIONED.to_owned(), numbers.into());
    }
}

/// Takes the entities that [`put`] wrote out of `payload`.
///
/// # Errors
/// [`Error::Key`] if the lists are not of the form that [`put`] writes.
pub fn take(payload: &mut Map<String, Value>) -> Result<Entities, Error> {
    let wrong = || Error::Key(MENTIONED);
    let numbers = match payload.remove(MENTIONED) {
        None => Vec::new(),
        Some(Value::Array(numbers)) => numbers,
        Some(_) => return Err(wrong()),
    };
    let mut numbers = numbers.iter().map(|number| number.as_u64().ok_or_else(wrong));
    let mut found = Vec::new();
    for kind in Kind::ALL {
        let keys = match payload.remove(keys_of(kind)) {
            None => continue,
            Some(Value::Array(keys)) => keys,
            Some(_) => return Err(Error::Key(keys_of(kind))),
        };
        for key in keys {
            let Value::String(key) = key else { return Err(Error::Key(keys_of(kind))) };
            let mut next = || numbers.next().unwrap_or_else(|| Err(wrong()));
            let (paragraph, start, len) = (next()?, next()?, next()?);
            let (count, ambiguous) = (next()?, next()?);
            let size = |number: u64| usize::try_from(number).map_err(|_too_large| wrong());
            let small = |number: u64| u32::try_from(number).map_err(|_too_large| wrong());
            let start = size(start)?;
            found.push(Entity {
                kind,
                key,
                count: small(count)?,
                paragraph: paragraph.checked_sub(1).map(small).transpose()?,
                span: Span::new(start, start.saturating_add(size(len)?)),
                is_ambiguous: ambiguous != 0,
            });
        }
    }
    if numbers.next().is_some() { Err(wrong()) } else { Ok(Entities::new(found)) }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::MENTIONED;
    use super::keys_of;
    use super::put;
    use super::take;
    use wenmai_domain::entity::Entities;
    use wenmai_domain::entity::Entity;
    use wenmai_domain::entity::Kind;
    use wenmai_domain::span::Span;

    fn entities() -> Entities {
        let one = |(at, kind): (u32, Kind)| Entity {
            kind,
            key: format!("名{at}"),
            count: at + 1,
            paragraph: at.checked_sub(1),
            span: Span::new(3 * at as usize, 9),
            is_ambiguous: kind == Kind::Place,
        };
        Entities::new((0..).zip(Kind::ALL).map(one).collect())
    }

    #[test]
    fn entities_come_back_as_they_were() {
        let mut payload = Map::new();
        put(&mut payload, &entities());
        assert_eq!(payload.len(), 6);
        assert_eq!(take(&mut payload).unwrap(), entities());
        assert!(payload.is_empty());
        put(&mut payload, &Entities::default());
        assert!(payload.is_empty() && take(&mut payload).unwrap().is_empty());
    }

    #[test]
    fn a_list_that_does_not_fit_its_keys_is_refused() {
        for key in Kind::ALL.map(keys_of).into_iter().chain([MENTIONED]) {
            let mut payload = Map::new();
            put(&mut payload, &entities());
            payload.remove(key);
            assert!(take(&mut payload).is_err(), "{key}");
        }
    }
}
