//! JSON of the admin API as tables and cards for people.

use std::fmt::Write;

use serde_json::Value;

/// The objects of `body`'s member `name` as a table; columns are a heading and a JSON pointer.
pub(super) fn list(body: &Value, name: &str, columns: &[(&str, &str)]) -> String {
    let none = Vec::new();
    let objects = body.get(name).and_then(Value::as_array).unwrap_or(&none);
    let next = body.get("next").filter(|next| !next.is_null());
    if objects.is_empty() {
        return match next {
            None => format!("No {name}."),
            Some(next) => format!("No {name} so far; go on: --after {}", cell(Some(next), "")),
        };
    }
    let mut rows = vec![columns.iter().map(|(heading, _)| (*heading).to_owned()).collect()];
    rows.extend(objects.iter().map(|object| {
        columns.iter().map(|(_, place)| cell(object.pointer(place), place)).collect::<Vec<_>>()
    }));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..columns.len()).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in &rows {
        let padded: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        writeln!(text, "{}", padded.join("  ").trim_end())
            .expect("writing to a String does not fail");
    }
    if let Some(next) = next {
        writeln!(text, "There are more: --after {}", cell(Some(next), ""))
            .expect("writing to a String does not fail");
    }
    text
}

/// One object, a member a line.
pub(super) fn card(body: &Value) -> String {
    let Some(fields) = body.as_object() else { return body.to_string() };
    let width = fields.keys().map(String::len).max().unwrap_or(0);
    fields.iter().fold(String::new(), |mut text, (name, value)| {
        let value = cell(Some(value), &format!("/{name}"));
        writeln!(text, "{name:<width$}  {value}").expect("writing to a String does not fail");
        text
    })
}

fn cell(value: Option<&Value>, place: &str) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => "no".to_owned(),
        Some(Value::Number(number)) if place == "/terminal" => {
            format!("{:08}", number.as_u64().unwrap_or(0))
        }
        Some(Value::Array(parts)) => {
            let word = |part: &Value| part.as_str().map_or_else(|| part.to_string(), str::to_owned);
            let parts: Vec<String> = parts.iter().map(word).collect();
            parts.join(" ")
        }
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::list;

    const COLUMNS: [(&str, &str); 4] = [
        ("TERMINAL", "/terminal"),
        ("ONLINE", "/online"),
        ("SERVICES", "/services"),
        ("REASON", "/reason"),
    ];

    #[test]
    fn a_list_of_terminals_is_a_table_with_straight_columns() {
        let terminals = json!({"terminals": [
            {"terminal": 70001, "online": true, "services": "all", "reason": ""},
            {"terminal": 2, "online": false, "services": [10, 20], "reason": "stolen"},
        ], "next": 70001});
        assert_eq!(
            list(&terminals, "terminals", &COLUMNS),
            "TERMINAL  ONLINE  SERVICES  REASON\n\
             00070001  yes     all\n\
             00000002  no      10 20     stolen\n\
             There are more: --after 70001\n"
        );
        assert_eq!(list(&json!({"terminals": []}), "terminals", &COLUMNS), "No terminals.");
        let unfinished = json!({"terminals": [], "next": 7});
        assert_eq!(
            list(&unfinished, "terminals", &COLUMNS),
            "No terminals so far; go on: --after 7",
            "as many rows as a page looks at, and none that was wanted"
        );
    }
}
