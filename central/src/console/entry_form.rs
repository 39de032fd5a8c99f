//! The form of an entry: what was typed, where it cannot be used, and the entry that it makes.

use egate_rules::{targeting::Rule, watch::Action};
use egate_types::{Date, Sex, StateCode};
use maud::{Markup, html};

use super::{
    fields::{entry_path, rule_text, sample_person, sex_word},
    forms::Fields,
    pages::Frame,
};
use crate::lists::entry::{EntryDocument, EntryError, EntryFields, ListEntry};

/// A form of an entry, with what is wrong with it.
pub(super) struct EntryFormPage {
    pub(super) frame: Frame,
    pub(super) form: EntryForm,
    /// The entry that is changed; none for a new one.
    pub(super) changes: Option<String>,
    pub(super) error: Option<FormError>,
}

/// What was typed.
#[derive(Clone, Default)]
pub(super) struct EntryForm {
    pub(super) id: String,
    names: String,
    births: String,
    nationalities: String,
    sex: String,
    places: String,
    documents: Vec<DocumentTyped>,
    rule: String,
    action: String,
    reason: String,
    legal_basis: String,
    source: String,
    listed_on: String,
    valid_from: String,
    valid_until: String,
    review_on: String,
}

#[derive(Clone, Default, PartialEq, Eq)]
struct DocumentTyped {
    issuer: String,
    class: String,
    number: String,
    last_number: String,
}

/// What cannot be used, by the field where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FormError {
    field: Field,
    what: String,
}

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Id,
    Names,
    Births,
    Nationalities,
    Places,
    Documents,
    Rule,
    Action,
    Reason,
    LegalBasis,
    Source,
    ListedOn,
    ValidFrom,
    ValidUntil,
    ReviewOn,
    Whole,
}

impl Field {
    const fn label(self) -> &'static str {
        match self {
            Self::Id => "Id",
            Self::Names => "Names",
            Self::Births => "Dates of birth",
            Self::Nationalities => "Nationalities",
            Self::Places => "Places of birth",
            Self::Documents => "Documents",
            Self::Rule => "Rule",
            Self::Action => "Action",
            Self::Reason => "Reason",
            Self::LegalBasis => "Legal basis",
            Self::Source => "Source",
            Self::ListedOn => "Listed on",
            Self::ValidFrom => "Valid from",
            Self::ValidUntil => "Valid until",
            Self::ReviewOn => "Review on",
            Self::Whole => "Entry",
        }
    }

    /// The field that an entry calls so.
    fn named(name: &str) -> Self {
        match name {
            "names" => Self::Names,
            "dates of birth" => Self::Births,
            "nationalities" => Self::Nationalities,
            "places_of_birth" | "places of birth" => Self::Places,
            "documents" => Self::Documents,
            "action" => Self::Action,
            "reason" => Self::Reason,
            "legal_basis" => Self::LegalBasis,
            "source" => Self::Source,
            _ => Self::Whole,
        }
    }
}

impl FormError {
    fn new(field: Field, what: impl Into<String>) -> Self {
        let what = what.into();
        Self { field, what }
    }

    /// The id is in force already.
    pub(super) fn id_taken() -> Self {
        Self::new(
            Field::Id,
            "an entry of this id is in force; open that entry to change it",
        )
    }

    /// The entry is as it was.
    pub(super) fn nothing_changes() -> Self {
        Self::new(Field::Whole, "nothing is different from what is in force")
    }

    fn of(error: &EntryError) -> Self {
        let field = match error {
            EntryError::Id => Field::Id,
            EntryError::Nobody => Field::Names,
            EntryError::RuleAndPerson => Field::Rule,
            EntryError::Missing(name) | EntryError::TooLong(name) => Field::named(name),
            EntryError::TooMany { what, .. } => Field::named(what),
            EntryError::Birth(_) => Field::Births,
            EntryError::Document(_) => Field::Documents,
            EntryError::NeverValid => Field::ValidUntil,
        };
        let what = match error {
            EntryError::Birth(what) => (*what).to_owned(),
            EntryError::Document(error) => error.to_string(),
            EntryError::Missing(_) => "is empty".to_owned(),
            EntryError::NeverValid => "lies before the first day".to_owned(),
            EntryError::Id
            | EntryError::Nobody
            | EntryError::RuleAndPerson
            | EntryError::TooLong(_)
            | EntryError::TooMany { .. } => error.to_string(),
        };
        Self::new(field, what)
    }
}

impl EntryForm {
    /// An empty form for an entry of the authority's own.
    pub(super) fn empty() -> Self {
        Self {
            source: "own".into(),
            ..Self::default()
        }
    }

