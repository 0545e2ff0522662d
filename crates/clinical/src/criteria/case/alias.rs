//! Tells which two names of a case mean the same member.

use super::Fault;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The member that an error of reading a case says is given twice.
fn doubled(error: &str) -> Option<&str> {
    error.strip_prefix("duplicate field `")?.split_once('`').map(|(field, _)| field)
}

/// The fault of a member that is given under two of its names, both of them named. Which names a member has is known to the reader of
/// the case only, so the object at `pointer` is cut down, name by name, to the two that collide.
pub(super) fn given_twice<C: DeserializeOwned>(text: &str, pointer: &str, error: &str) -> Option<Fault> {
    let field = doubled(error)?;
    let case: Value = serde_json::from_str(text).ok()?;
    let members: Vec<(String, Value)> = case.pointer(pointer)?.as_object()?.clone().into_iter().collect();
    let collides = |kept: &[&(String, Value)]| {
        let mut case = case.clone();
        if let Some(object) = case.pointer_mut(pointer) {
            let kept: Map<String, Value> = kept.iter().map(|member| (*member).clone()).collect();
            *object = Value::Object(kept);
        }
        serde_json::from_value::<C>(case).is_err_and(|error| doubled(&error.to_string()) == Some(field))
    };
    let mut kept: Vec<&(String, Value)> = Vec::new();
    let Some((second, _)) = members.iter().find(|member| {
        kept.push(member);
        collides(&kept)
    }) else {
        // Twice under one name: the object read again keeps one of them.
        let problem = format!("{field} is given twice");
        return Some(Fault::new(format!("{pointer}/{field}"), problem, "one value"));
    };
    let first = (0..kept.len()).find(|index| {
        let mut fewer = kept.clone();
        fewer.remove(*index);
        !collides(&fewer)
    });
    let (first, _) = kept.get(first?)?;
    Some(Fault::new(
        format!("{pointer}/{second}"),
        format!("{first} and {second} are two names of {field}"),
        "one of the two",
    ))
}
