//! PRE, APH, BRG, LDD: from the assessment to the last dose of lymphodepletion.

use super::{Book, Course, Pharmacy, yes_no};
use crate::gaps::Gaps;
use crate::random::{Part, Stream, rounded};
use crate::treatment::Depletion;
use clinical::MissingCode;
use clinical::codes::assessment::{Category, PosNeg};
use clinical::codes::baseline::{
    BridgeIndication, CreatinineClearance, Ecog, EjectionFraction, ExaminationResult, IcePoints, ItemNumber,
    Karnofsky, LifeExpectancyWeeks, NotDoneReason, OxygenSaturation, PretreatmentExamination, RiskFlag,
};
use clinical::codes::treatment::{
    ApheresisNumber, BridgingModality, BridgingNumber, CollectedCells, CourseDay, Drug, DrugIndication,
    LymphocyteCount, LymphodepletionAmount, LymphodepletionDrug, LymphodepletionUnit, ManufacturingOutcome,
    ProcessedVolume, RadiationDose, RadiotherapySite,
};
use clinical::codes::{Disease, ShortText, YesNoUnknown};
use clinical::field::CodeList;
use clinical::forms::apheresis::Apheresis;
use clinical::forms::bridging::Bridging;
use clinical::forms::disease::CnsInvolvement;
use clinical::forms::lymphodepletion::Regimen;
use clinical::forms::lymphodepletion_dose::LymphodepletionDose;
use clinical::forms::patient::Sex;
use clinical::forms::pretreatment_item::PretreatmentItem;
use clinical::forms::pretreatment_status::PretreatmentStatus;
use clinical::record::Missing;

/// Days of the preparation, counted from the infusion.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// First examinations.
    pub(crate) screening: i32,
    pub(crate) apheresis: i32,
    /// Last imaging and blood tests before lymphodepletion.
    pub(crate) imaging: i32,
    /// Bridging, where there was any: first and last day.
    pub(crate) bridging: Option<(i32, i32)>,
}

impl Plan {
    fn draw(c: &Course, s: &mut Stream) -> Self {
        let depletion = c.depletion_start();
        let apheresis = (-s.between(27, 40)).clamp(c.floor + 2, depletion - 3);
        let screening = (apheresis - s.between(1, 6)).max(c.floor + 1);
        let room = depletion - 2 - (apheresis + 2);
        let share = if c.b.high_burden { 0.8 } else { 0.45 };
        let bridging = (s.chance(share) && room >= 5).then(|| {
            let first = apheresis + 2 + s.between(0, 2);
            (first, (first + s.between(3, 16)).min(depletion - 2))
        });
        Self { screening, apheresis, imaging: depletion - 1, bridging }
    }
}

/// Examinations of a disease.
fn examinations(disease: Disease) -> &'static [PretreatmentExamination] {
    use PretreatmentExamination::{
        AbdominalUltrasound, Bcma, Cd19, ChestCt, Csf, CsfFlow, Ecg, Echocardiography, LowDoseCt,
        MarrowAspirate, MarrowBiopsy, MarrowFlow, PetCt, PhysicalExamination,
    };
    match disease {
        Disease::Nhl => &[
            PhysicalExamination,
            PetCt,
            ChestCt,
            AbdominalUltrasound,
            Echocardiography,
            Ecg,
            MarrowAspirate,
            MarrowBiopsy,
            Cd19,
        ],
        Disease::Mm => {
            &[PhysicalExamination, LowDoseCt, Echocardiography, Ecg, MarrowAspirate, MarrowFlow, Bcma]
        }
        _ => &[
            PhysicalExamination,
            ChestCt,
            Echocardiography,
            Ecg,
            MarrowAspirate,
            MarrowBiopsy,
            MarrowFlow,
            Csf,
            CsfFlow,
        ],
    }
}

