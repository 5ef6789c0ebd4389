use rand::Rng;

use crate::{dataset::Dataset, error::DataError};
use crate::{memory, random};

/// Grey images of one shape each, in three classes: the easy set and the hard set of a curriculum.
///
/// ```text
/// class       0 rectangle     1 ellipse     2 triangle
/// Basic         square          circle        equilateral triangle
/// Geometric     any rectangle   any ellipse   any triangle
/// ```
///
/// Images are 32 x 32, pixels row by row in [0, 1]. Position, size, orientation and both grey levels vary in
/// either set; the shape lies inside the image, is at least 12 pixels across in every direction, and differs from
/// the background by at least 0.2. A pixel has the shape's grey where its centre lies inside. The shapes differ
/// in their variability alone: every basic shape is a geometric one.
///
/// Source: Bengio, Louradour, Collobert and Weston (2009), Curriculum Learning, section 5, which leaves the
/// distributions open: here uniform, drawn again until the shape fits.
///
/// ```
/// use cl_data::Shapes;
///
/// let easy = Shapes::Basic.generate(30, 7)?;
/// assert_eq!((easy.n_features(), easy.class_counts()), (Shapes::SIDE * Shapes::SIDE, vec![10, 10, 10]));
/// # Ok::<(), cl_data::DataError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shapes {
    /// Squares, circles and equilateral triangles.
    Basic,
    /// Rectangles, ellipses and triangles.
    Geometric,
}

impl Shapes {
    /// Pixels along an edge of an image.
    pub const SIDE: usize = 32;
    /// The least width of a shape, in pixels.
    const MIN_WIDTH: f64 = 12.0;
    /// The least difference of the two grey levels.
    const MIN_CONTRAST: f64 = 0.2;

    /// Draws `n` images, of classes 0, 1, 2, 0, ... in turn. Image i depends on the seed and i alone, so that a
    /// larger set begins with the smaller one. O(n).
    ///
    /// # Errors
    /// Where the images would be more than memory can address.
    pub fn generate(self, n: usize, seed: u64) -> Result<Dataset<f32>, DataError> {
        let n_pixels = Self::SIDE * Self::SIDE;
        memory::check::<[f32; Self::SIDE * Self::SIDE]>(n)
            .map_err(|n| DataError::argument("n", n, memory::EXPECTED))?;
        let mut pixels = Vec::with_capacity(n * n_pixels);
        let purpose = match self {
            Self::Basic => "basic shapes",
            Self::Geometric => "geometric shapes",
        };
        for image in 0..n {
            let mut rng = random::stream(seed, purpose, image as u64);
            let outline = self.outline(image % 3, &mut rng);
            let (foreground, background) = loop {
                let grey = [random::uniform(&mut rng), random::uniform(&mut rng)];
                if (grey[0] - grey[1]).abs() >= Self::MIN_CONTRAST {
                    break (grey[0] as f32, grey[1] as f32);
                }
            };
            pixels.extend((0..n_pixels).map(|pixel| {
                let centre = [(pixel % Self::SIDE) as f64 + 0.5, (pixel / Self::SIDE) as f64 + 0.5];
                if outline.contains(centre) { foreground } else { background }
            }));
        }
        let names = ["rectangle", "ellipse", "triangle"].map(String::from).into();
        Dataset::new(n_pixels, pixels, (0..n).map(|image| image % 3).collect(), 3)?.with_class_names(names)
    }

    /// A shape that is wide enough and lies inside the image.
    fn outline(self, class: usize, rng: &mut impl Rng) -> Outline {
        loop {
            let outline = self.any_outline(class, rng);
            if outline.width() >= Self::MIN_WIDTH && outline.is_inside() {
                return outline;
            }
        }
    }

    fn any_outline(self, class: usize, rng: &mut impl Rng) -> Outline {
        let side = Self::SIDE as f64;
        let mut between = |low: f64, high: f64| low + (high - low) * random::uniform(rng);
        let centre = [between(0.0, side), between(0.0, side)];
        let angle = between(0.0, std::f64::consts::TAU);
        let half = [between(Self::MIN_WIDTH / 2.0, side / 2.0), between(Self::MIN_WIDTH / 2.0, side / 2.0)];
        let half = if self == Self::Basic { [half[0]; 2] } else { half };
        let (sin, cos) = angle.sin_cos();
        match (class, self) {
            (0, _) => Outline::Polygon(
                [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]
                    .map(|[x, y]: [f64; 2]| {
                        let (x, y) = (x * half[0], y * half[1]);
                        [centre[0] + cos * x - sin * y, centre[1] + sin * x + cos * y]
                    })
                    .into(),
            ),
            (1, _) => Outline::Ellipse { centre, half, direction: [cos, sin] },
            (_, Self::Basic) => {
                let corner = |third: f64| {
                    let (sin, cos) = (angle + third * std::f64::consts::TAU / 3.0).sin_cos();
                    [centre[0] + half[0] * cos, centre[1] + half[0] * sin]
                };
                Outline::Polygon([0.0, 1.0, 2.0].map(corner).into())
            }
            (_, Self::Geometric) => {
                Outline::Polygon((0..3).map(|_| [between(0.0, side), between(0.0, side)]).collect())
            }
        }
    }
}

