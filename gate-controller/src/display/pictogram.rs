//! One large pictogram per screen, and the lamps of the lane.
//!
//! Drawn with embedded-graphics primitives in a square of 100 x 100 units at three times the size and
//! averaged down, since the primitives themselves have hard edges.

use core::convert::Infallible;

use egate_types::{Coaching, TravellerScreen};
use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use embedded_graphics::prelude::{DrawTarget, Drawable, Point, Primitive, Size};
use embedded_graphics::primitives::{
    Circle, PrimitiveStyle, PrimitiveStyleBuilder, Rectangle, StrokeAlignment,
};

use super::Panel;
use super::palette::{
    AMBER, BACKGROUND, BACKGROUND_LOW, EXIT_SIGN, GREEN, LIGHT, MUTED, RED, SUNK, TEXT,
};

/// Phases of one round of an animation.
pub const PHASES: u8 = 20;

/// What the lane's lamps say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// Red cross: do not enter.
    Closed,
    /// Amber bar: stay, or wait.
    Wait,
    /// Green arrow: it is your turn.
    Go,
}

impl Signal {
    pub(super) const ALL: [Self; 3] = [Self::Closed, Self::Wait, Self::Go];

    fn colour(self) -> Rgb888 {
        match self {
            Self::Closed => RED,
            Self::Wait => AMBER,
            Self::Go => GREEN,
        }
    }
}

/// The lamp that is lit with a screen.
pub(super) fn signal(screen: TravellerScreen) -> Signal {
    match screen {
        TravellerScreen::OutOfService => Signal::Closed,
        TravellerScreen::PlaceDocument
        | TravellerScreen::PlaceDocumentAgain
        | TravellerScreen::StepIn
        | TravellerScreen::GoAhead
        | TravellerScreen::Evacuate => Signal::Go,
        TravellerScreen::ReadingDocument
        | TravellerScreen::OnePersonOnly
        | TravellerScreen::Capture(_)
        | TravellerScreen::PleaseWait
        | TravellerScreen::OfficerComes
        | TravellerScreen::PleaseReturn => Signal::Wait,
    }
}

/// A lamp as rows of a square of `side` pixels.
pub(super) fn lamp(lamp: Signal, lit: bool, side: u32, ground: Rgb888) -> Vec<Rgb888> {
    let mut brush = Brush::new(side, ground);
    let (disc, sign) = if lit {
        (lamp.colour(), BACKGROUND_LOW)
    } else {
        (SUNK, MUTED)
    };
    brush.disc((50.0, 50.0), 48.0, disc);
    match lamp {
        Signal::Closed => brush.cross((50.0, 50.0), 20.0, 11.0, sign),
        Signal::Wait => brush.bar((30.0, 50.0), (70.0, 50.0), 13.0, sign),
        Signal::Go => brush.arrow((50.0, 78.0), (50.0, 20.0), 12.0, sign),
    }
    brush.averaged()
}

/// A screen's pictogram as rows of a square of `side` pixels.
pub(super) fn draw(screen: TravellerScreen, phase: u8, side: u32, ground: Rgb888) -> Vec<Rgb888> {
    let mut brush = Brush::new(side, ground);
    let phase = f32::from(phase % PHASES) / f32::from(PHASES);
    match screen {
        TravellerScreen::OutOfService => out_of_service(&mut brush),
        TravellerScreen::PlaceDocument => place_document(&mut brush, phase),
        TravellerScreen::ReadingDocument => reading_document(&mut brush, phase),
        TravellerScreen::PlaceDocumentAgain => place_document_again(&mut brush, phase),
        TravellerScreen::StepIn => step_in(&mut brush, phase),
        TravellerScreen::OnePersonOnly => one_person_only(&mut brush),
        TravellerScreen::Capture(coaching) => capture(&mut brush, coaching, phase),
        TravellerScreen::PleaseWait => please_wait(&mut brush, phase),
        TravellerScreen::GoAhead => go_ahead(&mut brush, phase),
        TravellerScreen::OfficerComes => officer_comes(&mut brush, phase),
        TravellerScreen::PleaseReturn => please_return(&mut brush, phase),
        TravellerScreen::Evacuate => evacuate(&mut brush, phase),
    }
    brush.averaged()
}

