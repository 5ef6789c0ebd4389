/// Red, green, blue.
pub(crate) type Color = (u8, u8, u8);

pub(crate) const INK: Color = (34, 34, 34);
pub(crate) const AXIS: Color = (110, 110, 110);
pub(crate) const GRID: Color = (228, 228, 228);
pub(crate) const WHITE: Color = (255, 255, 255);
pub(crate) const UNDEFINED: Color = (221, 221, 221);

/// The palette of Okabe and Ito (2008), which all kinds of colour vision tell apart, ordered by contrast
/// against white.
const OKABE_ITO: [Color; 8] = [
    (0, 114, 178),
    (213, 94, 0),
    (0, 158, 115),
    (204, 121, 167),
    (230, 159, 0),
    (86, 180, 233),
    (60, 60, 60),
    (202, 187, 20),
];

/// The number of series that can be told apart: eight colours, solid and dashed.
pub(crate) const N_STYLES: usize = 16;

/// The colour of series `index`.
pub(crate) fn of_series(index: usize) -> Color {
    OKABE_ITO[index % OKABE_ITO.len()]
}

/// Whether series `index` is dashed, its colour being taken.
pub(crate) fn is_dashed(index: usize) -> bool {
    index >= OKABE_ITO.len()
}

/// Viridis at nine places: dark to bright, even in lightness.
const SEQUENTIAL: [Color; 9] = [
    (68, 1, 84),
    (71, 44, 122),
    (59, 81, 139),
    (44, 113, 142),
    (33, 144, 141),
    (39, 173, 129),
    (92, 200, 99),
    (170, 220, 50),
    (253, 231, 37),
];

/// Blue over white to red (ColorBrewer's RdBu), for values with a meaningful middle.
const DIVERGING: [Color; 9] = [
    (33, 102, 172),
    (67, 147, 195),
    (146, 197, 222),
    (209, 229, 240),
    (247, 247, 247),
    (253, 219, 199),
    (244, 165, 130),
    (214, 96, 77),
    (178, 24, 43),
];

/// A colour scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ramp {
    Sequential,
    Diverging,
}

impl Ramp {
    /// The colour at `share` of the scale, in [0, 1].
    pub(crate) fn at(self, share: f64) -> Color {
        let colors = match self {
            Self::Sequential => &SEQUENTIAL,
            Self::Diverging => &DIVERGING,
        };
        let place = share.clamp(0.0, 1.0) * (colors.len() - 1) as f64;
        mix(colors[place.floor() as usize], colors[place.ceil() as usize], place.fract())
    }
}

/// `share` of the way from one colour to another.
pub(crate) fn mix(from: Color, to: Color, share: f64) -> Color {
    let channel = |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * share).round() as u8;
    (channel(from.0, to.0), channel(from.1, to.1), channel(from.2, to.2))
}

/// Dark or white, whichever reads better on `background`.
pub(crate) fn ink_on((red, green, blue): Color) -> Color {
    let lightness = 0.299 * f64::from(red) + 0.587 * f64::from(green) + 0.114 * f64::from(blue);
    if lightness > 140.0 { INK } else { WHITE }
}
