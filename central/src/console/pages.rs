//! Pages with typed contexts. Every page has a sample; tests render them all and take their picture.

use egate_types::{
    AuthorityId, CheckNode, CheckResult, Coaching, Direction, Fault, InspectionId, LaneId,
    OfficerDecision, RunMode, Severity, TravellerScreen, UtcTime,
};
use egate_wire::v1::{LaneView, StandingView};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Serialize;

use super::{
    alerts_page::AlertsPage, change_page::ChangePage, comparison_page::ComparisonPage,
    entry_form::EntryFormPage, entry_page::EntryPage, found_page::FoundPage, hit::HitRow,
    list_page::ListPage, view,
};
use crate::{
    app::{AppError, decision_word},
    store::CaseState,
};

const STYLE: &str = include_str!("console.css");
pub(super) const SCRIPT: &str = include_str!("console.js");

/// A page's file name and its rendered sample.
pub type SamplePage = (&'static str, fn() -> String);

/// Every page with its sample: what the rendering tests walk.
pub const PAGES: &[SamplePage] = &[
    ("login", || {
        LoginPage { refused: false }.render().into_string()
    }),
    ("login-refused", || {
        LoginPage { refused: true }.render().into_string()
    }),
    ("lanes", || LanesPage::sample().render().into_string()),
    ("cases", || CasesPage::sample().render().into_string()),
    ("case", || CasePage::sample().render().into_string()),
    ("case-held-elsewhere", || {
        CasePage::sample_held_elsewhere().render().into_string()
    }),
    ("comparisons", || {
        ComparisonPage::sample().render().into_string()
    }),
    ("comparisons-none", || {
        ComparisonPage::sample_empty().render().into_string()
    }),
    ("list", || ListPage::sample().render().into_string()),
    ("list-ageing", || {
        ListPage::sample_ageing().render().into_string()
    }),
    ("list-stale-without-duty", || {
        ListPage::sample_stale().render().into_string()
    }),
    ("list-none", || {
        ListPage::sample_empty().render().into_string()
    }),
    ("list-new-entry", || {
        EntryFormPage::sample().render().into_string()
    }),
    ("list-entry-refused", || {
        EntryFormPage::sample_refused().render().into_string()
    }),
    ("list-change", || {
        ChangePage::sample().render().into_string()
    }),
    ("list-change-unusual", || {
        ChangePage::sample_unusual().render().into_string()
    }),
    ("list-change-own", || {
        ChangePage::sample_own().render().into_string()
    }),
    ("list-change-rejected", || {
        ChangePage::sample_rejected().render().into_string()
    }),
    ("list-entry", || EntryPage::sample().render().into_string()),
    ("list-entry-withdrawn", || {
        EntryPage::sample_withdrawn().render().into_string()
    }),
    ("list-found", || FoundPage::sample().render().into_string()),
    ("alerts", || AlertsPage::sample().render().into_string()),
    ("alerts-none", || {
        AlertsPage::sample_empty().render().into_string()
    }),
    ("error", || {
        error(&AppError::BeyondLimits(vec![
            "withdraws 2417 of 18204 entries".into(),
        ]))
        .into_string()
    }),
];

/// What every page of a signed-in officer carries.
#[derive(Clone)]
pub(super) struct Frame {
    pub(super) authority: String,
    pub(super) officer: String,
    pub(super) csrf: String,
    /// Alerts that nobody has seen.
    pub(super) unseen: u64,
}

impl Frame {
    pub(super) fn sample() -> Self {
        Self::sample_alerted(0)
    }

    pub(super) fn sample_alerted(unseen: u64) -> Self {
        Self {
            authority: "Border Inspection".into(),
            officer: "Chan Ka Ming".into(),
            csrf: "sample".into(),
            unseen,
        }
    }

    pub(super) fn page(&self, title: &str, here: &str, content: &Markup) -> Markup {
        document(
            title,
            &html! {
                header.bar {
                    div.brand { span.mark { "◫" } " E-Gate" span.authority { (self.authority) } }
                    nav {
                        a href="/console/lanes" aria-current=[(here == "lanes").then_some("page")] { "Lanes" }
                        a href="/console/cases" aria-current=[(here == "cases").then_some("page")] { "Referred cases" }
                        a href="/console/list" aria-current=[(here == "list").then_some("page")] { "Watch list" }
                        a href="/console/alerts" aria-current=[(here == "alerts").then_some("page")] { "Alerts" span.count #unseen data-events="/console/events" hidden[self.unseen == 0] { (self.unseen) } }
                        a href="/console/comparisons" aria-current=[(here == "comparisons").then_some("page")] { "Face comparison" }
                    }
                    form.who method="post" action="/console/logout" {
                        span { (self.officer) }
                        input type="hidden" name="csrf" value=(self.csrf);
                        button.quiet { "Sign out" }
                    }
                }
                main { (content) }
            },
        )
    }
}

fn document(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · E-Gate" }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) script { (PreEscaped(SCRIPT)) } }
        }
    }
}