    /// What was sent.
    pub(super) fn sent(fields: &Fields) -> Self {
        let text = |name: &str| fields.one(name).trim().to_owned();
        let column = |name: &'static str| fields.all(name).map(|text| text.trim().to_owned());
        let rows = column("issuer").zip(column("class"));
        let rows = rows.zip(column("number").zip(column("last_number")));
        let rows = rows.map(|((issuer, class), (number, last_number))| DocumentTyped {
            issuer,
            class,
            number,
            last_number,
        });
        Self {
            id: text("id"),
            names: text("names"),
            births: text("births"),
            nationalities: text("nationalities"),
            sex: text("sex"),
            places: text("places"),
            documents: rows.collect(),
            rule: text("rule"),
            action: text("action"),
            reason: text("reason"),
            legal_basis: text("legal_basis"),
            source: text("source"),
            listed_on: text("listed_on"),
            valid_from: text("valid_from"),
            valid_until: text("valid_until"),
            review_on: text("review_on"),
        }
    }

    /// An entry as one would have typed it.
    pub(super) fn of(entry: &EntryFields) -> Self {
        let day = |day: &Option<Date>| day.map_or_else(String::new, |day| day.to_string());
        let documents = entry.documents.iter().map(|document| DocumentTyped {
            issuer: document
                .issuer
                .as_ref()
                .map_or_else(String::new, ToString::to_string),
            class: document.class.clone(),
            number: document.number.clone(),
            last_number: document.last_number.clone().unwrap_or_default(),
        });
        let nationalities: Vec<_> = entry
            .nationalities
            .iter()
            .map(ToString::to_string)
            .collect();
        Self {
            id: entry.id.clone(),
            names: entry.names.join("\n"),
            births: entry.births.join("\n"),
            nationalities: nationalities.join(" "),
            sex: entry
                .sex
                .map_or_else(String::new, |sex| sex_word(sex).to_owned()),
            places: entry.places_of_birth.join("\n"),
            documents: documents.collect(),
            rule: entry.rule.as_ref().map_or_else(String::new, rule_text),
            action: entry
                .action
                .map_or_else(String::new, |action| action.as_str().to_owned()),
            reason: entry.reason.clone(),
            legal_basis: entry.legal_basis.clone(),
            source: entry.source.clone(),
            listed_on: day(&entry.listed_on),
            valid_from: day(&entry.valid_from),
            valid_until: day(&entry.valid_until),
            review_on: day(&entry.review_on),
        }
    }

    /// The entry that was typed. What the form does not show stays as it is in `base`, so that a change keeps it.
    pub(super) fn entry(&self, id: String, base: EntryFields) -> Result<ListEntry, FormError> {
        let mut fields = base;
        fields.id = id;
        fields.names = lines(&self.names);
        fields.births = lines(&self.births);
        fields.nationalities = self.read_nationalities()?;
        fields.sex = [Sex::Female, Sex::Male, Sex::Unspecified]
            .into_iter()
            .find(|sex| sex_word(*sex) == self.sex);
        fields.places_of_birth = lines(&self.places);
        fields.documents = self.read_documents()?;
        fields.rule = self.read_rule()?;
        fields.action = Action::parse(&self.action);
        fields.reason.clone_from(&self.reason);
        fields.legal_basis.clone_from(&self.legal_basis);
        fields.source.clone_from(&self.source);
        fields.listed_on = day(Field::ListedOn, &self.listed_on)?;
        fields.valid_from = day(Field::ValidFrom, &self.valid_from)?;
        fields.valid_until = day(Field::ValidUntil, &self.valid_until)?;
        fields.review_on = day(Field::ReviewOn, &self.review_on)?;
        ListEntry::try_from(fields).map_err(|error| FormError::of(&error))
    }

    fn read_nationalities(&self) -> Result<Vec<StateCode>, FormError> {
        let parts = self.nationalities.split([' ', ',', ';', '\n']);
        let parts = parts.map(str::trim).filter(|part| !part.is_empty());
        let codes = parts.map(|part| StateCode::parse(&part.to_uppercase()));
        let codes: Option<Vec<_>> = codes.collect();
        codes.ok_or_else(|| {
            FormError::new(
                Field::Nationalities,
                "a code is not one to three letters, as in a passport's machine readable zone",
            )
        })
    }

    fn read_rule(&self) -> Result<Option<Rule>, FormError> {
        if self.rule.is_empty() {
            return Ok(None);
        }
        // The reader's words may quote the rule, to its author alone.
        let rule = serde_json::from_str(&self.rule);
        rule.map(Some)
            .map_err(|error| FormError::new(Field::Rule, error.to_string()))
    }