/// Adds the forms of the preparation.
pub(super) fn write(c: &Course, pharmacy: &mut Pharmacy, book: &mut Book) -> Option<Plan> {
    let mut s = c.part(Part::Preparation);
    let plan = Plan::draw(c, &mut s);
    let mut wanted = examinations(c.disease()).to_vec();
    if c.facts.cns != CnsInvolvement::None {
        wanted.push(PretreatmentExamination::HeadMri);
    }
    for item in wanted {
        examination(c, &plan, item, &mut s, book)?;
    }
    status(c, &plan, &mut s, book);
    apheresis(c, &plan, &mut s, book)?;
    bridging(c, &plan, &mut s, pharmacy, book)?;
    let mut doses = c.part(Part::Lymphodepletion);
    for course in c.depletion {
        depletion(c, course, &mut doses, book)?;
    }
    Some(plan)
}

fn examination(
    c: &Course,
    plan: &Plan,
    item: PretreatmentExamination,
    s: &mut Stream,
    book: &mut Book,
) -> Option<()> {
    use PretreatmentExamination::{
        Bcma, Cd19, Csf, CsfFlow, HeadMri, LowDoseCt, MarrowAspirate, MarrowBiopsy, MarrowFlow, PetCt,
    };
    let done = !s.chance(0.05 * c.b.site.gaps);
    let marrow = matches!(item, MarrowAspirate | MarrowBiopsy | MarrowFlow);
    let result = match item {
        Csf | CsfFlow if c.facts.cns == CnsInvolvement::None => ExaminationResult::Negative,
        PetCt | LowDoseCt | Bcma | Cd19 | HeadMri | Csf | CsfFlow => ExaminationResult::Positive,
        _ if marrow && c.disease() == Disease::Nhl => {
            s.pick(&[(ExaminationResult::Negative, 0.75), (ExaminationResult::Positive, 0.25)])?
        }
        _ if marrow => ExaminationResult::Positive,
        _ => s.pick(&[(ExaminationResult::Normal, 0.85), (ExaminationResult::Abnormal, 0.15)])?,
    };
    let reason = s.pick(&[
        (NotDoneReason::NotIndicated, 0.4),
        (NotDoneReason::NotAvailable, 0.3),
        (NotDoneReason::Refused, 0.2),
        (NotDoneReason::NotFeasible, 0.1),
    ]);
    let day = s.between(plan.screening, plan.apheresis);
    book.put(PretreatmentItem {
        patient_id: c.patient(),
        infusion_number: c.number,
        item,
        item_number: ItemNumber::new(1)?,
        done: yes_no(done),
        assessment_date: done.then(|| c.date(day)),
        result_code: done.then_some(result),
        result_text: None,
        not_done_reason: reason.filter(|_| !done),
        missing: Missing::default(),
    });
    Some(())
}

