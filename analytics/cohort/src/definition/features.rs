//! Named features of a disease and of its treatment, as criteria on the forms that record them.

use super::criterion::{Criterion, RecordCriterion};
use super::members::no_such_code;
use super::read;
use crate::condition::{Condition, Test};
use crate::document::{Members, Placed};
use crate::fault::Faults;
use clinical::codes::treatment::DrugClass;
use clinical::form::{Form, FormDescriptor};
use clinical::forms::b_all_baseline::BAllBaseline;
use clinical::forms::disease::DiseaseBaseline;
use clinical::forms::myeloma_baseline::MyelomaBaseline;
use clinical::forms::nhl_baseline::NhlBaseline;
use clinical::forms::prior_hct::PriorHct;
use clinical::forms::prior_line::PriorLine;
use serde_json::Value;

/// What a feature asks of one field: its form, the field, and the codes; digits are bounds of a number.
type Feature = (&'static str, &'static FormDescriptor, &'static [(&'static str, &'static [&'static str])]);

/// The high-risk features a definition may name.
pub(super) const HIGH_RISK: [Feature; 14] = [
    ("DEL17P", MyelomaBaseline::DESCRIPTOR, &[("high_risk_fish", &["DEL17P"])]),
    ("T_4_14", MyelomaBaseline::DESCRIPTOR, &[("high_risk_fish", &["T_4_14"])]),
    ("T_14_16", MyelomaBaseline::DESCRIPTOR, &[("high_risk_fish", &["T_14_16"])]),
    ("GAIN_1Q", MyelomaBaseline::DESCRIPTOR, &[("high_risk_fish", &["GAIN_1Q"])]),
    ("EMD", MyelomaBaseline::DESCRIPTOR, &[("emd_type", &["BOTH", "EXTRAOSSEOUS", "PARASKELETAL"])]),
    ("R_ISS_III", DiseaseBaseline::DESCRIPTOR, &[("stage_system", &["R_ISS"]), ("stage", &["III"])]),
    ("DOUBLE_HIT", NhlBaseline::DESCRIPTOR, &[("histology", &["HGBCL_DH_TH"])]),
    ("IPI_3_TO_5", NhlBaseline::DESCRIPTOR, &[("ipi", &["3", "4", "5"])]),
    ("PH_POSITIVE", BAllBaseline::DESCRIPTOR, &[("ph_positive", &["Y"])]),
    ("KMT2A", BAllBaseline::DESCRIPTOR, &[("fusion_genes", &["KMT2A"])]),
    ("POST_ALLO_RELAPSE", BAllBaseline::DESCRIPTOR, &[("disease_status", &["POST_ALLO_RELAPSE"])]),
    ("EXTRAMEDULLARY", DiseaseBaseline::DESCRIPTOR, &[("extramedullary", &["Y"])]),
    ("CNS", DiseaseBaseline::DESCRIPTOR, &[("cns_involvement", &["BOTH", "LEPTOMENINGEAL", "PARENCHYMAL"])]),
    ("HIGH_TUMOR_BURDEN", DiseaseBaseline::DESCRIPTOR, &[("tumor_burden_high", &["Y"])]),
];

/// Reads names of high-risk features; sorted by name, each with its criterion.
pub(super) fn high_risk(written: &[Placed<'_>], faults: &mut Faults) -> Vec<(&'static str, Criterion)> {
    let mut read: Vec<(&'static str, Criterion)> = Vec::new();
    for item in written {
        let Some(name) = item.value.as_str() else {
            item.wrong("a name", faults);
            continue;
        };
        let Some((name, form, tests)) = HIGH_RISK.iter().find(|(known, _, _)| *known == name) else {
            faults.0.push(no_such_code(item, name, &HIGH_RISK.map(|(known, _, _)| known)));
            continue;
        };
        let criteria = tests.iter().filter_map(|(field, codes)| {
            read::on(form, field, Test::In(codes.iter().map(|code| (*code).to_owned()).collect()))
        });
        let mut criteria: Vec<Criterion> = criteria.collect();
        let criterion = if criteria.len() == 1 { criteria.remove(0) } else { Criterion::All(criteria) };
        read.push((name, criterion));
    }
    read.sort_by_key(|(name, _)| *name);
    read.dedup_by_key(|(name, _)| *name);
    read
}

/// Transplantations a definition may name among prior therapies.
pub(super) const TRANSPLANTS: [(&str, &str); 2] = [("HCT_AUTO", "AUTO"), ("HCT_ALLO", "ALLO")];

/// Reads prior therapies: a list, of which one is enough, or an object of `any`, `all` and `none`.
pub(super) fn prior_therapy(
    written: &Placed<'_>,
    faults: &mut Faults,
) -> Vec<(&'static str, Vec<String>, Criterion)> {
    let mut read = Vec::new();
    let mut take = |name: &'static str, items: Vec<Placed<'_>>, faults: &mut Faults| {
        let mut codes: Vec<String> = items.iter().filter_map(|item| therapy(item, faults)).collect();
        codes.sort();
        codes.dedup();
        let criteria: Vec<Criterion> = codes.iter().map(|code| given(code)).collect();
        let criterion = match name {
            "any" => Criterion::Any(criteria),
            "all" => Criterion::All(criteria),
            _ => Criterion::None(criteria),
        };
        read.push((name, codes, criterion));
    };
    if let Value::Array(items) = written.value {
        let items = items.iter().enumerate();
        let placed =
            items.map(|(i, value)| Placed { value, place: format!("{}/{i}", written.place) }).collect();
        take("any", placed, faults);
        return read;
    }
    let Some(mut members) = Members::of(written.value, &written.place, faults) else { return read };
    for name in ["any", "all", "none"] {
        if let Some(items) = members.texts(name, faults) {
            take(name, items, faults);
        }
    }
    members.finish(faults);
    read
}

fn therapy(item: &Placed<'_>, faults: &mut Faults) -> Option<String> {
    let Some(code) = item.value.as_str() else {
        item.wrong("a class of drugs or a transplantation", faults);
        return None;
    };
    let known = DrugClass::SET.find(code).is_some() || TRANSPLANTS.iter().any(|(name, _)| *name == code);
    if known {
        return Some(code.to_owned());
    }
    let classes = DrugClass::SET.codes.iter().map(|c| c.code);
    let all: Vec<&str> = classes.chain(TRANSPLANTS.map(|(name, _)| name)).collect();
    faults.0.push(no_such_code(item, code, &all));
    None
}

fn given(code: &str) -> Criterion {
    let transplant = TRANSPLANTS.iter().find(|(name, _)| *name == code);
    let (form, tests): (&'static FormDescriptor, Vec<(&str, Test)>) = match transplant {
        Some((_, kind)) => (PriorHct::DESCRIPTOR, vec![("hct_type", Test::In(vec![(*kind).to_owned()]))]),
        // Bridging is no line.
        None => (
            PriorLine::DESCRIPTOR,
            vec![("drug_classes", Test::In(vec![code.to_owned()])), ("is_bridging", Test::Is(false))],
        ),
    };
    let conditions =
        tests.into_iter().filter_map(|(name, test)| Some(Condition::new(form.field(name)?.1, test)));
    Criterion::Records(RecordCriterion {
        present: true,
        form,
        conditions: conditions.collect(),
        window: None,
        at_least: 1,
        of_patient: true,
    })
}