    fn read_documents(&self) -> Result<Vec<EntryDocument>, FormError> {
        let filled = self.documents.iter().filter(|document| {
            let typed = [&document.issuer, &document.number, &document.last_number];
            typed.into_iter().any(|text| !text.is_empty())
        });
        filled
            .map(|document| {
                let issuer = match document.issuer.as_str() {
                    "" => None,
                    code => Some(StateCode::parse(&code.to_uppercase()).ok_or_else(|| {
                        FormError::new(Field::Documents, "issuer is not one to three letters")
                    })?),
                };
                let last_number = Some(document.last_number.clone());
                Ok(EntryDocument {
                    issuer,
                    class: document.class.clone(),
                    number: document.number.clone(),
                    last_number: last_number.filter(|last| !last.is_empty()),
                })
            })
            .collect()
    }
}

fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

fn day(field: Field, text: &str) -> Result<Option<Date>, FormError> {
    if text.is_empty() {
        return Ok(None);
    }
    let day = Date::parse(text);
    let day = day.map_err(|_| FormError::new(field, "is not a date of the form YYYY-MM-DD"))?;
    Ok(Some(day))
}

impl EntryFormPage {
    pub(super) fn render(&self) -> Markup {
        let title = if self.changes.is_some() {
            "Change an entry"
        } else {
            "New entry"
        };
        let (action, back) = match &self.changes {
            Some(id) => (format!("{}/change", entry_path(id)), entry_path(id)),
            None => ("/console/list/new".to_owned(), "/console/list".to_owned()),
        };
        let content = html! {
            div.title { h1 { (title) } @if let Some(id) = &self.changes { span.id { (id) } } }
            @if let Some(error) = &self.error {
                p.notice.bad role="alert" { "✗ " strong { (error.field.label()) } ": " (error.what) "." }
            }
            form.entry method="post" action=(action) {
                input type="hidden" name="csrf" value=(self.frame.csrf);
                div.two {
                    (self.person())
                    div.column { (self.law()) (self.validity()) }
                }
                (self.documents())
                (self.rule())
                p.hint { "Nothing is in force by this: you see the draft next, propose it, and another officer approves it." }
                div.row {
                    button.primary { "Make a draft" }
                    a.button href=(back) { "Cancel" }
                }
            }
        };
        self.frame.page(title, "list", &content)
    }

    fn person(&self) -> Markup {
        let form = &self.form;
        html! {
            section.panel {
                h2 { "Person" }
                (self.area(Field::Names, "names", &form.names, 4, "One a line, the primary one first, any script; SURNAME, Given where the parts are known"))
                div.pair {
                    (self.area(Field::Births, "births", &form.births, 2, "One a line: 1974-08-12, 1974-08, 1974 or 1970/1974"))
                    (self.area(Field::Places, "places", &form.places, 2, "One a line"))
                }
                div.pair {
                    (self.input(Field::Nationalities, "nationalities", &form.nationalities, "text", "e.g. UTO D"))
                    label { "Sex"
                        select name="sex" {
                            option value="" { "not known" }
                            @for sex in [Sex::Female, Sex::Male, Sex::Unspecified] {
                                option value=(sex_word(sex)) selected[sex_word(sex) == form.sex] { (sex_word(sex)) }
                            }
                        }
                    }
                }
            }
        }
    }

    fn law(&self) -> Markup {
        let form = &self.form;
        html! {
            section.panel {
                h2 { "What a hit demands" }
                (action_select("Action", &form.action, "Choose an action", true, self.at(Field::Action)))
                (self.input(Field::Reason, "reason", &form.reason, "text", "For your own officers"))
                (self.input(Field::LegalBasis, "legal_basis", &form.legal_basis, "text", "The law it rests on"))
                div.pair {
                    (self.input(Field::Source, "source", &form.source, "text", "Who says so"))
                    @if self.changes.is_none() { (self.input(Field::Id, "id", &form.id, "text", "Left empty: made for you")) }
                    @else { (self.input(Field::ListedOn, "listed_on", &form.listed_on, "date", "")) }
                }
            }
        }
    }

    fn validity(&self) -> Markup {
        let form = &self.form;
        html! {
            section.panel {
                h2 { "When it counts" }
                div.pair {
                    (self.input(Field::ValidFrom, "valid_from", &form.valid_from, "date", ""))
                    (self.input(Field::ValidUntil, "valid_until", &form.valid_until, "date", ""))
                }
                div.pair {
                    (self.input(Field::ReviewOn, "review_on", &form.review_on, "date", ""))
                    @if self.changes.is_none() { (self.input(Field::ListedOn, "listed_on", &form.listed_on, "date", "")) }
                }
            }
        }
    }