fn out_of_service(brush: &mut Brush) {
    brush.ring((50.0, 50.0), 42.0, 8.0, RED);
    brush.cross((50.0, 50.0), 19.0, 10.0, RED);
}

fn place_document(brush: &mut Brush, phase: f32) {
    reader(brush, LIGHT);
    let y = 4.0 + 20.0 * eased(phase);
    passport(brush, (50.0, y + 19.0));
    brush.arrow((15.0, y + 8.0), (15.0, y + 34.0), 5.0, GREEN);
    brush.arrow((85.0, y + 8.0), (85.0, y + 34.0), 5.0, GREEN);
}

fn reading_document(brush: &mut Brush, phase: f32) {
    reader(brush, LIGHT);
    passport(brush, (50.0, 44.0));
    let y = 26.0 + 36.0 * swing(phase);
    brush.bar((30.0, y), (70.0, y), 3.0, LIGHT);
}

fn place_document_again(brush: &mut Brush, phase: f32) {
    reader(brush, LIGHT);
    let y = 43.0 - 10.0 * swing(phase);
    passport(brush, (50.0, y));
    // Lift, then put down.
    brush.arrow((13.0, 58.0), (13.0, 26.0), 5.0, AMBER);
    brush.arrow((87.0, 26.0), (87.0, 58.0), 5.0, GREEN);
}

fn step_in(brush: &mut Brush, phase: f32) {
    gate(brush, GREEN);
    let x = 6.0 * eased(phase);
    walker(brush, (48.0 + x, 22.0), 1.0, TEXT);
    brush.arrow((4.0 + x, 50.0), (26.0 + x, 50.0), 6.0, GREEN);
}

fn one_person_only(brush: &mut Brush) {
    stander(brush, (22.0, 14.0), 0.82, TEXT);
    brush.bar((13.0, 88.0), (20.0, 95.0), 5.0, GREEN);
    brush.bar((20.0, 95.0), (32.0, 82.0), 5.0, GREEN);
    brush.bar((46.0, 12.0), (46.0, 96.0), 1.0, MUTED);
    stander(brush, (64.0, 14.0), 0.82, MUTED);
    stander(brush, (84.0, 14.0), 0.82, MUTED);
    brush.cross((74.0, 88.5), 6.5, 5.0, RED);
}