/// An error with what to do next.
pub(super) fn error(error: &AppError) -> Markup {
    let (_, _, next) = error.answer();
    let (back, words) = way_back(error);
    document(
        "Not done",
        &html! {
            main.narrow {
                section.panel {
                    h1 { "That was not done" }
                    p { (error) "." }
                    p { (next) }
                    p { a.button href=(back) { (words) } }
                }
            }
        },
    )
}

/// The page from which an error was most likely met.
const fn way_back(error: &AppError) -> (&'static str, &'static str) {
    use AppError as E;
    if matches!(error, E::NoSuch) {
        ("/console/alerts", "Back to the alerts")
    } else if matches!(
        error,
        E::ListMissing
            | E::NoListDuty
            | E::NoChange
            | E::NoEntry
            | E::NoVersion
            | E::WrongState { .. }
            | E::SamePerson
            | E::Overtaken
            | E::BeyondLimits(_)
            | E::ListFile(_)
    ) {
        ("/console/list", "Back to the watch list")
    } else {
        ("/console/cases", "Back to the cases")
    }
}

pub(super) struct LoginPage {
    pub(super) refused: bool,
}

impl LoginPage {
    pub(super) fn render(&self) -> Markup {
        document(
            "Sign in",
            &html! {
                main.narrow {
                    form.panel.login method="post" action="/console/login" {
                        div.brand.large { span.mark { "◫" } " E-Gate" }
                        h1 { "Officer sign-in" }
                        @if self.refused {
                            p.alert role="alert" { "✗ Login or password is wrong. After five wrong passwords a login rests for five minutes." }
                        }
                        label { "Login" input name="login" autocomplete="username" required autofocus; }
                        label { "Password"
                            input name="password" type="password" autocomplete="current-password" required; }
                        button.primary { "Sign in" }
                        p.hint { "Every look at a case and every decision is recorded under your name." }
                    }
                }
            },
        )
    }
}

pub(super) struct LaneCard {
    pub(super) view: LaneView,
    pub(super) own: AuthorityId,
    pub(super) since: String,
    pub(super) lost: bool,
}

pub(super) struct CaseRow {
    pub(super) inspection: InspectionId,
    pub(super) lane: String,
    pub(super) cause: String,
    pub(super) age: String,
    pub(super) state: CaseState,
}

pub(super) struct LanesPage {
    pub(super) frame: Frame,
    pub(super) lanes: Vec<LaneCard>,
    pub(super) cases: Vec<CaseRow>,
}

