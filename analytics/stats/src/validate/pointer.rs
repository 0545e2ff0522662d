//! Pointers into an output: RFC 6901, and looking up by value.

use serde_json::Value;

/// Where a pointer leads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Found<'a> {
    /// To a value.
    Value(&'a Value),
    /// To an object that does not have the last member.
    MissingLast,
    /// Nowhere.
    Nothing,
}

/// Follows a pointer. A token `name=wanted` finds the first element of an array that is an object whose member `name` equals `wanted`
/// (`&` joins conditions), or a position in the arrays of an object of columns, whose next token then names the column.
pub(crate) fn follow<'a>(root: &'a Value, pointer: &str) -> Found<'a> {
    let mut here = root;
    // Position in the columns of `here`, if the last token was a look-up in them.
    let mut place: Option<usize> = None;
    let tokens: Vec<String> =
        pointer.split('/').skip(1).map(|t| t.replace("~1", "/").replace("~0", "~")).collect();
    for (i, token) in tokens.iter().enumerate() {
        let last = i + 1 == tokens.len();
        if let Some(row) = place.take() {
            match here.get(token.as_str()) {
                Some(column) => match column.get(row) {
                    Some(value) => here = value,
                    None => return Found::Nothing,
                },
                None if last => return Found::MissingLast,
                None => return Found::Nothing,
            }
            continue;
        }
        match here {
            Value::Object(members) => match (members.get(token), token.split_once('=')) {
                (Some(value), _) => here = value,
                (None, Some((name, wanted))) => {
                    let column = members.get(name).and_then(Value::as_array);
                    match column.and_then(|column| column.iter().position(|value| equals(value, wanted))) {
                        Some(row) => place = Some(row),
                        None => return Found::Nothing,
                    }
                }
                (None, None) if last => return Found::MissingLast,
                (None, None) => return Found::Nothing,
            },
            Value::Array(elements) => {
                let element = if token.contains('=') {
                    elements.iter().find(|element| meets(element, token))
                } else {
                    token.parse().ok().and_then(|i: usize| elements.get(i))
                };
                match element {
                    Some(value) => here = value,
                    None => return Found::Nothing,
                }
            }
            _ => return Found::Nothing,
        }
    }
    if place.is_some() { Found::Nothing } else { Found::Value(here) }
}

fn meets(element: &Value, conditions: &str) -> bool {
    conditions.split('&').all(|condition| {
        let (name, wanted) = condition.split_once('=').unwrap_or((condition, ""));
        element.get(name).is_some_and(|value| equals(value, wanted))
    })
}

fn equals(value: &Value, wanted: &str) -> bool {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let numbers = text.parse::<f64>().ok().zip(wanted.parse::<f64>().ok());
    text == wanted || numbers.is_some_and(|(a, b)| (a - b).abs() <= 1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pointers_lead_by_name_position_and_value() {
        let output = json!({
            "groups": [{"group": "6-MP", "curve": {"time": [6, 10.0], "surv": [0.9, 0.75]}}, {"group": "a/b", "n": 3}],
            "transitions": [{"from": "x", "to": "y", "n": 1}, {"from": "x", "to": "z", "n": 2}],
        });
        let value = |pointer: &str| match follow(&output, pointer) {
            Found::Value(value) => Some(value.clone()),
            _ => None,
        };
        assert_eq!(value("/groups/0/curve/time=10/surv"), Some(json!(0.75)));
        assert_eq!(value("/groups/group=a~1b/n"), Some(json!(3)));
        assert_eq!(value("/transitions/from=x&to=z/n"), Some(json!(2)));
        assert_eq!(value("/groups/0/curve/surv/1"), Some(json!(0.75)));
        assert_eq!(value("/groups/0/curve/time=7/surv"), None);
        assert_eq!(follow(&output, "/groups/1/surv"), Found::MissingLast);
        assert_eq!(follow(&output, "/groups/2/surv"), Found::Nothing);
        assert_eq!(follow(&output, "/groups/0/curve/time=10"), Found::Nothing);
    }
}