    fn documents(&self) -> Markup {
        let blank = DocumentTyped {
            class: "P".into(),
            ..DocumentTyped::default()
        };
        let rows = self.form.documents.iter().filter(|row| **row != blank);
        html! {
            section.panel #documents {
                h2 { "Documents" }
                @for row in rows.chain([&blank]) { (self.document(row)) }
                div.row { button type="button" #add-document { "Add another document" }
                    span.hint { "A range of blanks has a last number. Without an issuer a document is shown and compared with nothing." } }
            }
        }
    }

    /// In place of person and documents.
    fn rule(&self) -> Markup {
        html! {
            details.panel open[!self.form.rule.is_empty() || self.at(Field::Rule)] {
                summary { "A rule in place of a person or documents" }
                (self.area(Field::Rule, "rule", &self.form.rule, 5, "as JSON"))
                pre.hint { (RULE_SAMPLE) }
                p.hint { "Conditions: stayed, flight, document, age, nationality, declared; all, any, not. What becomes of a traveller of whom too \
                    little is known (refer or pass) and the hits a day at which it rests must be said." }
            }
        }
    }

    fn document(&self, row: &DocumentTyped) -> Markup {
        let invalid = self.at(Field::Documents).then_some("true");
        html! {
            div.document {
                label { "Issuer" input name="issuer" value=(row.issuer) maxlength="3" placeholder="UTO" aria-invalid=[invalid]; }
                label { "Class" input name="class" value=(row.class) maxlength="2" aria-invalid=[invalid]; }
                label { "Number" input name="number" value=(row.number) aria-invalid=[invalid]; }
                label { "Last number" input name="last_number" value=(row.last_number) placeholder="of a range" aria-invalid=[invalid]; }
            }
        }
    }

    fn at(&self, field: Field) -> bool {
        self.error
            .as_ref()
            .is_some_and(|error| error.field == field)
    }

    fn input(&self, field: Field, name: &str, value: &str, kind: &str, hint: &str) -> Markup {
        let invalid = self.at(field).then_some("true");
        let required = matches!(field, Field::Reason | Field::LegalBasis | Field::Source);
        html! {
            label { (field.label())
                input name=(name) type=(kind) value=(value) placeholder=(hint) required[required] dir="auto" aria-invalid=[invalid]; }
        }
    }

    fn area(&self, field: Field, name: &str, value: &str, rows: u8, hint: &str) -> Markup {
        let invalid = self.at(field).then_some("true");
        html! {
            label { (field.label()) " · " small { (hint) }
                textarea name=(name) rows=(rows) dir="auto" aria-invalid=[invalid] { (value) } }
        }
    }

    pub(super) fn sample() -> Self {
        Self {
            frame: Frame::sample(),
            form: EntryForm::empty(),
            changes: None,
            error: None,
        }
    }

    pub(super) fn sample_refused() -> Self {
        let mut form = EntryForm::of(&sample_person());
        form.births = "12 August 1974".into();
        let error = form.entry(form.id.clone(), EntryFields::default()).err();
        Self {
            frame: Frame::sample(),
            changes: Some(form.id.clone()),
            form,
            error,
        }
    }
}

/// What a hit demands, to choose from.
pub(super) fn action_select(
    label: &str,
    chosen: &str,
    none: &str,
    required: bool,
    invalid: bool,
) -> Markup {
    html! {
        label { (label)
            select name="action" required[required] aria-invalid=[invalid.then_some("true")] {
                option value="" { (none) }
                @for action in Action::ALL {
                    option value=(action.as_str()) selected[action.as_str() == chosen] { (action_words(action)) }
                }
            }
        }
    }
}

const fn action_words(action: Action) -> &'static str {
    match action {
        Action::SilentAlert => "silent alert: the crossing goes on, you alone are told",
        Action::HealthCheck => "health check: a health officer examines the traveller",
        Action::Refer => "refer: an officer decides",
        Action::Detain => "detain: officers fetch the traveller, who is told nothing",
        Action::Refuse => "refuse: the crossing is refused",
    }
}

/// A rule that officers can begin with.
const RULE_SAMPLE: &str = r#"{"when": {"all": [{"stayed": {"states": ["UTO"], "within_days": 21}}, {"not": {"nationality": ["XXA"]}}]},
 "until": "2027-06-01T00:00:00Z", "if_unknown": "pass", "hits_per_day_max": 50}"#;
