//! The lowest values reached since baseline, baseline included.

use super::frame::Frame;
use super::observation::Observation;
use super::parameters::NadirRule;

/// The lowest value of one series.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Low {
    low: Option<f64>,
    last: Option<f64>,
}

impl Low {
    /// The value that a rise is measured from.
    pub(super) fn get(self) -> Option<f64> {
        self.low
    }

    fn add(&mut self, value: Option<f64>, rule: NadirRule) {
        let Some(value) = value else { return };
        let reached = match (rule, self.last) {
            (NadirRule::LowestConfirmed, Some(last)) => value.max(last),
            _ => value,
        };
        self.low = Some(self.low.map_or(reached, |low| low.min(reached)));
        self.last = Some(value);
    }
}

/// A lesion at its smallest.
#[derive(Debug, Clone, Copy)]
pub(super) struct LowLesion<'a> {
    pub(super) id: &'a str,
    pub(super) longest: Option<f64>,
    pub(super) short: Option<f64>,
}

/// The lowest values before the assessment under judgement.
#[derive(Debug, Default)]
pub(super) struct Nadir<'a> {
    pub(super) serum: Low,
    pub(super) urine: Low,
    pub(super) dflc: Low,
    pub(super) marrow: Low,
    pub(super) spd: Low,
    pub(super) circulating: Low,
    /// The largest plasmacytoma, where lesions are not listed.
    pub(super) lesion: Option<LowLesion<'a>>,
    /// The plasmacytomas one by one; `None` while no list was seen.
    pub(super) lesions: Option<Vec<LowLesion<'a>>>,
    pub(super) highest_hb: Option<f64>,
}

impl<'a> Nadir<'a> {
    /// Takes in an assessment after it was judged.
    pub(super) fn add(&mut self, frame: &Frame<'_>, o: &'a Observation) {
        self.take(frame, o, frame.parameters.nadir);
    }

    /// Takes in the lowest values as the center tells them: confirmed, if the rule asks for that.
    pub(super) fn told(&mut self, frame: &Frame<'_>, lowest: &'a Observation) {
        self.take(frame, lowest, NadirRule::Lowest);
    }

    fn take(&mut self, frame: &Frame<'_>, o: &'a Observation, rule: NadirRule) {
        self.serum.add(o.serum_m(), rule);
        self.urine.add(o.urine_m(), rule);
        self.dflc.add(frame.dflc(o), rule);
        self.marrow.add(o.marrow_plasma_cell_percent, rule);
        self.spd.add(o.plasmacytoma_spd_mm2, rule);
        self.circulating.add(o.circulating_plasma_cells_ul, rule);
        if let Some(hb) = o.hb_g_l {
            self.highest_hb = Some(self.highest_hb.map_or(hb, |high| high.max(hb)));
        }
        if o.plasmacytoma_longest_diameter_mm.is_some() {
            let now = LowLesion {
                id: "",
                longest: o.plasmacytoma_longest_diameter_mm,
                short: o.plasmacytoma_short_axis_mm,
            };
            self.lesion = Some(self.lesion.map_or(now, |low| smaller(low, now)));
        }
        if let Some(list) = &o.plasmacytomas {
            let known = self.lesions.get_or_insert_with(Vec::new);
            for lesion in list {
                let now = LowLesion {
                    id: &lesion.id,
                    longest: lesion.longest_diameter_mm,
                    short: lesion.short_axis_mm,
                };
                match known.iter_mut().find(|low| low.id == lesion.id) {
                    Some(low) => *low = smaller(*low, now),
                    None => known.push(now),
                }
            }
        }
    }
}

/// The one with the smaller longest diameter; one not measured yields to the other.
fn smaller<'a>(a: LowLesion<'a>, b: LowLesion<'a>) -> LowLesion<'a> {
    match (a.longest, b.longest) {
        (Some(x), Some(y)) if y < x => b,
        (None, Some(_)) => b,
        _ => a,
    }
}