impl LanesPage {
    pub(super) fn render(&self) -> Markup {
        let content = html! { div #live { (self.live()) } };
        self.frame.page("Lanes", "lanes", &content)
    }

    /// The part that server push replaces.
    pub(super) fn live(&self) -> Markup {
        let waiting = view::waiting(&self.cases);
        let admitted: u64 = self.lanes.iter().map(|lane| lane.view.admitted_today).sum();
        let working = self.lanes.iter().filter(|lane| !lane.closed()).count();
        html! {
            div.figures {
                (figure(&format!("{working} / {}", self.lanes.len()), "lanes in service"))
                (figure(&admitted.to_string(), "admitted today"))
                div.figure.attention[waiting > 0] {
                    strong { (waiting) } span { "waiting for an officer" }
                }
                a.figure.attention[self.frame.unseen > 0] href="/console/alerts" data-unseen=(self.frame.unseen) {
                    strong { (self.frame.unseen) } span { "alerts not seen" }
                }
            }
            div.split {
                section.lanes aria-label="Lanes" {
                    @for lane in &self.lanes { (lane.render()) }
                    @if self.lanes.is_empty() {
                        p.panel.empty { "No lane has shown itself yet. Lanes appear here as soon as their gate controller connects." }
                    }
                }
                aside.panel {
                    h2 { "Referred cases" }
                    (case_list(self.cases.iter().filter(|c| c.state == CaseState::Open)))
                }
            }
        }
    }

    fn sample() -> Self {
        let own = authority("border");
        let lane =
            |number: u32, phase: &str, screen, people, standing, faults: &[Fault]| LaneCard {
                view: LaneView {
                    lane: sample_lane(number),
                    direction: if number > 3 {
                        Direction::Exit
                    } else {
                        Direction::Entry
                    },
                    phase: phase.into(),
                    screen,
                    since: UtcTime(1_800_000_000_000),
                    entry_open: screen == TravellerScreen::StepIn,
                    exit_open: screen == TravellerScreen::GoAhead,
                    people,
                    inspection: (people > 0).then(sample_inspection),
                    authorities: vec![
                        (own.clone(), standing),
                        (authority("quarantine"), StandingView::Clear),
                    ],
                    faults: faults.to_vec(),
                    admitted_today: u64::from(137 - number * 9),
                },
                own: own.clone(),
                since: format!("{} s", number * 3),
                lost: number == 6,
            };
        Self {
            frame: Frame::sample_alerted(2),
            lanes: vec![
                lane(
                    1,
                    "capturing",
                    TravellerScreen::Capture(Coaching::HoldStill),
                    1,
                    StandingView::Pending,
                    &[],
                ),
                lane(
                    2,
                    "referred",
                    TravellerScreen::OfficerComes,
                    1,
                    StandingView::Held,
                    &[],
                ),
                lane(
                    3,
                    "releasing",
                    TravellerScreen::GoAhead,
                    1,
                    StandingView::Clear,
                    &[],
                ),
                lane(
                    4,
                    "ready",
                    TravellerScreen::PlaceDocument,
                    0,
                    StandingView::Pending,
                    &[Fault::DisplayLost],
                ),
                lane(
                    5,
                    "out_of_service",
                    TravellerScreen::OutOfService,
                    0,
                    StandingView::Pending,
                    &[Fault::BarrierStuck],
                ),
                lane(
                    6,
                    "ready",
                    TravellerScreen::PlaceDocument,
                    0,
                    StandingView::Pending,
                    &[],
                ),
            ],
            cases: sample_cases(),
        }
    }
}

pub(super) fn figure(number: &str, label: &str) -> Markup {
    html! { div.figure { strong { (number) } span { (label) } } }
}

impl LaneCard {
    fn closed(&self) -> bool {
        self.lost
            || self.view.screen == TravellerScreen::OutOfService
            || self
                .view
                .faults
                .iter()
                .any(|fault| fault.severity() == Severity::OutOfService)
    }