/// The edge of a shape, in pixels from the upper left corner.
#[derive(Debug, Clone)]
enum Outline {
    /// Convex, its corners in order.
    Polygon(Vec<[f64; 2]>),
    /// Half axes, the first of them along `direction`.
    Ellipse { centre: [f64; 2], half: [f64; 2], direction: [f64; 2] },
}

impl Outline {
    fn contains(&self, point: [f64; 2]) -> bool {
        match self {
            Self::Polygon(corners) => {
                let sides = edges(corners).map(|(a, b)| cross(a, b, point));
                let (low, high) =
                    sides.fold((0.0f64, 0.0f64), |(low, high), side| (low.min(side), high.max(side)));
                low == 0.0 || high == 0.0
            }
            Self::Ellipse { centre, half, direction: [cos, sin] } => {
                let [x, y] = [point[0] - centre[0], point[1] - centre[1]];
                let (along, across) = (cos * x + sin * y, cos * y - sin * x);
                (along / half[0]).powi(2) + (across / half[1]).powi(2) <= 1.0
            }
        }
    }

    /// The smallest distance between parallel lines that hold the shape between them.
    fn width(&self) -> f64 {
        match self {
            // It is reached where one of the lines runs along an edge.
            Self::Polygon(corners) => edges(corners)
                .map(|(a, b)| {
                    let length = (b[0] - a[0]).hypot(b[1] - a[1]);
                    corners.iter().map(|&corner| cross(a, b, corner).abs() / length).fold(0.0, f64::max)
                })
                .fold(f64::INFINITY, f64::min),
            Self::Ellipse { half, .. } => 2.0 * half[0].min(half[1]),
        }
    }

    fn is_inside(&self) -> bool {
        let inside = |x: f64| (0.0..=Shapes::SIDE as f64).contains(&x);
        match self {
            Self::Polygon(corners) => corners.iter().flatten().all(|&coordinate| inside(coordinate)),
            Self::Ellipse { centre, half, direction: [cos, sin] } => {
                let reach = [(half[0] * cos).hypot(half[1] * sin), (half[0] * sin).hypot(half[1] * cos)];
                (0..2).all(|axis| inside(centre[axis] - reach[axis]) && inside(centre[axis] + reach[axis]))
            }
        }
    }
}

fn edges(corners: &[[f64; 2]]) -> impl Iterator<Item = ([f64; 2], [f64; 2])> {
    corners.iter().copied().zip(corners.iter().copied().cycle().skip(1))
}

/// Twice the area of the triangle a, b, c, with a sign: on which side of the line through a and b is c.
fn cross(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn images_are_two_greys_of_some_contrast(seed: u64, basic: bool) {
            let shapes = if basic { Shapes::Basic } else { Shapes::Geometric };
            let data = shapes.generate(12, seed)?;
            prop_assert_eq!(data.class_counts(), vec![4, 4, 4]);
            for image in 0..12 {
                let pixels = data.example(image);
                prop_assert!(pixels.iter().all(|pixel| (0.0..=1.0).contains(pixel)));
                let mut greys = pixels.to_vec();
                greys.sort_unstable_by(f32::total_cmp);
                greys.dedup();
                prop_assert_eq!(greys.len(), 2);
                prop_assert!(greys[1] - greys[0] >= 0.2 - 1e-6);
            }
            prop_assert_eq!(&data, &shapes.generate(12, seed)?);
            let fewer = shapes.generate(5, seed)?;
            prop_assert_eq!(fewer.example(4), data.example(4));
        }

        /// Wide enough and inside, measured on the outlines from many directions.
        #[test]
        fn shapes_are_inside_and_wide_enough(seed: u64, basic: bool, class in 0usize..3) {
            let shapes = if basic { Shapes::Basic } else { Shapes::Geometric };
            let outline = shapes.outline(class, &mut random::stream(seed, "test", 0));
            let fine: Vec<[f64; 2]> = (0..400 * 400)
                .map(|at| [(at % 400) as f64 * 0.1 - 4.0, (at / 400) as f64 * 0.1 - 4.0])
                .filter(|&point| outline.contains(point))
                .collect();
            prop_assert!(fine.iter().flatten().all(|x| (-1e-9..=32.0 + 1e-9).contains(x)));
            for degrees in (0..180).step_by(10) {
                let (sin, cos) = f64::from(degrees).to_radians().sin_cos();
                let along = fine.iter().map(|[x, y]| cos * x + sin * y);
                let (low, high) = along.fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(x), high.max(x)));
                // The fine grid misses up to a step and a half at either end.
                prop_assert!(high - low >= Shapes::MIN_WIDTH - 0.3, "{} at {}", high - low, degrees);
            }
        }
    }

    #[test]
    fn basic_shapes_are_regular() {
        for seed in 0..20 {
            let mut rng = random::stream(seed, "test", 0);
            for class in [0, 2] {
                let Outline::Polygon(corners) = Shapes::Basic.outline(class, &mut rng) else {
                    panic!("class {class} is a polygon")
                };
                let lengths: Vec<f64> = edges(&corners).map(|(a, b)| (b[0] - a[0]).hypot(b[1] - a[1])).collect();
                assert_eq!(lengths.len(), if class == 0 { 4 } else { 3 });
                assert!(lengths.iter().all(|length| (length / lengths[0] - 1.0).abs() < 1e-9));
            }
            let Outline::Ellipse { half, .. } = Shapes::Basic.outline(1, &mut rng) else {
                panic!("class 1 is an ellipse")
            };
            assert_eq!(half[0], half[1]);
        }
    }
}