fn capture(brush: &mut Brush, coaching: Coaching, phase: f32) {
    camera(
        brush,
        if coaching == Coaching::LookAtCamera {
            GREEN
        } else {
            LIGHT
        },
    );
    let middle = (50.0, 63.0);
    match coaching {
        Coaching::LookAtCamera => {
            viewfinder(brush);
            face(brush, middle, 1.0, 0.0, TEXT);
            let y = 2.0 * swing(phase);
            brush.arrow((14.0, 62.0 - y), (34.0, 22.0 - y), 5.0, GREEN);
            brush.arrow((86.0, 62.0 - y), (66.0, 22.0 - y), 5.0, GREEN);
        }
        Coaching::ComeCloser => {
            viewfinder(brush);
            face(brush, middle, 0.55 + 0.15 * eased(phase), 0.0, TEXT);
            for (x, out) in [(32.0, -1.0), (68.0, 1.0)] {
                brush.arrow((x, 63.0), (x + 24.0 * out, 63.0), 5.0, GREEN);
            }
        }
        Coaching::StepBack => {
            face(brush, middle, 1.35 - 0.15 * eased(phase), 0.0, TEXT);
            viewfinder(brush);
            for (x, out) in [(3.0, 1.0), (97.0, -1.0)] {
                brush.arrow((x, 63.0), (x + 19.0 * out, 63.0), 5.0, GREEN);
            }
        }
        Coaching::FaceTheCamera => {
            viewfinder(brush);
            face(brush, middle, 1.0, 1.0 - eased(phase), TEXT);
            brush.arrow((92.0, 63.0), (76.0, 63.0), 5.0, GREEN);
        }
        Coaching::HoldStill => {
            viewfinder(brush);
            face(brush, middle, 1.0, 0.0, TEXT);
            for x in [8.0, 92.0] {
                brush.bar((x, 50.0), (x, 76.0), 6.0, AMBER);
            }
        }
        Coaching::OneFaceOnly => {
            face(brush, (83.0, 66.0), 0.62, 0.0, MUTED);
            viewfinder(brush);
            face(brush, middle, 1.0, 0.0, TEXT);
            brush.cross((87.0, 91.0), 5.5, 4.5, RED);
            face(brush, (17.0, 66.0), 0.62, 0.0, MUTED);
            brush.cross((13.0, 91.0), 5.5, 4.5, RED);
        }
        Coaching::MoveToTheMiddle => {
            viewfinder(brush);
            let x = 26.0 * (1.0 - eased(phase));
            face(brush, (50.0 + x, 63.0), 1.0, 0.0, TEXT);
            brush.arrow((97.0, 88.0), (73.0, 88.0), 5.0, GREEN);
        }
        Coaching::StandInTheLight => {
            viewfinder(brush);
            face(brush, middle, 1.0, 0.0, TEXT);
            brush.disc((12.0, 34.0), 6.0, AMBER);
            for (x, y) in [(22.0, 38.0), (20.0, 46.0), (12.0, 48.0)] {
                let (dx, dy) = ((x - 12.0) * 0.8, (y - 34.0) * 0.8);
                brush.bar((x, y), (x + dx, y + dy), 2.6, AMBER);
            }
        }
        Coaching::OpenYourEyes => {
            viewfinder(brush);
            face(brush, middle, 1.0, 0.0, TEXT);
            for x in [43.0, 57.0] {
                brush.ring((x, 58.0), 3.0 + 2.5 * swing(phase), 2.0, GREEN);
            }
        }
        Coaching::CloseYourMouth => {
            viewfinder(brush);
            face(brush, middle, 1.0, 0.0, TEXT);
            brush.bar((43.0, 75.5), (57.0, 75.5), 4.0, GREEN);
            brush.arrow((14.0, 62.0), (14.0, 76.0), 4.0, GREEN);
            brush.arrow((14.0, 94.0), (14.0, 80.0), 4.0, GREEN);
        }
        Coaching::UncoverYourFace => {
            viewfinder(brush);
            face(brush, middle, 1.0, 0.0, TEXT);
            brush.bar((36.0, 76.0), (64.0, 76.0), 12.0, MUTED);
            brush.cross((87.0, 90.0), 6.0, 4.5, RED);
        }
    }
}

fn please_wait(brush: &mut Brush, phase: f32) {
    const DOTS: u8 = 12;
    for dot in 0..DOTS {
        let turn = f32::from(dot) / f32::from(DOTS);
        let behind = (phase - turn).rem_euclid(1.0);
        let colour = blend(SUNK, LIGHT, (1.0 - behind).powi(2));
        let (sin, cos) = (turn * core::f32::consts::TAU).sin_cos();
        brush.disc((50.0 + 41.0 * sin, 50.0 - 41.0 * cos), 5.0, colour);
    }
    hourglass(brush, phase);
}

fn hourglass(brush: &mut Brush, phase: f32) {
    brush.triangle([(34.0, 29.0), (66.0, 29.0), (50.0, 51.0)], TEXT);
    brush.triangle([(34.0, 71.0), (66.0, 71.0), (50.0, 49.0)], TEXT);
    brush.triangle([(38.5, 31.5), (61.5, 31.5), (50.0, 47.0)], BACKGROUND);
    brush.triangle([(38.5, 68.5), (61.5, 68.5), (50.0, 53.0)], BACKGROUND);
    // Sand runs from the upper to the lower half.
    let upper = 31.5 + 3.0 + 11.0 * phase;
    let half = (47.0 - upper) / 15.5 * 11.5;
    brush.triangle(
        [(50.0 - half, upper), (50.0 + half, upper), (50.0, 47.0)],
        AMBER,
    );
    let heap = 2.0 + 9.0 * phase;
    brush.triangle([(40.5, 68.5), (59.5, 68.5), (50.0, 68.5 - heap)], AMBER);
    brush.bar((32.0, 27.0), (68.0, 27.0), 5.0, TEXT);
    brush.bar((32.0, 73.0), (68.0, 73.0), 5.0, TEXT);
}