    /// Colour, pictogram and word: never colour alone.
    fn state(&self) -> (&'static str, &'static str, String) {
        let screen = self.view.screen;
        if self.lost {
            ("off", "■", "no contact".into())
        } else if self.closed() {
            ("bad", "✗", "out of service".into())
        } else if matches!(
            screen,
            TravellerScreen::OfficerComes | TravellerScreen::Evacuate
        ) {
            ("warn", "!", "needs an officer".into())
        } else if self.view.people > 0 {
            ("busy", "▶", words(&self.view.phase))
        } else {
            ("good", "✓", words(&self.view.phase))
        }
    }

    fn render(&self) -> Markup {
        let (class, mark, word) = self.state();
        let view = &self.view;
        let direction = match view.direction {
            Direction::Entry => "entry",
            Direction::Exit => "exit",
        };
        html! {
            article class={ "card " (class) } {
                header {
                    h3 { (view.lane) } span.direction { (direction) }
                    span class={ "state " (class) } { span.mark { (mark) } " " (word) }
                }
                div.zone aria-label="Barriers and zone" {
                    span.door.open[view.entry_open && !self.lost] { @if view.entry_open { "entry open" } @else { "entry" } }
                    span.people { @if view.people == 0 { "empty" } @else { @for _ in 0..view.people.min(4) { "☻ " } } }
                    span.door.open[view.exit_open && !self.lost] { @if view.exit_open { "exit open" } @else { "exit" } }
                }
                dl {
                    dt { "Traveller sees" } dd { (screen_words(view.screen)) }
                    dt { "For" } dd { (self.since) }
                    dt { "Admitted today" } dd { (view.admitted_today) }
                }
                ul.standings {
                    @if view.inspection.is_some() {
                        @for (whose, standing) in &view.authorities {
                            (standing_chip(whose, *standing, *whose == self.own))
                        }
                    }
                }
                @for fault in &view.faults { p.fault { "! " (fault.advice()) } }
            }
        }
    }
}

fn standing_chip(whose: &AuthorityId, standing: StandingView, own: bool) -> Markup {
    let (class, mark, word) = match standing {
        StandingView::Pending => ("none", "○", "pending"),
        StandingView::Clear => ("good", "✓", "clear"),
        StandingView::Held if own => ("bad", "✗", "held by you"),
        StandingView::Held => ("warn", "!", "held, not by you"),
        StandingView::Unavailable => ("warn", "!", "unavailable"),
    };
    html! { li class={ "chip " (class) } { (mark) " " (whose) ": " (word) } }
}

fn screen_words(screen: TravellerScreen) -> &'static str {
    match screen {
        TravellerScreen::OutOfService => "Use another lane",
        TravellerScreen::PlaceDocument => "Place your document",
        TravellerScreen::ReadingDocument => "Reading the document",
        TravellerScreen::PlaceDocumentAgain => "Place it again",
        TravellerScreen::StepIn => "Step in",
        TravellerScreen::OnePersonOnly => "One person only",
        TravellerScreen::Capture(_) => "Look at the camera",
        TravellerScreen::PleaseWait => "Please wait",
        TravellerScreen::GoAhead => "Go ahead",
        TravellerScreen::OfficerComes => "An officer comes",
        TravellerScreen::PleaseReturn => "Please go back",
        TravellerScreen::Evacuate => "Leave by the open barrier",
    }
}

fn case_list<'a>(cases: impl Iterator<Item = &'a CaseRow>) -> Markup {
    let mut cases = cases.peekable();
    html! {
        @if cases.peek().is_none() { p.empty { "✓ Nobody is waiting." } }
        @else {
            ul.queue {
                @for case in cases {
                    li { a href={ "/console/cases/" (case.inspection) } {
                        strong { (case.lane) } span { (case.cause) } small { (case.age) }
                    } }
                }
            }
        }
    }
}

pub(super) struct CasesPage {
    pub(super) frame: Frame,
    pub(super) cases: Vec<CaseRow>,
}

