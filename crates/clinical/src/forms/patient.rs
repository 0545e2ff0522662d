//! PAT: a pseudonymous patient.

use crate::codes::baseline::PseudonymVersion;
use crate::codes::{BirthYear, PatientId, ShortText, YesNoUnknown};
use crate::field::value_sets;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::{Datelike, NaiveDate};

value_sets! {
    /// Sex.
    Sex "sex" { Female "F" "Female" "女"; Male "M" "Male" "男"; Other "OTHER" "Other" "其他"; Unknown "UNK" "Unknown" "未知"; }
    /// What the patient's dates mean.
    DateBasis "date_basis" {
        Calendar "CALENDAR" "Dates are calendar dates" "真实日历日期";
        PseudoAnchor "PSEUDO_ANCHOR" "Only intervals are real: dates count from a made-up anchor" "仅间隔真实，日期以虚拟锚点推算";
    }
}

form! {
    /// A patient under the center's pseudonym. Names, record numbers and full birth dates have no place here, nor has the salted hash
    /// by which a center links the pseudonym to the person: it stays outside the registry.
    Patient {
        name: "patient", path: "patients", version: 2, label: ("Patient", "患者"),
        source: "catalogue G1 PAT", key: &["patient_id"], parent: Registry, rules: RULES,
    }
    /// The center's pseudonym of the patient: random, without identifiers inside.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Calendar year of birth.
    birth_year: BirthYear, required, ("Year of birth", "出生年份");
    /// Sex.
    sex: Sex, required, ("Sex", "性别");
    /// Consent to the registry.
    consent_registry: YesNoUnknown, required, ("Consent to the registry", "登记知情同意");
    /// Date of consent.
    consent_date: NaiveDate, optional, ("Date of consent", "同意日期");
    /// Date consent was withdrawn.
    withdrawn_on: NaiveDate, optional, ("Consent withdrawn on", "撤回同意日期");
    /// Whether the patient's dates are calendar dates or count from a made-up anchor; the latter stay out of calendar analyses.
    date_basis: DateBasis, mandatory, ("Date basis", "日期依据");
    /// Race or ethnicity as the patient states it.
    race_ethnicity: ShortText, optional, ("Race or ethnicity", "种族或民族");
    /// Version of the center's pseudonymisation under which the pseudonym was made.
    pseudonym_version: PseudonymVersion, optional, ("Version of the pseudonym", "假名版本");
}

rules! {
    /// A refusal is not a record.
    CONSENT_REFUSED = hard("patient.consent_refused", "without consent no data may be submitted", "未获知情同意，不得提交数据");
    /// G1: withdrawn >= consent.
    WITHDRAWN_BEFORE_CONSENT = hard("patient.withdrawn_before_consent", "consent was withdrawn before it was given", "撤回同意早于同意日期");
    /// G6 R05: not born after today.
    BIRTH_YEAR_FUTURE = hard("patient.birth_year_future", "the year of birth lies in the future", "出生年份在未来");
    /// An unknown consent is followed up.
    CONSENT_UNKNOWN = soft("patient.consent_unknown", "consent is recorded as unknown", "知情同意状态未知");
    /// Marked so that nobody takes the dates at face value.
    PSEUDO_ANCHOR = soft("patient.pseudo_anchor", "the dates count from a made-up anchor: calendar analyses leave this patient out", "日期以虚拟锚点推算，日历分析将排除该患者");
}

impl Checks for Patient {
    fn check(&self, context: Context, findings: &mut Findings) {
        match self.consent_registry {
            Some(YesNoUnknown::No) => {
                findings.at(&CONSENT_REFUSED, "consent_registry", Some("N".to_owned()), Some("Y".to_owned()));
            }
            Some(YesNoUnknown::Unknown) => {
                findings.at(
                    &CONSENT_UNKNOWN,
                    "consent_registry",
                    Some("UNK".to_owned()),
                    Some("Y".to_owned()),
                );
            }
            _ => {}
        }
        if let (Some(given), Some(withdrawn)) = (self.consent_date, self.withdrawn_on)
            && withdrawn < given
        {
            let expected = format!("{given} or later");
            findings.at(
                &WITHDRAWN_BEFORE_CONSENT,
                "withdrawn_on",
                Some(withdrawn.to_string()),
                Some(expected),
            );
        }
        if let Some(year) = self.birth_year.filter(|y| y.get() > context.today.year()) {
            let expected = format!("1900 to {}", context.today.year());
            findings.at(&BIRTH_YEAR_FUTURE, "birth_year", Some(year.get().to_string()), Some(expected));
        }
        if self.date_basis == DateBasis::PseudoAnchor {
            findings.at(&PSEUDO_ANCHOR, "date_basis", Some(self.date_basis.code().to_owned()), None);
        }
    }
}