fn go_ahead(brush: &mut Brush, phase: f32) {
    let y = -7.0 * swing(phase);
    brush.block(6.0, 8.0, 8.0, 84.0, 3.0, MUTED);
    brush.block(86.0, 8.0, 8.0, 84.0, 3.0, MUTED);
    brush.triangle(
        [(50.0, 10.0 + y), (18.0, 48.0 + y), (82.0, 48.0 + y)],
        GREEN,
    );
    brush.block(37.0, 46.0 + y, 26.0, 46.0, 4.0, GREEN);
}

fn officer_comes(brush: &mut Brush, phase: f32) {
    stander(brush, (22.0, 24.0), 0.78, TEXT);
    officer(brush, (70.0 - 3.0 * eased(phase), 6.0), LIGHT);
    let x = 48.0 - 3.0 * eased(phase);
    brush.arrow((x, 52.0), (x - 12.0, 52.0), 5.0, GREEN);
}

fn please_return(brush: &mut Brush, phase: f32) {
    // A U-turn: up on the right, over, down on the left; lights run along it.
    let path: Vec<(f32, f32)> = (0..=24u8)
        .map(|step| {
            let (sin, cos) = (f32::from(step) / 24.0 * core::f32::consts::PI).sin_cos();
            (50.0 + 24.0 * cos, 34.0 - 24.0 * sin)
        })
        .collect();
    brush.bar((74.0, 88.0), (74.0, 34.0), 13.0, AMBER);
    for pair in path.windows(2) {
        brush.bar(pair[0], pair[1], 13.0, AMBER);
    }
    brush.bar((26.0, 34.0), (26.0, 66.0), 13.0, AMBER);
    let y = 3.0 * swing(phase);
    brush.triangle([(26.0, 94.0 + y), (6.0, 62.0 + y), (46.0, 62.0 + y)], AMBER);
}

fn evacuate(brush: &mut Brush, phase: f32) {
    brush.block(2.0, 10.0, 96.0, 80.0, 6.0, EXIT_SIGN);
    brush.block(60.0, 20.0, 28.0, 60.0, 1.0, TEXT);
    brush.block(72.0, 20.0, 16.0, 60.0, 0.0, EXIT_SIGN);
    brush.bar((60.0, 80.0), (90.0, 80.0), 3.0, TEXT);
    walker(brush, (44.0, 24.0), 0.78, TEXT);
    let x = 5.0 * eased(phase);
    brush.arrow((8.0 + x, 50.0), (24.0 + x, 50.0), 6.0, TEXT);
}

/// A document reader seen from the front: a table with a lit window.
fn reader(brush: &mut Brush, light: Rgb888) {
    brush.block(12.0, 74.0, 76.0, 20.0, 5.0, SUNK);
    let edge = Frame {
        x: 12.0,
        y: 74.0,
        width: 76.0,
        height: 20.0,
    };
    brush.outline(edge, 5.0, 2.0, MUTED);
    brush.block(22.0, 71.5, 56.0, 5.0, 2.5, light);
}

/// A closed passport with the chip symbol, by its centre.
fn passport(brush: &mut Brush, (x, y): (f32, f32)) {
    brush.block(x - 17.0, y - 22.0, 34.0, 46.0, 3.5, TEXT);
    brush.ring((x, y - 5.0), 9.0, 2.2, BACKGROUND);
    brush.bar((x - 9.0, y - 5.0), (x + 9.0, y - 5.0), 1.6, BACKGROUND);
    brush.bar((x, y - 14.0), (x, y + 4.0), 1.6, BACKGROUND);
    let edge = Frame {
        x: x - 5.0,
        y: y + 11.0,
        width: 10.0,
        height: 6.5,
    };
    brush.outline(edge, 1.5, 1.5, BACKGROUND);
    brush.disc((x, y + 14.2), 1.4, BACKGROUND);
}

