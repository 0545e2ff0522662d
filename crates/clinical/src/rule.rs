//! Rules as data: a stable id, a severity and a sentence in both languages.

/// What happens to a record that breaks a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The record is rejected.
    Hard,
    /// The record is accepted and a query is opened.
    Soft,
}

/// One validation rule. The id never changes meaning; a rule that changes gets a new id.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable id, `subject.what`.
    pub id: &'static str,
    /// Rejects or queries.
    pub severity: Severity,
    /// What is wrong, in English.
    pub en: &'static str,
    /// What is wrong, in Chinese.
    pub zh: &'static str,
}

impl Rule {
    /// A rule that rejects.
    pub const fn hard(id: &'static str, en: &'static str, zh: &'static str) -> Self {
        Self { id, severity: Severity::Hard, en, zh }
    }

    /// A rule that opens a query.
    pub const fn soft(id: &'static str, en: &'static str, zh: &'static str) -> Self {
        Self { id, severity: Severity::Soft, en, zh }
    }
}

/// Declares rules as constants and lists them in `RULES`, so that none escapes the dictionary.
macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $severity:ident($id:literal, $en:literal, $zh:literal);)*) => {
        $($(#[$doc])* pub static $name: $crate::rule::Rule = $crate::rule::Rule::$severity($id, $en, $zh);)*
        /// Every rule declared in this module.
        pub static RULES: &[&$crate::rule::Rule] = &[$(&$name),*];
    };
}
pub(crate) use rules;

rules! {
    /// The value has another JSON type, or text that does not parse.
    TYPE = hard("value.type", "the value has the wrong type", "值的类型不正确");
    /// Outside the hard range.
    RANGE = hard("value.range", "the value is outside the possible range", "值超出可能范围");
    /// Outside the plausible range.
    SOFT_RANGE = soft("value.plausible_range", "the value is unusual; confirm it or correct it", "值不常见，请确认或更正");
    /// Not in the value set.
    CODE = hard("value.code", "the code is not in the value set", "代码不在取值范围内");
    /// Not a date that exists.
    DATE = hard("value.date", "this is not a date that exists", "日期不存在或格式不正确");
    /// Not a time of day.
    TIME = hard("value.time", "this is not a time of day", "时间格式不正确");
    /// A computed value was given and differs from what the registry computes.
    COMPUTED = hard("value.computed", "the registry computes this value; leave it out or correct what it is computed from", "该值由系统计算，请留空或更正其计算依据");
    /// Dated after today (G6 R05).
    FUTURE = hard("value.future_date", "the date lies in the future", "日期在未来");
    /// Text too long or with characters that are not allowed.
    TEXT = hard("value.text", "the text is empty, too long or holds characters that are not allowed", "文本为空、过长或含有不允许的字符");
    /// A required value is neither given nor coded as missing.
    REQUIRED = hard("value.required", "a value is required; if there is none, give a missing code", "必填项缺失；若无值请填写缺失代码");
    /// A mandatory value cannot be coded as missing.
    MANDATORY = hard("value.mandatory", "this value identifies the record and cannot be missing", "该值用于识别记录，不可缺失");
    /// A missing code beside a value.
    MISSING_WITH_VALUE = hard("value.missing_with_value", "a value and a missing code were given together", "同时给出了值和缺失代码");
    /// Not one of the missing codes, or for an unknown field.
    MISSING_CODE = hard("value.missing_code", "this is not a missing code", "不是有效的缺失代码");
    /// A required value was declared missing.
    NOT_KNOWN = soft("completeness.missing", "a required value was declared missing", "必填项被声明为缺失");
    /// A field the form does not have.
    UNKNOWN_FIELD = hard("record.unknown_field", "the form has no such field", "表单中没有该字段");
    /// The same field twice in one object.
    DUPLICATE_FIELD = hard("record.duplicate_field", "the field is given twice", "字段重复");
    /// Not an object, or not parseable at all.
    MALFORMED = hard("record.malformed", "the record cannot be read", "无法读取该记录");
    /// The form name is missing or unknown.
    FORM = hard("record.form", "the record does not name a form of the registry", "未指明有效的表单");
}

/// Rules that concern a record's relation to the registry rather than its content; the registry applies them.
pub mod reference {
    rules! {
        /// The patient is not registered at this center.
        PATIENT = hard("reference.patient", "the patient is not registered at this center; submit the patient form first or in the same batch", "该患者未在本中心登记，请先提交患者表或在同一批次提交");
        /// The infusion is not registered.
        INFUSION = hard("reference.infusion", "the infusion is not registered for this patient; submit it first or in the same batch", "该患者没有此次输注记录，请先提交或在同一批次提交");
        /// The product is not in the reference table.
        PRODUCT = hard("reference.product", "the product code is not in the product reference table", "产品代码不在产品参考表中");
        /// The record exists with other content.
        EXISTS = hard("record.exists", "a record with this key exists with other content; amend it with a reason", "已有相同关键字但内容不同的记录，请以修订方式更正并说明原因");
        /// An import would overwrite a version that its sender has not seen.
        CHANGED_SINCE = hard("record.changed_since_import", "the record was written or changed otherwise since the center last imported it; look at it and send the row again with its version", "该记录在本中心上次导入后已被更改；请核对后附版本号重新提交该行");
        /// The row names an older version than the current one.
        STALE = hard("record.stale_version", "the row names another version than the record has now", "该行所附版本号与记录当前版本不一致");
        /// The record is locked.
        LOCKED = hard("record.locked", "the record is locked; a lead of the center unlocks it with a reason", "记录已锁定，需由本中心负责人说明原因后解锁");
        /// The patient was erased.
        ERASED = hard("patient.erased", "the patient withdrew consent and was erased; nothing about this patient may be submitted again", "该患者已撤回同意且数据已被删除，不得再次提交");
        /// The record exists and was retracted.
        RETRACTED = hard("record.retracted", "a record with this key was retracted; amend it to reinstate it", "相同关键字的记录已撤回，请以修订方式恢复");
        /// Two rows of a batch have the same key and other content.
        DUPLICATE_KEY = hard("batch.duplicate_key", "rows of this batch have the same key but different content", "同一批次中存在关键字相同但内容不同的行");
        /// An amendment changes a key field.
        KEY = hard("record.key_immutable", "a key field cannot be amended; retract the record and submit it under the right key", "关键字段不可修订；请撤回后以正确关键字重新提交");
        /// Records still refer to this one.
        IN_USE = hard("record.in_use", "other records refer to this one; retract them first", "其他记录引用了本记录，请先撤回它们");
    }
}

/// Every rule of the registry, generic and per form, each id once.
pub fn all() -> Vec<&'static Rule> {
    let mut rules: Vec<&Rule> = RULES.iter().chain(reference::RULES).copied().collect();
    for form in crate::forms::ALL {
        rules.extend_from_slice(form.rules);
    }
    rules.extend(crate::review::RULES.iter().copied().flatten());
    rules.sort_by_key(|r| r.id);
    rules
}

#[cfg(test)]
mod tests {
    #[test]
    fn ids_are_unique_and_both_languages_are_written() {
        let rules = super::all();
        for pair in rules.windows(2) {
            assert_ne!(pair[0].id, pair[1].id);
        }
        for rule in rules {
            assert!(!rule.en.is_empty() && rule.zh.chars().any(|c| c > '\u{4e00}'), "{}", rule.id);
            assert!(rule.id.split_once('.').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty()));
        }
    }
}