fn status(c: &Course, plan: &Plan, s: &mut Stream, book: &mut Book) {
    let ecog = s.pick(&[(0, 0.22), (1, 0.6), (2, 0.18)]).unwrap_or(1);
    let kps = 100 - 10 * ecog - if s.chance(0.4) { 10 } else { 0 };
    let fertile = c.b.sex == Sex::Female && (15.0..50.0).contains(&c.b.age) && !s.chance(0.1);
    let tested = fertile.then(|| c.date(plan.screening));
    let clearance = rounded((112.0 - 0.7 * (c.b.age - 40.0) + 18.0 * s.normal()).clamp(34.0, 170.0), 0);
    let mut indications = Vec::new();
    if plan.bridging.is_some() {
        indications.push(BridgeIndication::LongManufacturing);
        if c.b.high_burden {
            indications.push(BridgeIndication::HighBurden);
        }
    }
    let cns = c.facts.cns != CnsInvolvement::None;
    let flags: &[RiskFlag] = if cns { &[RiskFlag::Cns] } else { &[] };
    let lvef = EjectionFraction::new(rounded((63.0 + 4.5 * s.normal()).clamp(48.0, 78.0), 0));
    let spo2 = OxygenSaturation::new(f64::from(s.between(95, 100)));
    let weeks = LifeExpectancyWeeks::new(f64::from(s.between(13, 52)));
    let b_symptoms = yes_no(s.chance(0.2));
    let documented = yes_no(s.chance(0.96));
    let mut gaps = Gaps::new(s, c.b.missing_rate());
    book.put(PretreatmentStatus {
        patient_id: c.patient(),
        infusion_number: c.number,
        assessment_date: gaps.value("assessment_date", MissingCode::NotKnown, Some(c.date(plan.screening))),
        ecog: gaps.value("ecog", MissingCode::NotDone, Ecog::new(ecog)),
        kps: Karnofsky::new(kps),
        life_expectancy_wk: gaps.value("life_expectancy_wk", MissingCode::NotDone, weeks),
        lvef,
        crcl: CreatinineClearance::new(clearance),
        spo2_room: spo2,
        childbearing_potential: yes_no(fertile),
        pregnancy_test: fertile.then_some(PosNeg::Negative),
        pregnancy_test_date: tested,
        b_symptoms: b_symptoms.filter(|_| c.disease() == Disease::Nhl),
        risk_flags: CodeList::new(flags),
        ice_baseline: gaps.value("ice_baseline", MissingCode::NotDone, IcePoints::new(10)),
        bridge_indications: CodeList::new(&indications),
        cns_involved: yes_no(cns),
        gvhd_active: None,
        autoimmune: yes_no(false),
        uncontrolled_infection: yes_no(false),
        drug_contraindications: None,
        hepatology_consult: None,
        risk_benefit_documented: documented,
        renal_plan_documented: None,
        missing: gaps.missing(),
    });
}

fn apheresis(c: &Course, plan: &Plan, s: &mut Stream, book: &mut Book) -> Option<()> {
    let outcome = if c.infused {
        Some(ManufacturingOutcome::Released)
    } else {
        s.pick(&[(ManufacturingOutcome::Failed, 0.4), (ManufacturingOutcome::NotInfused, 0.6)])
    };
    let made = outcome != Some(ManufacturingOutcome::Failed);
    let release = (plan.apheresis + s.between(13, 24)).min(-1);
    let alc = rounded(s.log_normal(0.85, 0.5).clamp(0.15, 4.5), 2);
    let cells = rounded((5.0 + alc * 6.0 + 1.5 * s.normal()).clamp(2.0, 30.0), 1);
    let counted = c.date(plan.apheresis - s.between(0, 1)).max(c.date(plan.screening));
    let volume = rounded(8.0 + 6.0 * s.uniform(), 1);
    let mut gaps = Gaps::new(s, c.b.missing_rate());
    book.put(Apheresis {
        patient_id: c.patient(),
        infusion_number: c.number,
        apheresis_number: ApheresisNumber::new(1)?,
        apheresis_date: Some(c.date(plan.apheresis)),
        alc: gaps.value("alc", MissingCode::NotDone, LymphocyteCount::new(alc)),
        alc_date: Some(counted),
        mnc: CollectedCells::new(cells),
        volume_l: ProcessedVolume::new(volume),
        cd3: CollectedCells::new(rounded(cells * 0.45, 1)),
        active_infection: gaps.value("active_infection", MissingCode::NotKnown, Some(YesNoUnknown::No)),
        outcome,
        release_date: made.then(|| c.date(release)),
        missing: gaps.missing(),
    });
    Some(())
}