/// Two posts with open leaves.
fn gate(brush: &mut Brush, lamp: Rgb888) {
    brush.block(72.0, 8.0, 9.0, 84.0, 3.0, MUTED);
    brush.disc((76.5, 14.0), 3.0, lamp);
    brush.block(30.0, 8.0, 9.0, 84.0, 3.0, MUTED);
    brush.disc((34.5, 14.0), 3.0, lamp);
    brush.bar((24.0, 93.0), (88.0, 93.0), 3.0, MUTED);
}

/// Somebody standing; `(x, y)` is the centre of the head, whose radius is 9 units times `size`.
fn stander(brush: &mut Brush, (x, y): (f32, f32), size: f32, colour: Rgb888) {
    let at = |dx: f32, dy: f32| (x + dx * size, y + dy * size);
    brush.disc(at(0.0, 0.0), 9.0 * size, colour);
    let (left, top) = at(-11.0, 12.0);
    brush.block(left, top, 22.0 * size, 36.0 * size, 7.0 * size, colour);
    for side in [-1.0, 1.0] {
        brush.bar(
            at(5.6 * side, 42.0),
            at(5.6 * side, 79.0),
            9.0 * size,
            colour,
        );
    }
}

/// Somebody walking to the right.
fn walker(brush: &mut Brush, (x, y): (f32, f32), size: f32, colour: Rgb888) {
    let at = |dx: f32, dy: f32| (x + dx * size, y + dy * size);
    let limb = 6.5 * size;
    brush.disc(at(4.0, 0.0), 8.0 * size, colour);
    brush.bar(at(1.0, 17.0), at(-1.0, 37.0), 14.0 * size, colour);
    for joints in [
        [at(1.0, 15.0), at(13.0, 25.0), at(20.0, 20.0)],
        [at(1.0, 15.0), at(-11.0, 24.0), at(-13.0, 34.0)],
        [at(0.0, 38.0), at(9.0, 51.0), at(11.0, 67.0)],
        [at(-2.0, 38.0), at(-7.0, 53.0), at(-18.0, 63.0)],
    ] {
        brush.bar(joints[0], joints[1], limb, colour);
        brush.bar(joints[1], joints[2], limb, colour);
    }
}

/// An official by cap and collar; neither stern nor armed.
fn officer(brush: &mut Brush, (x, y): (f32, f32), colour: Rgb888) {
    let head = (x, y + 17.0);
    brush.disc(head, 10.0, TEXT);
    brush.block(x - 12.0, y + 2.0, 24.0, 10.0, 4.5, colour);
    brush.bar((x - 11.0, y + 13.0), (x + 11.0, y + 13.0), 3.0, colour);
    brush.block(x - 14.0, y + 30.0, 28.0, 38.0, 8.0, colour);
    for side in [-1.0, 1.0] {
        brush.bar(
            (x + 6.0 * side, y + 62.0),
            (x + 6.0 * side, y + 86.0),
            10.0,
            colour,
        );
    }
    brush.triangle(
        [(x - 6.0, y + 30.0), (x + 6.0, y + 30.0), (x, y + 41.0)],
        TEXT,
    );
    brush.disc((x + 7.5, y + 43.0), 2.2, TEXT);
}

fn camera(brush: &mut Brush, light: Rgb888) {
    brush.block(34.0, 2.0, 32.0, 20.0, 5.0, MUTED);
    brush.disc((50.0, 12.0), 8.0, BACKGROUND);
    brush.disc((50.0, 12.0), 5.5, light);
    brush.disc((51.8, 10.2), 1.6, TEXT);
}

/// The four corners of the area in which a face is wanted.
fn viewfinder(brush: &mut Brush) {
    for (x, inward_x) in [(25.0, 1.0), (75.0, -1.0)] {
        for (y, inward_y) in [(31.0, 1.0), (96.0, -1.0)] {
            brush.bar((x, y), (x + 9.0 * inward_x, y), 2.6, LIGHT);
            brush.bar((x, y), (x, y + 9.0 * inward_y), 2.6, LIGHT);
        }
    }
}

