//! A whole course: every assessment judged, then confirmed by those that follow.

use super::frame::Frame;
use super::known::Known;
use super::nadir::Nadir;
use super::observation::Observation;
use super::outcome::{Assessed, Best, Outcome, PerAssessmentMrd};
use super::parameters::Parameters;
use super::progression;
use super::relapse::{Cleared, Visit, mab_interference};
use super::response::{Judge, NOT_EVALUABLE};
use super::rules;
use crate::codes::assessment::{Category, LightChain, MeasurableType};
use crate::criteria::compare::Verdict;
use crate::criteria::mrd::{self, MrdImaging, MrdPoint, MrdState};
use crate::criteria::trace::{At, Trace};
use chrono::NaiveDate;

/// What a course is judged from. The assessments are in date order, one for each day, in main units.
pub(super) struct Course<'a> {
    pub(super) baseline: &'a Observation,
    pub(super) nadir: Option<&'a Observation>,
    pub(super) assessments: &'a [(NaiveDate, Observation)],
    pub(super) measurable_type: Option<MeasurableType>,
    pub(super) light_chain: Option<LightChain>,
    pub(super) mab_interference: Option<bool>,
    pub(super) new_therapy_date: Option<NaiveDate>,
    pub(super) parameters: Parameters,
}

/// Better categories rank higher; what is not a response ranks 0.
fn rank(category: Category) -> u8 {
    match category {
        Category::Scr => 6,
        Category::Cr => 5,
        Category::Vgpr => 4,
        Category::Pr => 3,
        Category::Mr => 2,
        Category::Sd => 1,
        _ => 0,
    }
}

