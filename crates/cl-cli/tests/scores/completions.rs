use super::{closed_pipe, curriculum};

#[test]
fn every_shell_has_a_script_with_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = curriculum(&["completions", shell]);
        assert!(output.status.success());
        let script = String::from_utf8(output.stdout).unwrap();
        for command in ["inspect", "score", "distance", "agree", "map", "noise"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
        assert_eq!(closed_pipe(&["completions", shell]), (Some(0), String::new()));
    }
    assert_eq!(curriculum(&["completions", "tcsh"]).status.code(), Some(2));
}