/// A face outline by its centre; `turned` from 0, straight, to 1, to the side.
fn face(brush: &mut Brush, (x, y): (f32, f32), size: f32, turned: f32, colour: Rgb888) {
    let at = |dx: f32, dy: f32| (x + dx * size, y + dy * size);
    let shift = 7.0 * turned;
    let (left, top) = at(-18.0, -24.0);
    let edge = Frame {
        x: left,
        y: top,
        width: 36.0 * size,
        height: 48.0 * size,
    };
    brush.outline(edge, 18.0 * size, 3.0 * size, colour);
    for eye in [-7.0, 7.0] {
        brush.disc(
            at(eye * (1.0 - 0.25 * turned) + shift, -5.0),
            2.4 * size,
            colour,
        );
    }
    brush.bar(
        at(shift * 1.3, -2.0),
        at(shift * 1.3 + 1.5 * turned, 5.0),
        2.0 * size,
        colour,
    );
    brush.bar(
        at(-5.0 + shift, 12.5),
        at(5.0 + shift * 0.9, 12.5),
        2.4 * size,
        colour,
    );
}

/// There and rest: fast first, slow at the end, then again from the start.
fn eased(phase: f32) -> f32 {
    let out = (phase * 1.4).min(1.0);
    1.0 - (1.0 - out).powi(3)
}

/// There and back.
fn swing(phase: f32) -> f32 {
    (1.0 - (phase * core::f32::consts::TAU).cos()) / 2.0
}

fn blend(under: Rgb888, over: Rgb888, share: f32) -> Rgb888 {
    let channel =
        |u: u8, o: u8| (f32::from(u) + (f32::from(o) - f32::from(u)) * share).round() as u8;
    Rgb888::new(
        channel(under.r(), over.r()),
        channel(under.g(), over.g()),
        channel(under.b(), over.b()),
    )
}

/// A box in units, by its upper left corner.
#[derive(Clone, Copy)]
struct Frame {
    x: f32,
    y: f32,
    width: f32,
    height: f32,
}

/// Shapes in a square of 100 x 100 units.
struct Brush {
    panel: Panel,
    side: u32,
    /// Per pixel and direction.
    samples: u32,
    unit: f32,
}

impl Brush {
    fn new(side: u32, ground: Rgb888) -> Self {
        let samples = (Panel::SIDE_PX_MAX / side.max(1)).clamp(1, OVERSAMPLING);
        let mut panel = Panel::new(Size::new_equal(side.saturating_mul(samples)));
        let all = Rectangle::new(Point::zero(), Size::new(panel.width(), panel.height()));
        drawn(
            all.into_styled(PrimitiveStyle::with_fill(ground))
                .draw(&mut panel),
        );
        let unit = panel.width() as f32 / 100.0;
        Self {
            panel,
            side,
            samples,
            unit,
        }
    }

    fn point(&self, (x, y): (f32, f32)) -> Point {
        Point::new(
            (x * self.unit).round() as i32,
            (y * self.unit).round() as i32,
        )
    }

    fn length(&self, units: f32) -> u32 {
        (units * self.unit).round().max(1.0) as u32
    }

    fn disc(&mut self, centre: (f32, f32), radius: f32, colour: Rgb888) {
        let circle = Circle::with_center(self.point(centre), self.length(2.0 * radius));
        drawn(
            circle
                .into_styled(PrimitiveStyle::with_fill(colour))
                .draw(&mut self.panel),
        );
    }

    fn ring(&mut self, centre: (f32, f32), radius: f32, width: f32, colour: Rgb888) {
        let circle = Circle::with_center(self.point(centre), self.length(2.0 * radius));
        drawn(
            circle
                .into_styled(self.stroke(width, colour))
                .draw(&mut self.panel),
        );
    }

    fn stroke(&self, width: f32, colour: Rgb888) -> PrimitiveStyle<Rgb888> {
        PrimitiveStyleBuilder::new()
            .stroke_color(colour)
            .stroke_width(self.length(width))
            .stroke_alignment(StrokeAlignment::Center)
            .build()
    }

