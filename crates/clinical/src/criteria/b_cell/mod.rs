//! B-cell aplasia and hypogammaglobulinemia (CSCO 2024 §4.6 and §3.6(4); catalogue D6).

mod case;
pub mod course;

pub use case::{BCellCase, Course, DayJudged, Immunity, Observation};
pub use course::{State, course};

use super::compare::{Verdict, above, at_most, below, same};
use super::measured::known;
use super::trace::{At, Criterion, Quantity, Trace, criteria};
use crate::codes::Disease;
use crate::field::value_sets;

criteria! {
    APLASIA = Seed("b_cell.aplasia", "fewer than 61 B cells per ul (printed \"per ml\")", "B细胞绝对值<61个/μl（原文为/ml）", "4.6(1); erratum H01");
    APLASIA_AS_PRINTED = Seed("b_cell.aplasia_as_printed", "fewer than 61 B cells per ml, as printed", "B细胞绝对值<61个/ml（原文）", "4.6(1); erratum H01");
    NO_APLASIA = Seed("b_cell.no_aplasia", "B cells not below the limit", "B细胞绝对值未低于界值", "4.6(1)");
    UNDECIDED = Proposed("b_cell.missing", "the B-cell count is not known", "B细胞绝对值未知", "catalogue D6");
    IGG_LOW = Seed("b_cell.igg_400", "IgG of 400 mg/dl (4.0 g/L) or less", "IgG≤400 mg/dl", "4.6(1)");
    DEFICIENT = Proposed("b_cell.deficiency", "B cells or IgG low, combined as chosen", "B细胞缺乏与低IgG的组合", "4.6(1); catalogue C14");
    ASYMPTOMATIC = Seed("b_cell.grade_1", "grade 1: no symptoms", "1级（无症状）", "4.6");
    SYMPTOMATIC = Seed("b_cell.grade_2", "grade 2: symptoms, for example infection; not urgent", "2级（有症状，如处于感染状态；非紧急干预）", "4.6");
    URGENT = Seed("b_cell.grade_3", "grade 3: urgent intervention needed", "3级（需紧急干预）", "4.6");
    LIFE_THREATENING = Seed("b_cell.grade_4", "grade 4: life-threatening", "4级（危及生命）", "4.6");
    IVIG_GENERAL = Seed("b_cell.ivig", "symptoms and IgG of 400 mg/dl or less: immunoglobulin may be considered", "有症状且IgG≤400 mg/dl：可考虑IVIG替代治疗", "4.6");
    IGG_BELOW_500 = Seed("b_cell.igg_500", "IgG below 500 mg/dl (5.0 g/L)", "IgG<500 mg/dl", "3.6(4)");
    IVIG_B_ALL = Seed("b_cell.ivig_b_all", "B-ALL: IgG below 500 mg/dl and recurrent infection", "B-ALL：IgG<500 mg/dl且反复感染", "3.6(4)");
    MONITOR = Seed("b_cell.monitoring", "IgG of 400 mg/dl or less with severe, persistent or recurrent infection: monitor immunoglobulins and B cells", "IgG≤400 mg/dl伴严重、持续或反复感染：定期监测免疫球蛋白及B细胞", "4.6(3)");
}

/// Every criterion of B-cell deficiency.
pub fn criteria() -> impl Iterator<Item = &'static Criterion> {
    CRITERIA.iter().chain(course::CRITERIA).copied()
}

value_sets! {
    /// Clinical state of a patient with B-cell deficiency (4.6).
    ClinicalState "b_cell_clinical_state" {
        Asymptomatic "ASYMPTOMATIC" "No symptoms" "无症状";
        Symptomatic "SYMPTOMATIC" "Symptoms, not urgent" "有症状，非紧急";
        Urgent "URGENT" "Urgent intervention needed" "需紧急干预";
        LifeThreatening "LIFE_THREATENING" "Life-threatening" "危及生命";
    }
}

/// How low B cells and low `IgG` combine; the guideline prints them side by side (C14).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Combination {
    /// Either of them.
    #[default]
    Either,
    /// Both.
    Both,
}

/// What the guideline leaves open.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// Judges aplasia by 61 cells per ml, as printed, instead of per µl (erratum H01).
    pub literal_per_ml: bool,
    /// How low B cells and low `IgG` combine.
    pub combination: Combination,
    /// Reads the empty cells of grades 3 and 4 as the cell of grade 2, as a merged cell (H38).
    pub empty_cells_as_grade_2: bool,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { literal_per_ml: false, combination: Combination::Either, empty_cells_as_grade_2: true }
    }
}

/// Fewer B cells than this are aplasia; per µl, or per ml as printed.
const APLASIA_BELOW: f64 = 61.0;

