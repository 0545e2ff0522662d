//! What a refused value was probably meant to be.

use chrono::{Datelike, Days, NaiveDate};
use clinical::field::{Kind, ValueSet, nearest};
use clinical::form::{FieldDescriptor, FormDescriptor};

/// The value that the sender of `received` most likely meant; `None` when there is no telling. Two readings of a date are both given.
///
/// Never applied by the registry: it is shown beside the fault.
pub fn likely_fix(form: &FormDescriptor, field: &str, received: &str) -> Option<String> {
    let (_, field) = form.field(field)?;
    let text = ascii(received.trim());
    let fixed = match field.kind {
        Kind::Coded(set) => code(set, &text),
        Kind::Codes(set) => codes(set, &text),
        Kind::Date | Kind::PartialDate => date(&text),
        Kind::Flag => flag(&text).map(str::to_owned),
        Kind::Integer { .. } | Kind::Decimal { .. } => number(field, &text),
        Kind::Time => time(&text),
        Kind::Text { .. } => None,
    }?;
    (fixed != received).then_some(fixed)
}

/// Full-width letters, digits and punctuation as their ASCII counterparts.
fn ascii(text: &str) -> String {
    let narrow = |c: char| match u32::from(c) {
        full @ 0xff01..=0xff5e => char::from_u32(full - 0xfee0).unwrap_or(c),
        0x3000 => ' ',
        _ => c,
    };
    text.chars().map(narrow).collect()
}

fn code(set: &'static ValueSet, text: &str) -> Option<String> {
    let labelled =
        || set.codes.iter().find(|c| c.zh == text || c.en.eq_ignore_ascii_case(text)).map(|c| c.code);
    let by_letter = || {
        let truth = flag(text)?;
        ["Y", "N"]
            .into_iter()
            .zip(["true", "false"])
            .find(|(_, t)| *t == truth)
            .and_then(|(c, _)| set.find(c))
    };
    let near = || nearest(text, set.codes.iter().map(|c| c.code));
    set.find_lenient(text).or_else(labelled).or_else(by_letter).or_else(near).map(str::to_owned)
}

fn codes(set: &'static ValueSet, text: &str) -> Option<String> {
    let parts: Vec<&str> =
        text.split([';', ',', '|', '/', '、', '；', '，']).map(str::trim).filter(|p| !p.is_empty()).collect();
    let mut found = Vec::with_capacity(parts.len());
    for part in parts {
        let code = code(set, part)?;
        if !found.contains(&code) {
            found.push(code);
        }
    }
    (!found.is_empty()).then(|| found.join(";"))
}

fn flag(text: &str) -> Option<&'static str> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "y" | "true" | "t" | "1" | "x" | "是" | "有" => Some("true"),
        "no" | "n" | "false" | "f" | "0" | "否" | "无" => Some("false"),
        _ => None,
    }
}

fn date(text: &str) -> Option<String> {
    let day = text.split(['T', ' ']).next().unwrap_or(text);
    if day != text && NaiveDate::parse_from_str(day, "%Y-%m-%d").is_ok() {
        return Some(day.to_owned());
    }
    // Day 1 of a spreadsheet's calendar is 1900-01-01, counted with a leap day that never was.
    if let Ok(serial @ 20_000..=60_000) = text.parse::<u64>() {
        return NaiveDate::from_ymd_opt(1899, 12, 30)?
            .checked_add_days(Days::new(serial))
            .map(|d| d.to_string());
    }
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        return NaiveDate::parse_from_str(text, "%Y%m%d").ok().map(|d| d.to_string());
    }
    let normal = day.replace(['年', '月'], "-").replace('日', "");
    let parts: Vec<u32> = normal.split(['/', '.', '-']).map(str::parse).collect::<Result<_, _>>().ok()?;
    let [a, b, c] = <[u32; 3]>::try_from(parts).ok()?;
    let on = |year: u32, month: u32, day: u32| NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day);
    let readings: Vec<String> = if a > 31 {
        vec![on(a, b, c)?]
    } else {
        let mut both: Vec<NaiveDate> = [on(c, b, a), on(c, a, b)].into_iter().flatten().collect();
        both.dedup();
        both
    }
    .into_iter()
    .filter(|d| d.year() >= 1900)
    .map(|d| d.to_string())
    .collect();
    (!readings.is_empty()).then(|| readings.join(" or "))
}

fn time(text: &str) -> Option<String> {
    let mut parts = text.split([':', '.', 'h']).map(str::parse::<u32>);
    let (hour, minute) = (parts.next()?.ok()?, parts.next()?.ok()?);
    (hour < 24 && minute < 60).then(|| format!("{hour:02}:{minute:02}"))
}