impl CasesPage {
    pub(super) fn render(&self) -> Markup {
        let content = html! {
            h1 { "Referred cases" }
            section.panel {
                @if self.cases.is_empty() { p.empty { "✓ No case has been referred to you." } }
                @else {
                    table {
                        thead { tr { th { "State" } th { "Lane" } th { "Cause" } th { "Referred" } th { "Inspection" } th {} } }
                        tbody {
                            @for case in &self.cases {
                                tr {
                                    td { (case_state(case.state)) }
                                    td { strong { (case.lane) } }
                                    td { (case.cause) }
                                    td { (case.age) " ago" }
                                    td.id { (case.inspection) }
                                    td.right { a.button href={ "/console/cases/" (case.inspection) } { "Open" } }
                                }
                            }
                        }
                    }
                }
            }
        };
        self.frame.page("Referred cases", "cases", &content)
    }

    fn sample() -> Self {
        Self {
            frame: Frame::sample(),
            cases: sample_cases(),
        }
    }
}

fn case_state(state: CaseState) -> Markup {
    let (class, mark, word) = match state {
        CaseState::Open => ("warn", "!", "waiting"),
        CaseState::Decided => ("busy", "▶", "decided"),
        CaseState::Closed => ("none", "✓", "closed"),
    };
    html! { span class={ "chip " (class) } { (mark) " " (word) } }
}

pub(super) struct Person {
    pub(super) name: String,
    pub(super) date_of_birth: Option<String>,
    pub(super) nationality: String,
    pub(super) document: String,
    pub(super) issuer: String,
    pub(super) date_of_expiry: Option<String>,
}

pub(super) struct ReasonChoice {
    pub(super) code: &'static str,
    pub(super) label: String,
    pub(super) decisions: Vec<OfficerDecision>,
}

pub(super) struct DecisionMade {
    pub(super) officer: String,
    pub(super) decision: String,
    pub(super) reason: String,
    pub(super) remark: String,
    pub(super) at: String,
}

impl DecisionMade {
    fn render(&self) -> Markup {
        html! {
            section.panel {
                h2 { "Last decision" }
                dl {
                    dt { "Decided" } dd { strong { (self.decision) } }
                    dt { "By" } dd { (self.officer) }
                    dt { "Reason" } dd { (self.reason) }
                    dt { "Remark" } dd { (self.remark) }
                    dt { "At" } dd { (self.at) }
                }
            }
        }
    }
}

pub(super) struct CasePage {
    pub(super) frame: Frame,
    pub(super) row: CaseRow,
    pub(super) person: Option<Person>,
    pub(super) chip: Option<String>,
    pub(super) live: Option<String>,
    pub(super) match_score: Option<i32>,
    pub(super) match_threshold: Option<i32>,
    pub(super) pad_score: Option<u32>,
    pub(super) checks: CheckNode,
    pub(super) verdict: Option<String>,
    pub(super) hits: Vec<HitRow>,
    pub(super) reasons: Vec<ReasonChoice>,
    pub(super) made: Option<DecisionMade>,
}

impl CasePage {
    pub(super) fn render(&self) -> Markup {
        let content = html! {
            div.title {
                h1 { (self.row.lane) " · " (self.row.cause) }
                (case_state(self.row.state)) span.hint { "referred " (self.row.age) " ago" }
                span.id { (self.row.inspection) }
            }
            div.case {
                div.column {
                    section.panel {
                        div.portraits {
                            (portrait(self.live.as_deref(), "Live"))
                            (portrait(self.chip.as_deref(), "Chip"))
                        }
                        (self.scores())
                    }
                    (self.person_panel())
                }
                section.panel { h2 { "Checks" } ul.tree { (check(&self.checks)) } }
                div.column { (self.holds()) (self.decision()) }
            }
        };
        self.frame.page("Case", "cases", &content)
    }