/// Values of one day, each possibly absent.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Values {
    /// Leukocytes, 10^9/L.
    pub wbc_10e9_l: Option<f64>,
    /// Lymphocytes among leukocytes, %.
    pub lymphocyte_percent: Option<f64>,
    /// Lymphocytes, 10^9/L; instead of the two above.
    pub alc_10e9_l: Option<f64>,
    /// CD19-positive cells among lymphocytes, %.
    pub cd19_percent: Option<f64>,
    /// CD20-positive cells among lymphocytes, %; where CD19 was not measured.
    pub cd20_percent: Option<f64>,
    /// B cells, /µl, as reported.
    pub cd19_abs_ul: Option<f64>,
    /// `IgG`, g/L.
    pub igg_g_l: Option<f64>,
    /// Clinical state.
    pub clinical_state: Option<ClinicalState>,
    /// Recurrent infection.
    pub recurrent_infection: Option<bool>,
    /// Severe infection (CTCAE grade 3 or more).
    pub severe_infection: Option<bool>,
    /// Persistent infection.
    pub persistent_infection: Option<bool>,
}

impl Values {
    /// B cells per µl as leukocytes x lymphocyte share x B-cell share (4.6(1)).
    pub fn computed_b_cells_ul(&self) -> Option<f64> {
        let per_leukocytes =
            self.wbc_10e9_l.zip(self.lymphocyte_percent).map(|(wbc, share)| wbc * share * 10.0);
        let lymphocytes_ul = per_leukocytes.or(self.alc_10e9_l.map(|alc| alc * 1000.0))?;
        let share = self.cd19_percent.or(self.cd20_percent)?;
        Some(lymphocytes_ul * share / 100.0)
    }

    /// B cells per µl: as reported, else as computed.
    pub fn b_cells_ul(&self) -> Option<f64> {
        self.cd19_abs_ul.or_else(|| self.computed_b_cells_ul())
    }

    /// The reported and the computed count differ by more than 20 % of the larger (rule R28).
    pub fn counts_differ(&self) -> Option<bool> {
        let (reported, computed) = self.cd19_abs_ul.zip(self.computed_b_cells_ul())?;
        let larger = reported.max(computed);
        Some(above((reported - computed).abs(), larger * 0.2) && !same(reported, computed))
    }

    fn missing_for_b_cells(&self, at: At, trace: &mut Trace) {
        let lymphocytes = self.alc_10e9_l.is_some();
        for (absent, name) in [
            (!lymphocytes && self.wbc_10e9_l.is_none(), "wbc_10e9_l"),
            (!lymphocytes && self.lymphocyte_percent.is_none(), "lymphocyte_percent"),
            (self.cd19_percent.or(self.cd20_percent).is_none(), "cd19_percent"),
        ] {
            if absent {
                trace.miss(at, name);
            }
        }
    }
}

/// Indications of immunoglobulin; the two sections disagree (C13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Ivig {
    /// Of 4.6: symptoms and `IgG` of 4.0 g/L or less.
    pub general: Option<bool>,
    /// Of 3.6(4): `IgG` below 5.0 g/L and recurrent infection.
    pub b_all: Option<bool>,
    /// That of the patient's disease; none when the disease is unknown and the two disagree.
    pub indicated: Option<bool>,
}

/// One day judged.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Judged {
    /// B cells per µl.
    pub b_cells_ul: Option<f64>,
    /// The reported and the computed count differ by more than 20 %.
    pub counts_differ: Option<bool>,
    /// By the unit chosen.
    pub aplasia: Option<bool>,
    /// By 61 cells per ml, as printed.
    pub aplasia_as_printed: Option<bool>,
    /// `IgG` of 4.0 g/L or less.
    pub igg_low: Option<bool>,
    /// Both, combined as chosen.
    pub deficiency: Option<bool>,
    /// 0 to 4; grade 0 is no deficiency.
    pub grade: Option<u8>,
    /// Immunoglobulin.
    pub ivig: Ivig,
    /// Close monitoring is asked for.
    pub monitoring: Option<bool>,
}