    /// A line with round ends. Filled here: the thick lines, triangles and round corners of
    /// embedded-graphics square areas in `i32`, which overflows at this size.
    fn bar(&mut self, from: (f32, f32), to: (f32, f32), width: f32, colour: Rgb888) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy).max(f32::EPSILON);
        let (sx, sy) = (-dy / length * width / 2.0, dx / length * width / 2.0);
        let [a, b] = [(from.0 + sx, from.1 + sy), (from.0 - sx, from.1 - sy)];
        let [c, d] = [(to.0 + sx, to.1 + sy), (to.0 - sx, to.1 - sy)];
        self.convex(&[a, b, d, c], colour);
        self.disc(from, width / 2.0, colour);
        self.disc(to, width / 2.0, colour);
    }

    /// A filled box with round corners. Made of boxes and discs, for the same reason as [`Self::bar`].
    fn block(&mut self, x: f32, y: f32, width: f32, height: f32, radius: f32, colour: Rgb888) {
        let radius = radius.min(width / 2.0).min(height / 2.0);
        self.rectangle((x + radius, y), (x + width - radius, y + height), colour);
        self.rectangle((x, y + radius), (x + width, y + height - radius), colour);
        if radius > 0.0 {
            for centre_x in [x + radius, x + width - radius] {
                for centre_y in [y + radius, y + height - radius] {
                    self.disc((centre_x, centre_y), radius, colour);
                }
            }
        }
    }

    fn rectangle(&mut self, from: (f32, f32), to: (f32, f32), colour: Rgb888) {
        let (from, to) = (self.point(from), self.point(to));
        let side = |from: i32, to: i32| (to - from).max(0).unsigned_abs();
        let size = Size::new(side(from.x, to.x), side(from.y, to.y));
        let style = PrimitiveStyle::with_fill(colour);
        drawn(
            Rectangle::new(from, size)
                .into_styled(style)
                .draw(&mut self.panel),
        );
    }

    /// The edge of a box with round corners.
    fn outline(&mut self, frame: Frame, radius: f32, pen: f32, colour: Rgb888) {
        const STEPS: u8 = 10;
        let Frame {
            x,
            y,
            width,
            height,
        } = frame;
        let radius = radius.min(width / 2.0).min(height / 2.0);
        let centres = [
            (x + width - radius, y + height - radius),
            (x + radius, y + height - radius),
            (x + radius, y + radius),
            (x + width - radius, y + radius),
        ];
        let mut edge: Vec<(f32, f32)> = Vec::new();
        for (quarter, centre) in (0u8..).zip(centres) {
            for step in 0..=STEPS {
                let turn = f32::from(quarter) + f32::from(step) / f32::from(STEPS);
                let (sin, cos) = (turn * core::f32::consts::FRAC_PI_2).sin_cos();
                edge.push((centre.0 + radius * cos, centre.1 + radius * sin));
            }
        }
        edge.extend(edge.first().copied());
        for pair in edge.windows(2) {
            self.bar(pair[0], pair[1], pen, colour);
        }
    }

    /// A filled triangle, row by row, for the same reason as [`Self::bar`].
    fn triangle(&mut self, corners: [(f32, f32); 3], colour: Rgb888) {
        self.convex(&corners, colour);
    }

    /// A filled convex polygon: in each row of pixels, what lies between its leftmost and rightmost edge.
    fn convex(&mut self, corners: &[(f32, f32)], colour: Rgb888) {
        let corners: Vec<(f32, f32)> = corners
            .iter()
            .map(|(x, y)| (x * self.unit, y * self.unit))
            .collect();
        let edges = || corners.iter().zip(corners.iter().cycle().skip(1));
        let limit = self.panel.height() as f32;
        let top = corners.iter().map(|c| c.1).fold(limit, f32::min).max(0.0);
        let bottom = corners.iter().map(|c| c.1).fold(0.0, f32::max).min(limit);
        for row in top as i32..bottom.ceil() as i32 {
            let y = row as f32 + 0.5;
            let crossings = || {
                edges()
                    .filter(|(a, b)| (a.1 <= y) != (b.1 <= y))
                    .map(|(a, b)| a.0 + (y - a.1) / (b.1 - a.1) * (b.0 - a.0))
            };
            let left = crossings().fold(f32::INFINITY, f32::min);
            let right = crossings().fold(f32::NEG_INFINITY, f32::max);
            if left < right {
                let (left, right) = (left.round() as i32, right.round() as i32);
                let size = Size::new((right - left).unsigned_abs(), 1);
                let span = Rectangle::new(Point::new(left, row), size);
                drawn(self.panel.fill_solid(&span, colour));
            }
        }
    }

    /// Two bars crossed at `centre`, each reaching `reach` in both directions.
    fn cross(&mut self, (x, y): (f32, f32), reach: f32, width: f32, colour: Rgb888) {
        self.bar(
            (x - reach, y - reach),
            (x + reach, y + reach),
            width,
            colour,
        );
        self.bar(
            (x - reach, y + reach),
            (x + reach, y - reach),
            width,
            colour,
        );
    }

    /// An arrow whose point is `to`.
    fn arrow(&mut self, from: (f32, f32), to: (f32, f32), width: f32, colour: Rgb888) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy).max(f32::EPSILON);
        let (ux, uy) = (dx / length, dy / length);
        let head = width * 2.0;
        let neck = (to.0 - ux * head, to.1 - uy * head);
        let wing = width * 1.7;
        self.bar(from, neck, width, colour);
        let left = (neck.0 - uy * wing, neck.1 + ux * wing);
        let right = (neck.0 + uy * wing, neck.1 - ux * wing);
        self.triangle([to, left, right], colour);
    }

    /// The drawing at its final size: the mean of each block of pixels.
    fn averaged(self) -> Vec<Rgb888> {
        let wide = self.panel.width() as usize * 3;
        let block = self.samples as usize;
        let samples = self.samples * self.samples;
        let mut pixels = Vec::with_capacity(self.side as usize * self.side as usize);
        for rows in self.panel.rgb().chunks_exact(wide * block) {
            for x in 0..self.side as usize {
                let mut sum = [0u32; 3];
                for row in rows.chunks_exact(wide) {
                    for pixel in row[x * block * 3..(x + 1) * block * 3].chunks_exact(3) {
                        for (sum, channel) in sum.iter_mut().zip(pixel) {
                            *sum += u32::from(*channel);
                        }
                    }
                }
                let [r, g, b] = sum.map(|s| u8::try_from(s / samples).unwrap_or(u8::MAX));
                pixels.push(Rgb888::new(r, g, b));
            }
        }
        pixels
    }
}

