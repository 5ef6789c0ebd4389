use serde::{Deserialize, Serialize};

use crate::selection::code;

/// Examples of which some that come first are issues: those of a label, and the class that they may truly be of. Where
/// there is only one group, both are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Group {
    pub(super) label: u32,
    pub(super) class: u32,
}

/// Bytes of a place.
pub(super) const PLACE: usize = 16;

/// Where an example stands in a group, the lowest number first, as bytes in that order; before them those of its group.
pub(super) fn place(group: Group, number: f64) -> [u8; PLACE] {
    let mut place = [0; PLACE];
    place[..4].copy_from_slice(&group.label.to_be_bytes());
    place[4..8].copy_from_slice(&group.class.to_be_bytes());
    place[8..].copy_from_slice(&code(number).to_be_bytes());
    place
}

/// The group that a place is in; none where it is no place.
pub(super) fn group_of(place: &[u8]) -> Option<Group> {
    let place: &[u8; PLACE] = place.try_into().ok()?;
    let [a, b, c, d, e, f, g, h, ..] = *place;
    Some(Group { label: u32::from_be_bytes([a, b, c, d]), class: u32::from_be_bytes([e, f, g, h]) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_in_the_order_of_numbers() {
        let group = |label, class| Group { label, class };
        let numbers = [-2.0, -1e-300, 0.0, 1e-300, 0.5, 1.0];
        let places: Vec<_> = numbers.iter().map(|&number| place(group(1, 300), number)).collect();
        assert!(places.is_sorted() && places[3] != places[2]);
        assert_eq!(place(group(1, 2), 0.0), place(group(1, 2), -0.0));
        assert!(place(group(1, 2), 5.0) < place(group(1, 3), -5.0));
        assert_eq!(group_of(&places[0]), Some(group(1, 300)));
        assert_eq!(group_of(&[0; 3]), None);
    }
}