impl Course<'_> {
    /// Judges the course.
    pub(super) fn judge(&self, trace: &mut Trace) -> Outcome {
        let frame =
            Frame::new(&self.parameters, self.baseline, self.measurable_type, self.light_chain, trace);
        let mut assessed = self.assess(&frame, trace);
        self.confirm(&frame, &mut assessed, trace);
        self.conclude(&frame, assessed, trace)
    }

    fn assess(&self, frame: &Frame<'_>, trace: &mut Trace) -> Vec<Assessed> {
        let mut nadir = Nadir::default();
        nadir.add(frame, self.baseline);
        if let Some(lowest) = self.nadir {
            nadir.told(frame, lowest);
            note_inferences(lowest, At::Case, trace);
        }
        let mut earlier_ihc = last_ihc(frame, self.baseline);
        let mut cleared = Cleared::default();
        cleared.add(self.baseline);
        let mut was_complete = false;
        let mut assessed = Vec::with_capacity(self.assessments.len());
        note_inferences(self.baseline, At::Case, trace);
        for (date, now) in self.assessments {
            let at = At::Date(*date);
            note_inferences(now, at, trace);
            let (progression, open) = progression::search(frame, &nadir, now, at, trace);
            let (category, complete) = if progression.met() {
                (Category::Pd, Verdict::NotMet)
            } else {
                let mut judge = Judge::new(frame, now, at, trace);
                judge.earlier_ihc = earlier_ihc;
                let (best, tried) = judge.best(Category::Mr);
                let category = best.unwrap_or_else(|| judge.rest(tried));
                let complete = judge.complete;
                open.report(at, trace);
                (category, complete)
            };
            let deciding_rule = trace.deciding(at).map_or("", |step| step.criterion.id);
            let interference = mab_interference(now, self.mab_interference);
            trace.judge(at, &rules::MAB_INTERFERENCE, interference, &[]);
            let visit = Visit { frame, nadir: &nadir, now, at };
            let (clinical, clinical_relapse_rules) = visit.clinical(trace);
            let from_cr = was_complete.then(|| visit.after_cr(&progression, interference, trace));
            if let Some(relapse) = from_cr {
                relapse.report(at, trace);
            }
            let sign = visit.after_mrd_negative(cleared, &progression, trace);
            assessed.push(Assessed {
                date: *date,
                category,
                confirmed: None,
                confirmed_on: None,
                deciding_rule,
                stands_alone: progression.stands_alone,
                progression_rules: progression.rules,
                clinical_relapse: decided(clinical.verdict),
                clinical_relapse_rules,
                relapse_from_cr: from_cr.and_then(|known| decided(known.verdict)),
                mab_interference: interference,
                imaging_recorded: imaging_recorded(now),
                mrd: self.read_mrd(now, at, complete, trace),
                other_relapse: sign,
            });
            was_complete |= matches!(category, Category::Scr | Category::Cr);
            earlier_ihc = last_ihc(frame, now).or(earlier_ihc);
            cleared.add(now);
            nadir.add(frame, now);
        }
        assessed
    }

    fn read_mrd(&self, now: &Observation, at: At, complete: Verdict, trace: &mut Trace) -> PerAssessmentMrd {
        let reading = mrd::read_all(&now.mrd, at, &self.parameters.mrd, trace);
        let imaging = MrdImaging {
            negative: now.imaging_negative,
            suv_lesion: now.suv_lesion,
            suv_mediastinum: now.suv_mediastinum,
            suv_surrounding: now.suv_surrounding,
        };
        let imaging =
            if imaging == MrdImaging::default() { Verdict::Undecided } else { imaging.read(at, trace) };
        let negative = match reading.map(|r| r.state) {
            Some(MrdState::Negative) => Verdict::Met,
            Some(MrdState::Positive) => Verdict::NotMet,
            _ => Verdict::Undecided,
        };
        PerAssessmentMrd {
            state: reading.map(|r| r.state),
            flow_negative: reading.map(|r| r.flow_negative),
            sequencing_negative: reading.map(|r| r.sequencing_negative),
            insufficient_sensitivity: reading.map(|r| r.insufficient_sensitivity),
            imaging,
            imaging_plus_negative: reading.and_then(|_| decided(negative & imaging)),
            negative_cr: reading.and_then(|_| decided(negative & complete)),
        }
    }

    fn before_new_therapy(&self, date: NaiveDate) -> bool {
        self.new_therapy_date.is_none_or(|therapy| date < therapy)
    }

    fn confirm(&self, frame: &Frame<'_>, assessed: &mut [Assessed], trace: &mut Trace) {
        let mut scratch = Trace::new();
        for index in 0..assessed.len() {
            let (before, after) = assessed.split_at_mut(index + 1);
            let Some(one) = before.last_mut() else { continue };
            let at = At::Date(one.date);
            if one.category == Category::Ne {
                continue;
            }
            if one.stands_alone {
                (one.confirmed, one.confirmed_on) = (Some(true), Some(one.date));
                trace.judge(at, &rules::NEEDS_NO_CONFIRMATION, true, &[]);
                continue;
            }
            let found = if one.category == Category::Pd {
                let next = after.iter().find(|later| later.category != Category::Ne);
                next.filter(|later| later.category == Category::Pd).map(|later| later.date)
            } else {
                self.confirmed_on(frame, index, one, after, &mut scratch)
            };
            (one.confirmed, one.confirmed_on) = (Some(found.is_some()), found);
            trace.judge(at, &rules::CONFIRMED, found.is_some(), &[("confirmed_on", found.into())]);
        }
    }

    /// The next assessment that shows at least the category of this one, when none before it contradicts.
    fn confirmed_on(
        &self,
        frame: &Frame<'_>,
        index: usize,
        one: &Assessed,
        after: &[Assessed],
        scratch: &mut Trace,
    ) -> Option<NaiveDate> {
        let (_, earlier) = self.assessments.get(index)?;
        let later = after.iter().zip(self.assessments.iter().skip(index + 1));
        for (later, (date, now)) in later {
            if !self.before_new_therapy(*date) || later.category == Category::Pd {
                return None;
            }
            if later.category == Category::Ne && one.category == Category::Sd {
                continue;
            }
            if rank(later.category) >= rank(one.category) {
                return Some(*date);
            }
            scratch.clear();
            let mut judge = Judge::new(frame, now, At::Date(*date), scratch);
            judge.carried = Some(earlier);
            match judge.best(one.category) {
                (Some(_), _) => return Some(*date),
                (None, tried) if tried.verdict.not_met() => return None,
                (None, _) => {}
            }
        }
        None
    }

    fn conclude(&self, frame: &Frame<'_>, assessed: Vec<Assessed>, trace: &mut Trace) -> Outcome {
        let confirm = self.parameters.biochemical_progression_needs_confirmation;
        let first = |holds: &dyn Fn(&Assessed) -> bool| assessed.iter().find(|a| holds(a)).map(|a| a.date);
        let progression_date =
            first(&|a| a.category == Category::Pd && (!confirm || a.confirmed == Some(true)));
        let best = |confirmed: bool| {
            let mut best: Option<Best> = None;
            for one in &assessed {
                let counts = rank(one.category) > 0
                    && progression_date.is_none_or(|date| one.date < date)
                    && self.before_new_therapy(one.date)
                    && (!confirmed || one.confirmed == Some(true));
                if counts && best.is_none_or(|best| rank(one.category) > rank(best.category)) {
                    best = Some(Best { category: one.category, date: one.date });
                }
            }
            best.or(progression_date.map(|date| Best { category: Category::Pd, date }))
        };
        let (best_confirmed, best_unconfirmed) = (best(true), best(false));
        let points: Vec<MrdPoint> = assessed
            .iter()
            .map(|a| MrdPoint {
                date: a.date,
                state: a.mrd.state,
                imaging_negative: a.mrd.imaging,
                other_relapse: a.other_relapse,
            })
            .collect();
        let course = mrd::follow(&points, &self.parameters.mrd, trace);
        match best_confirmed {
            Some(best) => {
                let date = [("date", best.date.into())];
                trace.decide(At::Case, &rules::BEST_CONFIRMED, true, &date, best.category.code());
            }
            None => {
                trace.decide(At::Case, &rules::NONE_CONFIRMED, true, &[], NOT_EVALUABLE);
            }
        }
        Outcome {
            criteria: self.parameters.version,
            best_confirmed: best_confirmed.map(|b| b.category),
            best_confirmed_date: best_confirmed.map(|b| b.date),
            best_unconfirmed: best_unconfirmed.map(|b| b.category),
            best_unconfirmed_date: best_unconfirmed.map(|b| b.date),
            progression_date,
            progression_unconfirmed_date: first(&|a| a.category == Category::Pd),
            clinical_relapse_date: first(&|a| a.clinical_relapse == Some(true)),
            relapse_from_cr_date: first(&|a| a.relapse_from_cr == Some(true)),
            mrd_neg_cr_date: first(&|a| a.mrd.negative_cr == Some(true)),
            mrd: course,
            measurable_type: frame.kind,
            involved_light_chain: frame.involved,
            parameters: self.parameters,
            assessments: assessed,
        }
    }
}