/// A panel in memory cannot fail; the compiler knows.
fn drawn<T>(result: Result<T, Infallible>) -> T {
    let Ok(value) = result;
    value
}

/// Samples per pixel and direction; three make edges smooth, and more cannot be seen at arm's length.
const OVERSAMPLING: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_screen_has_its_own_pictogram() {
        let drawings: Vec<_> = TravellerScreen::all()
            .into_iter()
            .map(|s| draw(s, 4, 60, BACKGROUND))
            .collect();
        for (index, drawing) in drawings.iter().enumerate() {
            assert_eq!(drawing.len(), 3_600);
            assert!(drawing.iter().any(|pixel| *pixel != BACKGROUND));
            assert!(!drawings[..index].contains(drawing), "screen {index}");
        }
    }

    #[test]
    fn only_the_closed_lane_shows_red_light() {
        for screen in TravellerScreen::all() {
            let closed = screen == TravellerScreen::OutOfService;
            assert_eq!(signal(screen) == Signal::Closed, closed, "{screen:?}");
        }
    }

    #[test]
    fn a_lit_lamp_shows_its_colour_and_a_dark_one_does_not() {
        for each in Signal::ALL {
            let shows = |lit| lamp(each, lit, 40, BACKGROUND_LOW).contains(&each.colour());
            assert!(shows(true) && !shows(false));
        }
    }
}
