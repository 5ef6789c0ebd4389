use cl_prune::coreset::Coreset;
use cl_prune::{Decision, Group, Learned, Mastery, Plateau, Selection};

use super::{damage, input::Input};

/// What was selected, and what was mastered.
pub(crate) fn selections(data: &[u8]) {
    let mut input = Input::new(data);
    match input.byte() % 4 {
        0 => {
            let saved = Selection {
                rule: "keep hardest".into(),
                kept: vec![1, 0],
                dropped: vec![2],
                decisions: [0, 1, 2].map(|rank| Decision { kept: rank < 2, rank, tied: false }).to_vec(),
                groups: vec![Group { name: "class 0".into(), size: 3, n_kept: 2 }],
                group_of: vec![0, 0, 0],
            };
            let Some(selection) = damage::restored(&saved, &mut input) else { return };
            damage::written_again(&selection);
            let _ = (selection.n_kept(), selection.kept_sorted(), selection.mask());
            for example in [0, 2, 3, usize::MAX] {
                let _ = (selection.group(example), selection.reason(example));
            }
        }
        1 => {
            let saved = Coreset { order: vec![2, 0], gains: vec![1.0, 0.5], weights: Some(vec![2.0, 1.0]) };
            let Some(coreset) = damage::restored(&saved, &mut input) else { return };
            damage::written_again(&coreset);
            let _ = coreset.value();
        }
        2 => {
            let mut saved = Mastery::new(3);
            saved.tell_right(&[0, 1, 2], &[true, false, true]).expect("examples that there are");
            let Some(mut mastery) = damage::restored(&saved, &mut input) else { return };
            damage::written_again(&mastery);
            let _ = mastery.tell_right(&[0, 2], &[false, true]);
            let _ = mastery.tell_losses(&[1, 2], &[0.1, 3.0], Learned::default());
            let _ = (mastery.mastered_share(), mastery.forgetting(), mastery.last_losses());
            let _ = (0..mastery.n_examples().min(9)).filter(|&example| mastery.is_mastered(example)).count();
        }
        _ => {
            let Some(mut plateau) = damage::restored(&Plateau::new(0.1).expect("a plateau"), &mut input) else {
                return;
            };
            damage::written_again(&plateau);
            [0.5, 0.5, 0.4].into_iter().for_each(|score| plateau.tell(score));
            let _ = plateau.n_without_improvement();
        }
    }
}