/// Says where an amount of M-protein was taken as 0 because no band was seen.
fn note_inferences(o: &Observation, at: At, trace: &mut Trace) {
    for (name, given, taken) in [
        ("serum_m_protein_g_l", o.serum_m_protein_g_l, o.serum_m()),
        ("urine_m_protein_mg_24h", o.urine_m_protein_mg_24h, o.urine_m()),
    ] {
        if given.is_none() && taken.is_some() {
            trace.judge(at, &rules::NO_BAND_IS_ZERO, true, &[(name, taken.into())]);
        }
    }
}

fn decided(verdict: Verdict) -> Option<bool> {
    match verdict {
        Verdict::Met => Some(true),
        Verdict::NotMet => Some(false),
        Verdict::Undecided => None,
    }
}

/// What the last immunohistochemistry of a day says about a clone.
fn last_ihc(frame: &Frame<'_>, o: &Observation) -> Option<Known> {
    if o.marrow_ihc_repeat_ratio.is_some() {
        return Some(frame.ihc_abnormal(o.marrow_ihc_repeat_ratio, o.marrow_ihc_repeat_cells_counted));
    }
    o.marrow_ihc_ratio.map(|ratio| frame.ihc_abnormal(Some(ratio), o.marrow_ihc_cells_counted))
}

fn imaging_recorded(o: &Observation) -> bool {
    o.bone_lesion_new.is_some()
        || o.bone_lesion_progressed.is_some()
        || o.plasmacytoma_new.is_some()
        || o.plasmacytoma_spd_mm2.is_some()
        || o.plasmacytoma_longest_diameter_mm.is_some()
        || o.plasmacytomas.is_some()
        || o.imaging_negative.is_some()
}