    fn scores(&self) -> Markup {
        let percent = |ppm: i64| (ppm / 10_000).clamp(0, 100);
        html! {
            @if let (Some(score), Some(limit)) = (self.match_score, self.match_threshold) {
                (score_bar("Face comparison", i64::from(score), Some(percent(i64::from(limit))), Some(score >= limit)))
            } @else { p.hint { "○ Face comparison: not done" } }
            @if let Some(score) = self.pad_score {
                (score_bar("Bona fide presentation", i64::from(score), None, self.attack()))
            } @else { p.hint { "○ Presentation attack detection: not done" } }
        }
    }

    /// The notice states no threshold for the presentation score; only an alarm colours it.
    fn attack(&self) -> Option<bool> {
        (self.row.cause == "presentation attack").then_some(false)
    }

    fn person_panel(&self) -> Markup {
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".into());
        html! {
            section.panel {
                h2 { "Document" }
                @if let Some(person) = &self.person {
                    dl {
                        dt { "Name" } dd { (person.name) }
                        dt { "Born" } dd { (or_dash(&person.date_of_birth)) }
                        dt { "Nationality" } dd { (person.nationality) }
                        dt { "Document" } dd { (person.document) }
                        dt { "Issuer" } dd { (person.issuer) }
                        dt { "Valid until" } dd { (or_dash(&person.date_of_expiry)) }
                    }
                } @else { p.empty { "The lane referred without a readable document." } }
            }
        }
    }

    fn holds(&self) -> Markup {
        let elsewhere = self.hits.is_empty()
            && self.row.cause == "authority hold"
            && self.verdict.as_deref() == Some("clear");
        html! {
            section.panel {
                h2 { "Your authority's list" }
                @for hit in &self.hits { (hit.render(Some((&self.row.inspection, &self.frame.csrf)))) }
                @if elsewhere {
                    p.chip.warn { "! held, not by you" }
                    p.hint { "Another authority holds this traveller and handles it with its own officers." }
                } @else if self.hits.is_empty() {
                    p { "✓ No hit on your list." }
                }
                @if let Some(verdict) = &self.verdict {
                    p.hint { "Your verdict: " (verdict) }
                } @else { p.hint { "○ No verdict was asked for." } }
            }
        }
    }

    /// What was decided last, and the form while the lane still waits: a release that another authority's hold
    /// outweighs, or a decision that ran out of time, can be followed by another one.
    fn decision(&self) -> Markup {
        html! {
            @if let Some(made) = &self.made { (made.render()) }
            @if self.row.state != CaseState::Closed { (self.decide()) }
            @else if self.made.is_none() {
                section.panel { h2 { "Decision" } p { "The inspection ended without your decision." } }
            }
        }
    }

    fn decide(&self) -> Markup {
        let fits = |choice: &ReasonChoice| {
            choice
                .decisions
                .iter()
                .map(|d| decision_word(*d))
                .collect::<Vec<_>>()
                .join(" ")
        };
        html! {
            form.panel.decide method="post" action={ "/console/cases/" (self.row.inspection) "/decision" } {
                h2 { "Decide as " (self.frame.officer) }
                input type="hidden" name="csrf" value=(self.frame.csrf);
                label { "Reason"
                    select name="reason" required {
                        option value="" { "Choose a reason" }
                        @for choice in &self.reasons {
                            option value=(choice.code) data-fits=(fits(choice)) { (choice.label) }
                        }
                    }
                }
                label { "Remark" textarea name="remark" rows="3" required minlength="3" maxlength="500"
                    placeholder="What you saw and did" {} }
                div.buttons {
                    button.release name="decision" value="release" { "✓ Release" }
                    button.return name="decision" value="return" { "↩ Return" }
                    button.refer name="decision" value="refer" { "! Refer" }
                }
                p.hint { "Release lifts your authority's hold. Return sends the traveller back to the counter. \
                    Refer takes the traveller to second-line inspection." }
            }
        }
    }