fn bridging(c: &Course, plan: &Plan, s: &mut Stream, pharmacy: &mut Pharmacy, book: &mut Book) -> Option<()> {
    let (modality, name, drug) = match c.disease() {
        Disease::Nhl => s.pick(&[
            ((BridgingModality::Targeted, "Polatuzumab vedotin with rituximab", Drug::Polatuzumab), 0.45),
            ((BridgingModality::Chemotherapy, "R-GemOx", Drug::Rituximab), 0.35),
            ((BridgingModality::Targeted, "BTK inhibitor", Drug::BtkInhibitor), 0.2),
        ])?,
        Disease::Mm => s.pick(&[
            ((BridgingModality::Steroid, "Dexamethasone", Drug::Other), 0.4),
            (
                (BridgingModality::Chemotherapy, "Cyclophosphamide, bortezomib, dexamethasone", Drug::Other),
                0.6,
            ),
        ])?,
        _ => s.pick(&[
            ((BridgingModality::Chemotherapy, "Vincristine and dexamethasone", Drug::VincaAlkaloid), 0.7),
            ((BridgingModality::Chemotherapy, "Low-dose cytarabine", Drug::Cytarabine), 0.3),
        ])?,
    };
    let irradiated = plan.bridging.is_some() && c.disease() == Disease::Nhl && s.chance(0.18);
    let mut modalities = vec![modality];
    if irradiated {
        modalities.push(BridgingModality::Radiotherapy);
    }
    let response = match c.disease() {
        Disease::BAll => Category::Nr,
        _ => s.pick(&[(Category::Sd, 0.5), (Category::Pr, 0.25), (Category::Pd, 0.25)])?,
    };
    let (first, last) = (plan.bridging.map(|b| c.date(b.0)), plan.bridging.map(|b| c.date(b.1)));
    let given = plan.bridging.is_some();
    book.put(Bridging {
        patient_id: c.patient(),
        infusion_number: c.number,
        bridging_number: BridgingNumber::new(1)?,
        given: yes_no(given),
        modalities: CodeList::new(&modalities).filter(|_| given),
        start_date: first,
        end_date: last,
        rt_site: irradiated.then_some(RadiotherapySite::Nodal),
        rt_gy: RadiationDose::new(20.0).filter(|_| irradiated),
        rt_end_date: last.filter(|_| irradiated),
        response: given.then_some(response),
        regimen: ShortText::new(name).filter(|_| given),
        missing: Missing::default(),
    });
    if let Some((first, last)) = plan.bridging {
        pharmacy.give(c, drug, DrugIndication::Antitumor, first, last)?.named(name);
    }
    Some(())
}

/// LDD: the days of a course.
fn depletion(c: &Course, course: &Depletion, s: &mut Stream, book: &mut Book) -> Option<()> {
    use LymphodepletionDrug::{Bendamustine, Cyclophosphamide, Fludarabine, Other};
    let low = course.adjusted;
    let drugs: &[(LymphodepletionDrug, f64)] = match course.regimen {
        Regimen::Fc if low => &[(Fludarabine, 25.0), (Cyclophosphamide, 250.0)],
        Regimen::Fc => {
            let strong = s.chance(0.4);
            if strong {
                &[(Fludarabine, 30.0), (Cyclophosphamide, 500.0)]
            } else {
                &[(Fludarabine, 30.0), (Cyclophosphamide, 300.0)]
            }
        }
        Regimen::Bendamustine => &[(Bendamustine, if low { 70.0 } else { 90.0 })],
        _ => &[(Other, 100.0)],
    };
    for (drug, dose) in drugs {
        for (number, day) in (1..).zip(course.start..=course.end) {
            // Cyclophosphamide ends with its third day where fludarabine goes on.
            if *drug == Cyclophosphamide && number > 3 {
                break;
            }
            book.put(LymphodepletionDose {
                patient_id: c.patient(),
                infusion_number: c.number,
                course_number: course.number,
                drug: *drug,
                course_day: CourseDay::new(number)?,
                given: yes_no(true),
                dose_value: LymphodepletionAmount::new(*dose),
                dose_unit: Some(LymphodepletionUnit::MgPerM2),
                dose_date: Some(c.date(day)),
                start_time: None,
                missing: Missing::default(),
            });
        }
    }
    Some(())
}
