//! CTR: a participating center.

use crate::codes::{CenterId, Name};
use crate::field::bounded_text;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

bounded_text! {
    /// Name of a time zone of the IANA database.
    TimeZoneName(Free, 64);
}

form! {
    /// A participating center; the tenant of every clinical record.
    Center {
        name: "center", path: "centers", version: 1, label: ("Center", "中心"),
        source: "catalogue G1 CTR", key: &["center_id"], parent: Registry, rules: RULES,
    }
    /// Code of the center, unique in the registry.
    center_id: CenterId, mandatory, ("Center code", "中心代码");
    /// Name of the hospital.
    name: Name, mandatory, ("Name", "名称");
    /// City.
    city: Name, optional, ("City", "城市");
    /// Province or state.
    province: Name, optional, ("Province", "省份");
    /// Time zone in which the center's dates are local, for example Asia/Shanghai.
    time_zone: TimeZoneName, optional, ("Time zone", "时区");
    /// First day of participation.
    joined_on: NaiveDate, mandatory, ("Joined on", "加入日期");
    /// Last day of participation.
    left_on: NaiveDate, optional, ("Left on", "退出日期");
}

rules! {
    /// G1: left >= joined.
    LEFT_BEFORE_JOINED = hard("center.left_before_joined", "the center left before it joined", "退出日期早于加入日期");
    /// The code becomes part of scopes and file names.
    CODE_CHARACTERS = hard("center.code_characters", "a center code is upper-case letters, digits and '-'", "中心代码只能包含大写字母、数字和“-”");
}

impl Checks for Center {
    fn check(&self, _: Context, findings: &mut Findings) {
        let code = self.center_id.as_str();
        if !code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-') {
            findings.at(
                &CODE_CHARACTERS,
                "center_id",
                Some(code.to_owned()),
                Some("for example SH-01".to_owned()),
            );
        }
        if let Some(left) = self.left_on.filter(|left| *left < self.joined_on) {
            let expected = format!("{} or later", self.joined_on);
            findings.at(&LEFT_BEFORE_JOINED, "left_on", Some(left.to_string()), Some(expected));
        }
    }
}