    fn sample() -> Self {
        use CheckResult::{Aborted, Failed, NotSupported, Successful, Undetermined};
        let leaf = |name, result| CheckNode::leaf(name, RunMode::Mandatory, result);
        let group = |name, children| CheckNode::group(name, RunMode::Mandatory, children);
        let mut row = sample_cases().remove(0);
        row.cause = "face mismatch".into();
        Self {
            frame: Frame::sample(),
            row,
            person: Some(Person {
                name: "ERIKSSON, ANNA MARIA".into(),
                date_of_birth: Some("1974-08-12".into()),
                nationality: "UTO".into(),
                document: "P L898902C3".into(),
                issuer: "UTO".into(),
                date_of_expiry: Some("2032-04-15".into()),
            }),
            chip: Some(sample_portrait("#c8d3dc", "#e3b38f", "#4a3326")),
            live: Some(sample_portrait("#9fb0bd", "#d9a784", "#1d1a19")),
            match_score: Some(218_000),
            match_threshold: Some(363_000),
            pad_score: Some(912_000),
            checks: group(
                "InspectionChecks",
                vec![
                    group(
                        "ElectronicChecks",
                        vec![
                            leaf("ChipAccess", Successful),
                            group(
                                "PassiveAuthentication",
                                vec![
                                    leaf("SignatureCheck", Successful),
                                    leaf("DataGroupIntegrityCheck", Successful).of("DG1"),
                                    leaf("DataGroupIntegrityCheck", Successful).of("DG2"),
                                    leaf("DefectListCheck", Undetermined)
                                        .because("Defect list is older than a day"),
                                ],
                            ),
                            CheckNode::leaf(
                                "ActiveAuthentication",
                                RunMode::Optional,
                                NotSupported,
                            ),
                            CheckNode::leaf("ChipAuthentication", RunMode::Optional, Aborted)
                                .because("Document lifted while reading"),
                        ],
                    ),
                    group(
                        "BiometricChecks",
                        vec![
                            leaf("FaceComparison", Failed).because("Score below threshold"),
                            leaf("PresentationAttackDetection", Successful),
                        ],
                    ),
                ],
            ),
            verdict: Some("refer".into()),
            hits: HitRow::samples(),
            reasons: view::reasons(),
            made: None,
        }
    }

    fn sample_held_elsewhere() -> Self {
        let mut page = Self::sample();
        page.row.cause = "authority hold".into();
        page.verdict = Some("clear".into());
        page.hits.clear();
        page.match_score = Some(702_000);
        let leaf = |name| CheckNode::leaf(name, RunMode::Mandatory, CheckResult::Successful);
        page.checks = CheckNode::group(
            "InspectionChecks",
            RunMode::Mandatory,
            vec![
                leaf("PassiveAuthentication"),
                leaf("FaceComparison"),
                leaf("PresentationAttackDetection"),
            ],
        );
        page.live = None;
        page
    }
}

fn portrait(source: Option<&str>, label: &str) -> Markup {
    html! {
        figure {
            @if let Some(source) = source { img src=(source) alt={ (label) " portrait" }; }
            @else { div.absent { "○ no picture" } }
            figcaption { (label) }
        }
    }
}

fn score_bar(label: &str, ppm: i64, limit_percent: Option<i64>, good: Option<bool>) -> Markup {
    let (class, mark) = match good {
        Some(true) => ("good", "✓ "),
        Some(false) => ("bad", "✗ "),
        None => ("busy", ""),
    };
    let share = (ppm / 10_000).clamp(0, 100);
    let shown = format!("{}.{:03}", ppm / 1_000_000, (ppm % 1_000_000).abs() / 1_000);
    let sign = if ppm < 0 && ppm > -1_000_000 { "-" } else { "" };
    html! {
        div.score {
            span { (label) }
            strong class=(class) { (mark) (sign) (shown) }
            div.track {
                div class={ "fill " (class) } style={ "width:" (share) "%" } {}
                @if let Some(limit) = limit_percent { div.limit style={ "left:" (limit) "%" } {} }
            }
            @if let Some(limit) = limit_percent { small { "threshold 0." (format!("{limit:02}")) } }
        }
    }
}