/// Judges the values of one day. What the trace concludes is aplasia.
pub fn judge(
    at: At,
    values: &Values,
    disease: Option<Disease>,
    parameters: &Parameters,
    trace: &mut Trace,
) -> Judged {
    let b_cells = values.b_cells_ul();
    let shown = [("b_cells_ul", b_cells.into())];
    let corrected: Verdict = b_cells.map(|count| below(count, APLASIA_BELOW)).into();
    let printed: Verdict = b_cells.map(|count| below(count * 1000.0, APLASIA_BELOW)).into();
    let (aplasia, used) = if parameters.literal_per_ml {
        trace.judge(at, &APLASIA, corrected, &shown);
        (printed, &APLASIA_AS_PRINTED)
    } else {
        trace.judge(at, &APLASIA_AS_PRINTED, printed, &shown);
        (corrected, &APLASIA)
    };
    trace.decide(at, used, aplasia, &shown, "aplasia");
    trace.decide(at, &NO_APLASIA, !aplasia, &shown, "no_aplasia");
    trace.decide(at, &UNDECIDED, aplasia.undecided(), &shown, "not_evaluable");
    if aplasia.undecided() {
        values.missing_for_b_cells(at, trace);
    }

    let igg: [(&str, Quantity); 1] = [("igg_g_l", values.igg_g_l.into())];
    let igg_low = trace.judge(at, &IGG_LOW, values.igg_g_l.map(|igg| at_most(igg, 4.0)), &igg);
    let deficiency = match parameters.combination {
        Combination::Either => aplasia | igg_low,
        Combination::Both => aplasia & igg_low,
    };
    trace.judge(at, &DEFICIENT, deficiency, &[]);
    if deficiency.undecided() && igg_low.undecided() {
        trace.miss(at, "igg_g_l");
    }
    let grade = grade(at, deficiency, values.clinical_state, trace);
    let ivig = ivig(at, values, igg_low, disease, *parameters, trace);

    let infections = [
        ("severe_infection", values.severe_infection.into()),
        ("persistent_infection", values.persistent_infection.into()),
        ("recurrent_infection", values.recurrent_infection.into()),
    ];
    let infection = Verdict::from(values.severe_infection)
        | values.persistent_infection.into()
        | values.recurrent_infection.into();
    let monitoring = trace.judge(at, &MONITOR, igg_low & infection, &infections);
    Judged {
        b_cells_ul: b_cells,
        counts_differ: values.counts_differ(),
        aplasia: known(aplasia),
        aplasia_as_printed: known(printed),
        igg_low: known(igg_low),
        deficiency: known(deficiency),
        grade,
        ivig,
        monitoring: known(monitoring),
    }
}

fn grade(at: At, deficiency: Verdict, state: Option<ClinicalState>, trace: &mut Trace) -> Option<u8> {
    if deficiency.not_met() {
        return Some(0);
    }
    let shown = [("clinical_state", state.map(ClinicalState::code).into())];
    let mut grade = None;
    for (number, criterion, wanted) in [
        (1, &ASYMPTOMATIC, ClinicalState::Asymptomatic),
        (2, &SYMPTOMATIC, ClinicalState::Symptomatic),
        (3, &URGENT, ClinicalState::Urgent),
        (4, &LIFE_THREATENING, ClinicalState::LifeThreatening),
    ] {
        let verdict = deficiency & state.map(|state| state == wanted).into();
        if trace.judge(at, criterion, verdict, &shown).met() {
            grade = Some(number);
        }
    }
    if state.is_none() {
        trace.miss(at, "clinical_state");
    }
    grade
}

fn ivig(
    at: At,
    values: &Values,
    igg_low: Verdict,
    disease: Option<Disease>,
    parameters: Parameters,
    trace: &mut Trace,
) -> Ivig {
    let symptoms: Verdict = values
        .clinical_state
        .map(|state| match state {
            ClinicalState::Asymptomatic => false,
            ClinicalState::Symptomatic => true,
            ClinicalState::Urgent | ClinicalState::LifeThreatening => parameters.empty_cells_as_grade_2,
        })
        .into();
    let igg = ("igg_g_l", values.igg_g_l.into());
    let state = ("clinical_state", values.clinical_state.map(ClinicalState::code).into());
    let general = trace.judge(at, &IVIG_GENERAL, igg_low & symptoms, &[igg, state]);
    let below_500 = trace.judge(at, &IGG_BELOW_500, values.igg_g_l.map(|igg| below(igg, 5.0)), &[igg]);
    let recurrent = ("recurrent_infection", values.recurrent_infection.into());
    let b_all =
        trace.judge(at, &IVIG_B_ALL, below_500 & values.recurrent_infection.into(), &[igg, recurrent]);
    let indicated = match disease {
        Some(Disease::BAll) => b_all,
        Some(_) => general,
        None if general == b_all => general,
        None => Verdict::Undecided,
    };
    if indicated.undecided() {
        let by_b_all = disease == Some(Disease::BAll);
        for (absent, name) in [
            (values.igg_g_l.is_none(), "igg_g_l"),
            (!by_b_all && general.undecided() && values.clinical_state.is_none(), "clinical_state"),
            (
                (by_b_all || disease.is_none()) && b_all.undecided() && values.recurrent_infection.is_none(),
                "recurrent_infection",
            ),
            (disease.is_none(), "disease"),
        ] {
            if absent {
                trace.miss(at, name);
            }
        }
    }
    Ivig { general: known(general), b_all: known(b_all), indicated: known(indicated) }
}