fn number(field: &FieldDescriptor, text: &str) -> Option<String> {
    let (low, high, unit) = match field.kind {
        Kind::Integer { min, max } => (f64::from(min), f64::from(max), ""),
        Kind::Decimal { min, max, unit } => (min, max, unit),
        _ => return None,
    };
    let bare = text.strip_suffix(unit).unwrap_or(text).trim().trim_end_matches(['%']).trim();
    let groups = bare.split(',').skip(1).all(|group| group.len() == 3) && bare.contains(',');
    let plain = if groups && bare.matches(',').count() > 1 {
        bare.replace(',', "")
    } else {
        bare.replace(',', ".").replace(' ', "")
    };
    let value: f64 = plain.parse().ok().filter(|v: &f64| v.is_finite())?;
    let fits = |v: f64| {
        (low..=high).contains(&v) && (v.fract() == 0.0 || matches!(field.kind, Kind::Decimal { .. }))
    };
    if fits(value) {
        return Some(value.to_string());
    }
    let (usual_low, usual_high) = field.soft?;
    let other_units = [value * 10.0, value / 10.0, value * 1_000.0, value / 1_000.0];
    let mut usual: Vec<f64> =
        other_units.into_iter().filter(|v| fits(*v) && (usual_low..=usual_high).contains(v)).collect();
    if unit == "°C" {
        usual.extend(Some((value - 32.0) / 1.8).filter(|v| fits(*v) && (usual_low..=usual_high).contains(v)));
    }
    match usual.as_slice() {
        [one] => Some(format!("{} (another unit was used)", (one * 1e6).round() / 1e6)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clinical::form::Form;
    use clinical::forms::{infusion::Infusion, patient::Patient, survival_status::SurvivalStatus};

    fn fix<F: Form>(field: &str, received: &str) -> Option<String> {
        likely_fix(F::DESCRIPTOR, field, received)
    }

    #[test]
    fn codes_by_case_label_and_closeness() {
        assert_eq!(fix::<Patient>("sex", "Female").as_deref(), Some("F"));
        assert_eq!(fix::<Patient>("sex", "男").as_deref(), Some("M"));
        assert_eq!(fix::<Patient>("sex", "f").as_deref(), Some("F"));
        assert_eq!(fix::<Patient>("date_basis", "calender").as_deref(), Some("CALENDAR"));
        assert_eq!(fix::<Patient>("consent_registry", "是").as_deref(), Some("Y"));
        assert_eq!(fix::<Patient>("consent_registry", "no").as_deref(), Some("N"));
        assert_eq!(fix::<Patient>("sex", "banana"), None);
    }

    #[test]
    fn dates_in_every_usual_order() {
        let of = |text: &str| fix::<SurvivalStatus>("last_contact", text);
        assert_eq!(of("2024/3/1").as_deref(), Some("2024-03-01"));
        assert_eq!(of("20240301").as_deref(), Some("2024-03-01"));
        assert_eq!(of("31.12.2023").as_deref(), Some("2023-12-31"));
        assert_eq!(of("12/31/2023").as_deref(), Some("2023-12-31"));
        assert_eq!(of("03/01/2024").as_deref(), Some("2024-01-03 or 2024-03-01"));
        assert_eq!(of("45352").as_deref(), Some("2024-03-01"));
        assert_eq!(of("2024年3月1日").as_deref(), Some("2024-03-01"));
        assert_eq!(of("2024-03-01 00:00:00").as_deref(), Some("2024-03-01"));
        assert_eq!(of("2024-02-30"), None);
        assert_eq!(of("soon"), None);
        assert_eq!(of("2024-03-01"), None, "nothing to fix");
    }

    #[test]
    fn numbers_with_commas_units_and_full_width_digits() {
        let of = |text: &str| fix::<Infusion>("weight_kg", text);
        assert_eq!(of("70,5").as_deref(), Some("70.5"));
        assert_eq!(of("70 kg").as_deref(), Some("70"));
        assert_eq!(of("７０").as_deref(), Some("70"));
        assert_eq!(of("heavy"), None);
        assert_eq!(of("NaN"), None);
        assert_eq!(fix::<Infusion>("dose_total_car_t", "140,000,000").as_deref(), Some("140000000"));
        assert_eq!(fix::<Infusion>("infusion_number", "1.0").as_deref(), Some("1"));
        assert_eq!(fix::<Infusion>("no_such_field", "1"), None);
    }
}