/// One check with its parts: colour, pictogram and word (TR-03135-1 v5, Table 5.1).
fn check(node: &CheckNode) -> Markup {
    let (class, mark, word) = match node.result {
        CheckResult::Successful => ("good", "✓", "successful"),
        CheckResult::Failed => ("bad", "✗", "failed"),
        CheckResult::Undetermined => ("warn", "!", "undetermined"),
        CheckResult::NotSupported => ("none", "○", "not supported"),
        CheckResult::Aborted => ("off", "■", "aborted"),
    };
    html! {
        li {
            div class={ "check " (class) } {
                span.mark title=(word) { (mark) }
                span { (node.name.0) @if let Some(instance) = &node.instance { " · " (instance) } }
                small { (word) }
            }
            @if let Some(detail) = &node.detail { p.detail { (detail) } }
            @if !node.children.is_empty() { ul { @for child in &node.children { (check(child)) } } }
        }
    }
}

/// A code of the wire in words: `face_mismatch` becomes `face mismatch`.
pub(super) fn words(code: impl Serialize) -> String {
    let code = serde_json::to_value(code).ok();
    code.as_ref()
        .and_then(|v| v.as_str())
        .unwrap_or("unknown")
        .replace('_', " ")
}

// Invariant of the samples: their literals are well formed; a test renders every one.
pub(super) fn authority(id: &str) -> AuthorityId {
    #[expect(clippy::expect_used, reason = "a literal")]
    AuthorityId::parse(id).expect("well formed")
}

fn sample_lane(number: u32) -> LaneId {
    #[expect(clippy::expect_used, reason = "a literal and digits")]
    LaneId::parse(&format!("lane-{number}")).expect("well formed")
}

fn sample_inspection() -> InspectionId {
    InspectionId::new(1_800_000_000_000, [0x5A; 10])
}

fn sample_cases() -> Vec<CaseRow> {
    let case = |n: u8, lane: &str, cause: &str, age: &str, state| CaseRow {
        inspection: InspectionId::new(1_800_000_000_000 + u64::from(n), [n.wrapping_mul(37); 10]),
        lane: lane.into(),
        cause: cause.into(),
        age: age.into(),
        state,
    };
    vec![
        case(1, "lane-2", "authority hold", "14 s", CaseState::Open),
        case(2, "lane-4", "second person", "41 s", CaseState::Open),
        case(
            3,
            "lane-1",
            "presentation attack",
            "6 min",
            CaseState::Decided,
        ),
        case(4, "lane-3", "document check", "2 h", CaseState::Closed),
    ]
}

/// A drawn head: no real face is part of a sample.
fn sample_portrait(back: &str, skin: &str, hair: &str) -> String {
    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 60 75'><rect width='60' height='75' fill='{back}'/>\
         <path d='M8 75c2-16 12-19 22-19s20 3 22 19z' fill='#39424d'/><rect x='25' y='45' width='10' height='14' fill='{skin}'/>\
         <ellipse cx='30' cy='34' rx='14' ry='18' fill='{skin}'/><path d='M15 33c-2-18 6-23 15-23s17 5 15 23c-2-9-6-12-15-12s-13 3-15 12z' fill='{hair}'/>\
         <circle cx='24.500' cy='34' r='1.600' fill='#222'/><circle cx='35.500' cy='34' r='1.600' fill='#222'/>\
         <path d='M25 44q5 3 10 0' stroke='#8d4a3c' fill='none' stroke-width='1.500'/></svg>"
    );
    format!(
        "data:image/svg+xml,{}",
        svg.replace('#', "%23")
            .replace('<', "%3C")
            .replace('>', "%3E")
    )
}
