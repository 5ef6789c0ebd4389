use super::{DYNAMICS, Folder, closed_pipe, refusal, report};

#[test]
fn a_data_map_is_drawn() {
    let folder = Folder::new();
    let (scores, figure) = (folder.path("scores.csv"), folder.path("map.svg"));
    report(&["score", DYNAMICS, "--metric", "confidence,variability,correctness", "-o", &scores]);
    let found = report(&["map", &scores, "-o", &figure]);
    assert_eq!((found["n_examples"].as_u64(), found["n_shown"].as_u64()), (Some(40), Some(40)));
    let whole = std::fs::read_to_string(&figure).unwrap();
    for text in ["<svg", "variability", "confidence", "correctness", "40 examples"] {
        assert!(whole.contains(text), "{text}");
    }
    let found = report(&["map", &scores, "-o", &figure, "--max-points", "10", "--seed", "3"]);
    assert_eq!(found["n_shown"], 10);
    let some = std::fs::read_to_string(&figure).unwrap();
    assert!(some.len() < whole.len() && some.contains("10 of 40 examples"));
    assert_eq!(closed_pipe(&["map", &scores, "-o", &figure]), (Some(0), String::new()));
    assert!(refusal(&["map", &scores, "-o", &folder.path("map.png")]).ends_with("unknown ending, expected .svg"));
    let message = refusal(&["map", &scores, "-o", &figure, "--max-points", "0"]);
    assert_eq!(message, "--max-points is 0, expected at least 1");
    report(&["score", DYNAMICS, "--metric", "confidence,el2n", "-o", &scores]);
    let message = refusal(&["map", &scores, "-o", &figure]);
    assert!(message.ends_with("no column `variability`, the columns are confidence, el2n"), "{message}");
}
