//! Hypoxia by the oxygen it needs.

use super::super::compare::above;
use super::super::trace::Criterion;
use super::course::Span;
use super::input::{Device, Observation};
use super::{BLOW_BY, HIGH_FLOW, LOW_FLOW, NO_OXYGEN, NON_REBREATHER, POSITIVE_PRESSURE};
use crate::codes::toxicity::OxygenDevice;

/// Highest flow of a low-flow cannula.
const LOW_FLOW_L_MIN: f64 = 6.0;

/// What one record says of hypoxia.
#[derive(Clone, Copy)]
pub(super) struct Breathing {
    /// 0 or 2 to 4.
    pub(super) span: Span,
    /// The row of the table.
    pub(super) rule: &'static Criterion,
    /// What would decide it.
    pub(super) missing: &'static str,
    pub(super) device: Option<Device>,
    pub(super) flow: Option<f64>,
    pub(super) airway_protection: bool,
}

impl Breathing {
    /// `None` when the record says nothing of it. With `silent`, an untold device is none that would count for more.
    pub(super) fn of(row: &Observation, silent: bool) -> Option<Self> {
        let oxygen = row.oxygen();
        let found = |span, rule, missing| Self {
            span,
            rule,
            missing,
            device: oxygen.device,
            flow: oxygen.flow_l_min,
            airway_protection: false,
        };
        if row.hypoxia_other_cause == Some(true) {
            return Some(found(Span::exactly(0), &LOW_FLOW, "oxygen"));
        }
        let hypoxic = row.hypoxia == Some(true);
        let flow = oxygen.flow_l_min;
        let none = if hypoxic { Span::exactly(2) } else { Span::exactly(0) };
        let none = found(none, &NO_OXYGEN, "oxygen");
        Some(match oxygen.device {
            None if flow.is_some_and(|flow| flow > 0.0) => {
                let high = flow.is_some_and(|flow| above(flow, LOW_FLOW_L_MIN));
                let least = if high { 3 } else { 2 };
                let rule = if high { &HIGH_FLOW } else { &LOW_FLOW };
                found(Span::between(least, if silent { least } else { 4 }), rule, "oxygen.device")
            }
            None if hypoxic => found(Span::between(2, if silent { 2 } else { 4 }), &NO_OXYGEN, "oxygen"),
            None => return None,
            Some(Device::Known(OxygenDevice::RoomAir)) => none,
            Some(Device::Known(OxygenDevice::BlowBy)) => found(Span::exactly(2), &BLOW_BY, "oxygen"),
            Some(
                Device::NasalCannula
                | Device::Known(OxygenDevice::LowFlowCannula | OxygenDevice::HighFlowCannula),
            ) => match (flow, oxygen.device) {
                (Some(flow), _) if flow <= 0.0 => none,
                (Some(flow), _) if above(flow, LOW_FLOW_L_MIN) => {
                    found(Span::exactly(3), &HIGH_FLOW, "oxygen")
                }
                (Some(_), _) | (None, Some(Device::Known(OxygenDevice::LowFlowCannula))) => {
                    found(Span::exactly(2), &LOW_FLOW, "oxygen")
                }
                (None, Some(Device::Known(OxygenDevice::HighFlowCannula))) => {
                    found(Span::exactly(3), &HIGH_FLOW, "oxygen")
                }
                (None, _) => found(Span::between(2, 3), &LOW_FLOW, "oxygen.flow_l_min"),
            },
            Some(Device::Known(OxygenDevice::Mask | OxygenDevice::Venturi)) => {
                found(Span::exactly(3), &HIGH_FLOW, "oxygen")
            }
            Some(Device::Known(OxygenDevice::NonRebreather)) => {
                found(Span::exactly(3), &NON_REBREATHER, "oxygen")
            }
            Some(Device::Known(OxygenDevice::Cpap | OxygenDevice::Bipap | OxygenDevice::Intubation)) => {
                match (row.airway_protection_only, row.hypoxia) {
                    (Some(true), _) => Self { airway_protection: true, ..none },
                    (Some(false), _) | (None, None | Some(true)) => {
                        found(Span::exactly(4), &POSITIVE_PRESSURE, "oxygen")
                    }
                    (None, Some(false)) => {
                        found(Span::between(0, 4), &POSITIVE_PRESSURE, "airway_protection_only")
                    }
                }
            }
        })
    }

    /// The worse of two records.
    pub(super) fn worse(self, other: Self) -> Self {
        let rank = |b: &Self| (b.span.least, b.span.most);
        let (low, high) = if rank(&other) > rank(&self) { (self, other) } else { (other, self) };
        Self { span: low.span.worse(high.span), ..high }
    }
}
